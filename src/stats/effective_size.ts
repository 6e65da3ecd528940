import { checkValues } from "./check_values.ts";

/** How much a correlated series tells of its mean. */
export interface EffectiveSize {
  /** Independent values that would tell as much: n/τ. */
  size: number;
  /** Integrated autocorrelation time τ = 1 + 2Σρ, at least 1 [values]. */
  tau: number;
}

/** Longer series are reduced to means of this many batches first, which keeps the work bounded. */
const MOST = 5000;

/**
 * Effective sample size of a series whose neighbours resemble each other.
 *
 * τ by the initial positive sequence: autocorrelations ρ are added in pairs of neighbouring lags until a pair is not positive.
 * τ below 1, of a series that swings, is taken as 1: it must not make an interval narrower than independence would.
 *
 * Source: C. J. Geyer, Practical Markov chain Monte Carlo, Statistical Science 7 (1992) 473–483. Checked against
 * `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param values Measurements in time order, warm-up left out.
 * @throws {RangeError} If a number is not finite.
 * @returns n/τ and τ; τ = 1 for fewer than 4 values, or where all are equal.
 *
 * @example Every value measured twice
 * ```ts
 * import { effectiveSize } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const values = [3, 9, 1, 7, 5, 2, 8, 4, 6, 0].flatMap((value) => [value, value]);
 * assert(effectiveSize(values).size < 20);
 * ```
 */
export function effectiveSize(values: readonly number[]): EffectiveSize {
  checkValues(values, "take an effective size");
  const tau = Math.max(1, correlationTime(values));
  return { size: values.length / tau, tau };
}

function correlationTime(values: readonly number[]): number {
  const n = values.length;
  if (n > MOST) {
    // Var(mean) is the same by batches: σ²τ/n = σ_b²τ_b/n_b.
    const length = Math.ceil(n / MOST);
    const batches: number[] = [];
    for (let start = 0; start + length <= n; start += length) {
      let sum = 0;
      for (let index = start; index < start + length; index++) sum += values[index];
      batches.push(sum / length);
    }
    const all = variance(values);
    return all === 0 ? 1 : length * variance(batches) / all * Math.max(1, correlationTime(batches));
  }
  if (n < 4) return 1;
  const mean = sum(values) / n;
  const off = new Float64Array(n);
  for (let index = 0; index < n; index++) off[index] = values[index] - mean;
  const covariance = (lag: number) => {
    let sum = 0;
    for (let index = 0; index + lag < n; index++) sum += off[index] * off[index + lag];
    return sum;
  };
  const all = covariance(0);
  if (all === 0) return 1;
  let tau = -1;
  for (let lag = 0; lag + 1 < n; lag += 2) {
    const pair = (covariance(lag) + covariance(lag + 1)) / all;
    if (pair <= 0) break;
    tau += 2 * pair;
  }
  return tau;
}

// Loops: there may be millions of values, for each of which a call would cost more than what it does.
function variance(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  let squares = 0;
  for (let index = 0; index < values.length; index++) squares += (values[index] - mean) ** 2;
  return squares / values.length;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index];
  return total;
}
