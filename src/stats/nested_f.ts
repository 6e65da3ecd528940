import { fTail } from "./f.ts";

/** What a fit leaves: its residual sum of squares and degrees of freedom, as every fit here has them. */
export interface Remainder {
  /** Weighted, if the fit is. */
  residualSumOfSquares: number;
  /** Points minus parameters. */
  degreesOfFreedom: number;
}

/** Whether more parameters explain more than chance. */
export interface FTest {
  /** What the larger fit explains more a parameter, in units of the variance that it leaves. */
  f: number;
  /** `[numerator, denominator]`. */
  degrees: [number, number];
  /** Of an F as large or larger, if the smaller model is true. */
  p: number;
}

/**
 * Compares two least-squares fits to the same points, of which one contains the other.
 *
 * With one coefficient a level as the larger model it is the test of lack of fit: whether level means scatter about the curve more
 * than replicates about their means. For a parameter whose smaller model is at a bound (κ = 0), p is too large by up to a factor of
 * two: on the safe side, where the χ² of the likelihood ratio is not.
 *
 * Source: N. R. Draper, H. Smith, Applied Regression Analysis (1998), 2.1 and 6.1. Checked against R's `anova`,
 * `test/certified/worked/b1-linear.json`.
 *
 * @param smaller With fewer parameters.
 * @param larger With more, and at least one degree of freedom.
 * @returns F = 0 and p = 1 where the larger one explains nothing more; F = Infinity and p = 0 where only it is exact.
 * @throws {RangeError} If the larger fit has no degrees of freedom, or not fewer than the smaller.
 *
 * @example A curve that explains half of what a line leaves
 * ```ts
 * import { nestedF } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const line = { residualSumOfSquares: 2, degreesOfFreedom: 4 };
 * const curve = { residualSumOfSquares: 1, degreesOfFreedom: 3 };
 * assert.equal(nestedF(line, curve).f, 3);
 * ```
 */
export function nestedF(smaller: Remainder, larger: Remainder): FTest {
  const extra = smaller.degreesOfFreedom - larger.degreesOfFreedom;
  if (!(extra >= 1 && larger.degreesOfFreedom >= 1)) {
    throw new RangeError(
      `Cannot compare fits as the larger must have fewer degrees of freedom, and at least 1: current value is ${larger.degreesOfFreedom} of ${smaller.degreesOfFreedom}`,
    );
  }
  const gained = Math.max(0, smaller.residualSumOfSquares - larger.residualSumOfSquares);
  const left = larger.residualSumOfSquares / larger.degreesOfFreedom;
  const f = gained === 0 ? 0 : gained / extra / left;
  const degrees: [number, number] = [extra, larger.degreesOfFreedom];
  return { f, degrees, p: fTail(f, degrees) };
}
