import { incompleteGamma, type Tails } from "./incomplete_gamma.ts";
import { invert } from "./invert.ts";

/**
 * Probability that a χ² value is at most `value`.
 *
 * By the incomplete gamma function: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.4.19.
 *
 * @param value Any number; below 0 the probability is 0.
 * @param degreesOfFreedom Positive, not necessarily whole.
 * @returns 0–1, to 12 digits.
 * @throws {RangeError} If `value` is NaN, or `degreesOfFreedom` is not positive and finite.
 *
 * @example One degree of freedom is the square of a normal value
 * ```ts
 * import { chiSquaredCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(chiSquaredCdf(1.96 ** 2, 1).toFixed(4), "0.9500");
 * ```
 */
export function chiSquaredCdf(value: number, degreesOfFreedom: number): number {
  return tails(value, degreesOfFreedom).lower;
}

/**
 * Probability that a χ² value is more than `value`: the p-value of a χ² test, with its digits where it is small.
 *
 * @param value Any number; below 0 the probability is 1.
 * @param degreesOfFreedom Positive, not necessarily whole.
 * @returns 0–1, to 12 digits.
 * @throws {RangeError} If `value` is NaN, or `degreesOfFreedom` is not positive and finite.
 *
 * @example Two degrees of freedom are an exponential distribution
 * ```ts
 * import { chiSquaredTail } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(chiSquaredTail(200, 2).toPrecision(6), Math.exp(-100).toPrecision(6));
 * ```
 */
export function chiSquaredTail(value: number, degreesOfFreedom: number): number {
  return tails(value, degreesOfFreedom).upper;
}

/**
 * The value that a χ² value stays under with this probability: the inverse of {@linkcode chiSquaredCdf}.
 *
 * @param probability Strictly between 0 and 1.
 * @param degreesOfFreedom Positive, not necessarily whole.
 * @returns To 12 digits.
 * @throws {RangeError} If `probability` or `degreesOfFreedom` is out of its range.
 *
 * @example The critical value of a likelihood ratio
 * ```ts
 * import { chiSquaredQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(chiSquaredQuantile(0.95, 1).toFixed(3), "3.841");
 * ```
 */
export function chiSquaredQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot take a χ² quantile as the probability must be between 0 and 1: current value is ${probability}`,
    );
  }
  return invert((value) => tails(value, degreesOfFreedom), { lower: probability, upper: 1 - probability });
}

function tails(value: number, degreesOfFreedom: number): Tails {
  if (Number.isNaN(value)) {
    throw new RangeError("Cannot take a χ² probability as the value must be a number: current value is NaN");
  }
  if (!(degreesOfFreedom > 0 && degreesOfFreedom < Infinity)) {
    throw new RangeError(
      `Cannot use the χ² distribution as the degrees of freedom must be positive and finite: current value is ${degreesOfFreedom}`,
    );
  }
  return incompleteGamma(degreesOfFreedom / 2, Math.max(0, value) / 2);
}
