import type { FittedParameter, Interval } from "../schema/mod.ts";
import type { LevelPoint } from "./curve.ts";
import type { CurveFit } from "./fit_curve.ts";
import { profileLimit } from "./profile_limit.ts";

/**
 * A fit's parameters, with intervals where a standard error makes none.
 *
 * - At a bound, `κ = 0` for example: from the bound to the one-sided profile limit, and no standard error.
 * - The break of a broken stick: both profile limits, within the levels. Its likelihood has corners.
 *
 * @param fit A curve at its best; without degrees of freedom its parameters are returned as they are.
 * @param points What was fitted, ascending.
 * @param level Confidence of the intervals.
 */
export function withLimits(
  fit: CurveFit,
  points: readonly LevelPoint[],
  level: number,
): Record<string, FittedParameter> {
  if (fit.degreesOfFreedom < 1) return fit.parameters;
  const { curve } = fit;
  return Object.fromEntries(curve.parameters.map((name, parameter): [string, FittedParameter] => {
    const known = fit.parameters[name];
    const error = Math.sqrt(fit.covariance[parameter][parameter]);
    // Data without error: there is nothing to tell one value from another by.
    if (!(error > 0) || fit.residualSumOfSquares < 1e-24 * points.length) return [name, known];
    const limit = (probability: number, step: number, until: number) =>
      profileLimit({ ...fit, parameter }, points, { probability, step, until });
    if (curve.name === "broken_stick" && name === "knee") {
      const two = (1 + level) / 2;
      const [lowest, highest] = [points[0].sessions, points[points.length - 1].sessions];
      const interval: Interval = [limit(two, -error, lowest), limit(two, error, highest)];
      return [name, { ...known, interval }];
    }
    const [lower, upper] = curve.bounds[parameter];
    if (known.value === lower) return [name, { ...known, interval: [lower, limit(level, 2 * error, upper)] }];
    if (known.value === upper) return [name, { ...known, interval: [limit(level, -2 * error, lower), upper] }];
    return [name, known];
  }));
}
