/**
 * Akaike's criterion with the small-sample correction, up to a constant: `n·ln(RSS/n) + 2K + 2K(K + 1)/(n − K − 1)`. The
 * residual variance counts as a parameter. It ranks curves of the same points on the same scale.
 *
 * Source: K. P. Burnham, D. R. Anderson, Model Selection and Multimodel Inference (2002), section 2.4.
 *
 * @param fit Residual sum of squares, number of points, and parameters of the curve.
 * @returns `null` where it is undefined: n ≤ K + 1.
 *
 * @example Five points are too few for three parameters
 * ```ts
 * import { aicc } from "./aicc.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(aicc({ residualSumOfSquares: 1, points: 5, parameters: 3 }), null);
 * assert.equal(aicc({ residualSumOfSquares: 5, points: 5, parameters: 2 }), 30);
 * ```
 */
export function aicc(
  { residualSumOfSquares, points, parameters }: { residualSumOfSquares: number; points: number; parameters: number },
): number | null {
  const count = parameters + 1;
  if (points <= count + 1) return null;
  // Data without error would give −∞: a relative error under 1e-12 is rounding.
  const variance = Math.max(residualSumOfSquares / points, 1e-24);
  return points * Math.log(variance) + 2 * count + 2 * count * (count + 1) / (points - count - 1);
}

/**
 * Akaike weights: how much each curve speaks for itself, as shares of one.
 *
 * @param criteria One a curve; `null` weighs nothing, unless all are.
 *
 * @example Two points of the criterion
 * ```ts
 * import { akaikeWeights } from "./aicc.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(akaikeWeights([10, 12, null]).map((weight) => weight.toFixed(3)), ["0.731", "0.269", "0.000"]);
 * ```
 */
export function akaikeWeights(criteria: readonly (number | null)[]): number[] {
  const best = Math.min(...criteria.map((value) => value ?? Infinity));
  if (best === Infinity) return criteria.map(() => 1 / criteria.length);
  const raw = criteria.map((value) => value === null ? 0 : Math.exp((best - value) / 2));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}
