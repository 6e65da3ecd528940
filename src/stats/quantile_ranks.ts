/** Which values of a sorted sample bound a quantile. */
export interface QuantileRanks {
  /** Rank of the lower bound, from 1; 0 where no value bounds it from below. */
  lower: number;
  /** Rank of the upper bound; n + 1 where no value bounds it from above. */
  upper: number;
  /** Probability that the quantile is between them, at least what was asked for where both exist. */
  coverage: number;
  /** Both ranks are of values that there are. */
  exists: boolean;
}

/** Settings of {@linkcode quantileRanks}. */
export interface QuantileRanksOptions {
  /**
   * Confidence, 0–1.
   * @default 0.95
   */
  level?: number;
}

/**
 * Ranks of a confidence interval for a quantile, whatever the distribution: the number of values below the quantile is binomial.
 *
 * Where the upper rank exceeds n there is no upper bound, and the quantile must be refused: 300 values say how large p99 is at
 * least, not at most.
 *
 * Source: H. A. David, H. N. Nagaraja, Order Statistics, section 7.1. Checked against
 * `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param n Number of independent values; of correlated ones `effectiveSize`, rounded down.
 * @param quantile Strictly between 0 and 1.
 * @param options Confidence.
 * @returns Ranks, from 1, and what they cover.
 * @throws {RangeError} If `n` is no whole number from 1, or `quantile` not strictly between 0 and 1.
 *
 * @example The median of 20 values is between the 6th and the 15th
 * ```ts
 * import { quantileRanks } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { lower, upper } = quantileRanks(20, 0.5);
 * assert.deepEqual([lower, upper], [6, 15]);
 * assert.equal(quantileRanks(300, 0.99).exists, false);
 * ```
 */
export function quantileRanks(n: number, quantile: number, options: QuantileRanksOptions = {}): QuantileRanks {
  const { level = 0.95 } = options;
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new RangeError(`Cannot rank values as their number must be a whole number from 1: current value is ${n}`);
  }
  if (!(quantile > 0 && quantile < 1)) {
    throw new RangeError(`Cannot bound a quantile as it must be between 0 and 1: current value is ${quantile}`);
  }
  const tail = (1 - level) / 2;
  const { first, masses } = binomialMasses(n, quantile);
  let [lower, upper, below, coverage] = [-1, -1, 0, 0];
  for (const [index, mass] of masses.entries()) {
    const count = first + index;
    const upTo = below + mass;
    if (lower < 0 && upTo >= tail) lower = count;
    if (lower >= 0) coverage += mass;
    below = upTo;
    if (upTo >= 1 - tail) {
      upper = count + 1;
      break;
    }
  }
  return { lower, upper, coverage, exists: lower >= 1 && upper <= n };
}

/** Probabilities of the counts that matter, outwards from the likeliest: no factorial overflows, and about √n of them are enough. */
function binomialMasses(n: number, q: number): { first: number; masses: number[] } {
  const mode = Math.min(n, Math.floor((n + 1) * q));
  const [under, over]: number[][] = [[], []];
  for (let count = mode, mass = 1; count > 0 && mass > 1e-20; count--) {
    under.push(mass *= count * (1 - q) / ((n - count + 1) * q));
  }
  for (let count = mode, mass = 1; count < n && mass > 1e-20; count++) {
    over.push(mass *= (n - count) * q / ((count + 1) * (1 - q)));
  }
  const masses = [...under.toReversed(), 1, ...over];
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return { first: mode - under.length, masses: masses.map((mass) => mass / total) };
}
