import { normalCdf, normalQuantile } from "./normal.ts";

/** Settings of {@linkcode bootstrapInterval}. */
export interface BootstrapIntervalOptions {
  /** Confidence, 0–1. @default 0.95 */
  level?: number;
  /** The estimate itself, and what it is with each point left out: the interval is then corrected for bias and skewness (BCa). */
  corrected?: { estimate: number; jackknife: ArrayLike<number> };
}

/**
 * An interval from bootstrap replicates: their percentiles, or those that BCa puts in their place.
 *
 * Quantiles are of type 7, as in R.
 *
 * Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), 13.3 and 14.3. Checked against
 * `test/certified/worked/b8-starts-logbands-knee-averaging-bca.json`.
 *
 * @param replicates Any order; not changed.
 * @param options Confidence, correction.
 * @returns `[lower, upper]`.
 * @throws {RangeError} If there are no replicates, or one is not a number, or `level` is not between 0 and 1.
 *
 * @example The middle 90 %
 * ```ts
 * import { bootstrapInterval } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const [lower, upper] = bootstrapInterval(Array.from({ length: 101 }, (_, i) => i), { level: 0.9 });
 * assert.deepEqual([lower.toFixed(9), upper.toFixed(9)], ["5.000000000", "95.000000000"]);
 * ```
 */
export function bootstrapInterval(
  replicates: ArrayLike<number>,
  options: BootstrapIntervalOptions = {},
): [number, number] {
  const { level = 0.95, corrected } = options;
  const sorted = Float64Array.from(replicates).sort();
  // NaN sorts to the end.
  if (sorted.length === 0 || Number.isNaN(sorted[sorted.length - 1])) {
    throw new RangeError(
      `Cannot take an interval as there must be replicates, all of them numbers: current value is ${sorted.length} of them`,
    );
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot take an interval as the level must be between 0 and 1: current value is ${level}`);
  }
  const tail = (1 - level) / 2;
  const shares = corrected ? correctedShares(sorted, tail, corrected) : [tail, 1 - tail];
  return [quantileOf(sorted, shares[0]), quantileOf(sorted, shares[1])];
}

function correctedShares(
  sorted: Float64Array,
  tail: number,
  { estimate, jackknife }: { estimate: number; jackknife: ArrayLike<number> },
): number[] {
  const below = sorted.reduce((count, value) => value < estimate ? count + 1 : count, 0) / sorted.length;
  // All replicates on one side of the estimate: there is no correction for that.
  if (below === 0 || below === 1) return [tail, 1 - tail];
  const bias = normalQuantile(below);
  const left = Array.from(jackknife);
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
  const squares = left.reduce((sum, value) => sum + (mean - value) ** 2, 0);
  const cubes = left.reduce((sum, value) => sum + (mean - value) ** 3, 0);
  const acceleration = squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
  return [tail, 1 - tail].map((share) => {
    const z = bias + normalQuantile(share);
    return normalCdf(bias + z / (1 - acceleration * z));
  });
}

function quantileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const index = Math.floor(at);
  const next = sorted[Math.min(index + 1, sorted.length - 1)];
  return sorted[index] + (at - index) * (next - sorted[index]);
}
