import jstat from "jstat";

/**
 * Probability that a standard normal value is at most `z`.
 *
 * @param z Any finite number [standard deviations].
 * @returns 0–1, good to 10 digits.
 *
 * @example Two standard deviations
 * ```ts
 * import { normalCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(normalCdf(1.96).toFixed(4), "0.9750");
 * ```
 */
export function normalCdf(z: number): number {
  return jstat.normal.cdf(z, 0, 1);
}

/**
 * The `z` that a standard normal value stays under with this probability: the inverse of {@linkcode normalCdf}.
 *
 * @param probability Strictly between 0 and 1.
 * @returns Standard deviations, good to 9 digits.
 * @throws {RangeError} If `probability` is not strictly between 0 and 1.
 *
 * @example The 1.96 of a 95 % interval
 * ```ts
 * import { normalQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(normalQuantile(0.975).toFixed(4), "1.9600");
 * ```
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot take a normal quantile as the probability must be between 0 and 1: current value is ${probability}`,
    );
  }
  return jstat.normal.inv(probability, 0, 1);
}
