import { type FTest, nestedF, type Remainder } from "../stats/mod.ts";

/**
 * F test of a curve against one that is nested in it: whether the extra parameters fit more than chance does.
 *
 * It is also the test of a parameter at its bound, `κ = 0` for example: there the χ² of the likelihood ratio says 0.0009
 * where 0.018 is true, because with few levels the residual variance is itself hardly known.
 *
 * @param restricted The curve with fewer parameters.
 * @param full The curve with more; a residual under a relative 10⁻¹² counts as rounding.
 * @returns F, and the chance `p` of as much where the extra parameters do nothing.
 * @throws {RangeError} If the full curve has no degrees of freedom, or not more parameters.
 *
 * @example One parameter more on five points
 * ```ts
 * import { fAgainst } from "./f_against.ts";
 * import assert from "node:assert/strict";
 *
 * const { f, p } = fAgainst({ residualSumOfSquares: 8, degreesOfFreedom: 4 }, { residualSumOfSquares: 2, degreesOfFreedom: 3 });
 * assert.equal(f, 9);
 * assert.equal(p.toFixed(3), "0.058");
 * ```
 */
export function fAgainst(restricted: Remainder, full: Remainder): FTest {
  const rounding = 1e-24 * restricted.degreesOfFreedom;
  return nestedF(restricted, { ...full, residualSumOfSquares: Math.max(full.residualSumOfSquares, rounding) });
}
