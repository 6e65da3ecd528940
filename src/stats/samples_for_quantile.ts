/** Settings of {@linkcode samplesForQuantile}. */
export interface SamplesForQuantileOptions {
  /**
   * Confidence, 0–1.
   * @default 0.95
   */
  level?: number;
}

/**
 * The fewest independent values whose largest bounds a quantile from above: 59 for p95, 299 for p99, 2995 for p99.9.
 *
 * The largest of n values is above the quantile q with probability 1 − qⁿ.
 *
 * Source: S. S. Wilks, Annals of Mathematical Statistics 12 (1941) 91–96. Checked against
 * `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param quantile Strictly between 0 and 1.
 * @param options Confidence of the one-sided bound.
 * @returns A number of values.
 * @throws {RangeError} If `quantile` is not strictly between 0 and 1.
 *
 * @example p99
 * ```ts
 * import { samplesForQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(samplesForQuantile(0.99), 299);
 * ```
 */
export function samplesForQuantile(quantile: number, options: SamplesForQuantileOptions = {}): number {
  const { level = 0.95 } = options;
  if (!(quantile > 0 && quantile < 1)) {
    throw new RangeError(`Cannot bound a quantile as it must be between 0 and 1: current value is ${quantile}`);
  }
  return Math.ceil(Math.log(1 - level) / Math.log(quantile));
}
