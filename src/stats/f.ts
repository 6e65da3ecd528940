import { incompleteBeta } from "./incomplete_beta.ts";
import type { Tails } from "./incomplete_gamma.ts";
import { invert } from "./invert.ts";

/** Degrees of freedom of an F distribution: `[numerator, denominator]`, both positive. */
export type FDegrees = readonly [number, number];

/**
 * Probability that an F value is at most `value`.
 *
 * By the incomplete beta function: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.6.2.
 *
 * @param value Any number; below 0 the probability is 0.
 * @param degrees `[numerator, denominator]`.
 * @returns 0–1, to 12 digits.
 * @throws {RangeError} If `value` is NaN, or a degree of freedom is not positive and finite.
 *
 * @example One extra parameter on five points
 * ```ts
 * import { fCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(fCdf(18.5128, [1, 2]).toFixed(4), "0.9500");
 * ```
 */
export function fCdf(value: number, degrees: FDegrees): number {
  return tails(value, degrees).lower;
}

/**
 * Probability that an F value is more than `value`: the p-value of an F test. 1 − `fCdf` would lose its digits where it is small.
 *
 * @param value Any number; below 0 the probability is 1.
 * @param degrees `[numerator, denominator]`.
 * @returns 0–1, to 12 digits.
 * @throws {RangeError} If `value` is NaN, or a degree of freedom is not positive and finite.
 *
 * @example Far out
 * ```ts
 * import { fTail } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(fTail(1e6, [2, 2]).toPrecision(6), "9.99999e-7");
 * ```
 */
export function fTail(value: number, degrees: FDegrees): number {
  return tails(value, degrees).upper;
}

/**
 * The value that an F value stays under with this probability: the inverse of {@linkcode fCdf}.
 *
 * @param probability Strictly between 0 and 1.
 * @param degrees `[numerator, denominator]`.
 * @returns To 12 digits.
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
  return invert((value) => tails(value, degrees), { lower: probability, upper: 1 - probability });
}

function tails(value: number, [numerator, denominator]: FDegrees): Tails {
  if (Number.isNaN(value)) {
    throw new RangeError("Cannot take an F probability as the value must be a number: current value is NaN");
  }
  if (!(numerator > 0 && numerator < Infinity && denominator > 0 && denominator < Infinity)) {
    throw new RangeError(
      `Cannot use the F distribution as both degrees of freedom must be positive and finite: current value is ${numerator}, ${denominator}`,
    );
  }
  const ratio = Math.max(0, value) * (numerator / denominator);
  return incompleteBeta(numerator / 2, denominator / 2, {
    x: ratio > 1 ? 1 / (1 + 1 / ratio) : ratio / (1 + ratio),
    rest: ratio > 1 ? 1 / ratio / (1 + 1 / ratio) : 1 / (1 + ratio),
  });
}
