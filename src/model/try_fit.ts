import type { Curve, LevelPoint } from "./curve.ts";
import { type CurveFit, fitCurve } from "./fit_curve.ts";

/**
 * Fits a curve where that can be done.
 *
 * @param curve Family to fit.
 * @param points One a level.
 * @param options As of {@linkcode fitCurve}.
 * @returns The fit, or `undefined` where the points do not determine the curve, or its numbers leave the range of a float.
 */
export function tryFit(
  curve: Curve,
  points: readonly LevelPoint[],
  options: { /** @default 0.95 */ level?: number } = {},
): CurveFit | undefined {
  try {
    const fit = fitCurve(curve, points, options);
    const known = fit && Number.isFinite(fit.residualSumOfSquares) && fit.values.every(Number.isFinite);
    return known ? fit : undefined;
  } catch (error) {
    // A start that is a regression of its own says so where the levels are too close together.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
