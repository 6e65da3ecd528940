import { fCdf } from "../stats/mod.ts";

/** What an F test needs of a fit. */
export interface Residual {
  residualSumOfSquares: number;
  /** Points minus parameters. */
  degreesOfFreedom: number;
}

/**
 * F test of a curve against one that is nested in it: whether the extra parameters fit more than chance does.
 *
 * It is also the test of a parameter at its bound, `κ = 0` for example: there the χ² of the likelihood ratio says 0.0009
 * where 0.018 is true, because with few levels the residual variance is itself hardly known.
 *
 * @param restricted The curve with fewer parameters.
 * @param full The curve with more; a residual under a relative 10⁻¹² counts as rounding.
 * @returns `f`, and the chance `p` of as much where the extra parameters do nothing.
 * @throws {RangeError} If the full curve has no degrees of freedom, or not more parameters.
 *
 * @example One parameter more on five points
 * ```ts
 * import { nestedF } from "./nested_f.ts";
 * import assert from "node:assert/strict";
 *
 * const { f, p } = nestedF({ residualSumOfSquares: 8, degreesOfFreedom: 4 }, { residualSumOfSquares: 2, degreesOfFreedom: 3 });
 * assert.equal(f, 9);
 * assert.equal(p.toFixed(3), "0.058");
 * ```
 */
export function nestedF(restricted: Residual, full: Residual): { f: number; p: number } {
  const extra = restricted.degreesOfFreedom - full.degreesOfFreedom;
  if (!(full.degreesOfFreedom > 0 && extra > 0)) {
    throw new RangeError(
      `Cannot test nested curves as the full one must have more parameters and degrees of freedom left: current value is ${restricted.degreesOfFreedom} against ${full.degreesOfFreedom} degrees`,
    );
  }
  const floor = 1e-24 * restricted.degreesOfFreedom;
  const gain = Math.max(0, restricted.residualSumOfSquares - full.residualSumOfSquares) / extra;
  const f = gain / (Math.max(full.residualSumOfSquares, floor) / full.degreesOfFreedom);
  return { f, p: 1 - fCdf(f, [extra, full.degreesOfFreedom]) };
}
