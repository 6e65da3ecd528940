import type { FittedParameter } from "../schema/mod.ts";
import type { LevelPoint } from "./curve.ts";
import type { CurveFit } from "./fit_curve.ts";
import { profileLimit } from "./profile_limit.ts";

/** A limit further off than this many first steps is none. */
const FAR = 1e6;

/**
 * A fit's parameters, with intervals where a standard error makes none.
 *
 * No interval goes beyond a bound.
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
    // Adding 0 turns −0 into 0, which JSON would do anyway.
    const known = { ...fit.parameters[name], value: fit.parameters[name].value + 0 };
    const error = Math.sqrt(fit.covariance[parameter][parameter]);
    // Data without error: there is nothing to tell one value from another by.
    if (!(error > 0) || fit.residualSumOfSquares < 1e-24 * points.length) return [name, known];
    const limit = (probability: number, step: number, until: number) => {
      const furthest = Number.isFinite(until) ? until : known.value + FAR * step;
      const found = profileLimit({ ...fit, parameter }, points, { probability, step, until: furthest });
      return Number.isFinite(until) || found !== furthest ? found : undefined;
    };
    const within = (lower?: number, upper?: number): [string, FittedParameter] => [name, {
      ...known,
      // The curve fits however far the parameter goes: nothing is known of it.
      interval: lower === undefined || upper === undefined ? null : [lower, upper],
    }];
    if (curve.name === "broken_stick" && name === "knee") {
      const two = (1 + level) / 2;
      return within(limit(two, -error, points[0].sessions), limit(two, error, points[points.length - 1].sessions));
    }
    const [lower, upper] = curve.bounds[parameter];
    if (known.value === lower) return within(lower, limit(level, 2 * error, upper));
    if (known.value === upper) return within(limit(level, -2 * error, lower), upper);
    if (!known.interval) return [name, known];
    const [low, high] = known.interval;
    return [name, { ...known, interval: [Math.max(low, lower), Math.min(high, upper)] }];
  }));
}
