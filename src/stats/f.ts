import jstat from "jstat";

/** Degrees of freedom of an F distribution: `[numerator, denominator]`, both positive. */
export type FDegrees = readonly [number, number];

/**
 * Probability that an F value is at most `value`. The p-value of an F test is `1 - fCdf(F, [q, n - p])`.
 *
 * @param value Not negative.
 * @param degrees `[numerator, denominator]`.
 * @returns 0–1, good to 10 digits.
 * @throws {RangeError} If a degree of freedom is not positive.
 *
 * @example One extra parameter on five points
 * ```ts
 * import { fCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal((1 - fCdf(18.5128, [1, 2])).toFixed(4), "0.0500");
 * ```
 */
export function fCdf(value: number, degrees: FDegrees): number {
  checkDegrees(degrees);
  return value <= 0 ? 0 : jstat.centralF.cdf(value, degrees[0], degrees[1]);
}

/**
 * The value that an F value stays under with this probability: the inverse of {@linkcode fCdf}, by bisection.
 *
 * @param probability Strictly between 0 and 1.
 * @param degrees `[numerator, denominator]`.
 * @returns Good to 8 digits.
 * @throws {RangeError} If `probability` or a degree of freedom is out of its range.
 *
 * @example The critical value of an F test
 * ```ts
 * import { fQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(fQuantile(0.95, [1, 3]).toFixed(3), "10.128");
 * ```
 */
export function fQuantile(probability: number, degrees: FDegrees): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot take an F quantile as the probability must be between 0 and 1: current value is ${probability}`,
    );
  }
  checkDegrees(degrees);
  let lower = 0;
  let upper = 1;
  while (fCdf(upper, degrees) < probability) {
    lower = upper;
    upper *= 2;
  }
  while (upper - lower > 1e-14 * upper) {
    const middle = (lower + upper) / 2;
    if (middle === lower || middle === upper) break;
    if (fCdf(middle, degrees) < probability) lower = middle;
    else upper = middle;
  }
  return (lower + upper) / 2;
}

function checkDegrees([numerator, denominator]: FDegrees): void {
  if (!(numerator > 0 && denominator > 0)) {
    throw new RangeError(
      `Cannot use the F distribution as both degrees of freedom must be positive: current value is ${numerator}, ${denominator}`,
    );
  }
}
