import { leastSquares, tQuantile } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/** A curve at its best, and which of its parameters is asked for. */
export interface Profile {
  curve: Curve;
  /** The best fit of all parameters. */
  values: readonly number[];
  residualSumOfSquares: number;
  degreesOfFreedom: number;
  /** Index of the parameter. */
  parameter: number;
}

/**
 * How far one parameter can go before the curve, all other parameters refitted, no longer fits: its profile limit.
 *
 * The limit is where the residual sum of squares, on the ln scale, has grown by t² residual variances, with Student t of the
 * given one-sided probability. Unlike an estimate ± t standard errors it holds at a bound and at a break.
 *
 * Source: D. M. Bates, D. G. Watts, Nonlinear Regression Analysis and Its Applications (1988), section 6.1.
 *
 * @param profile The fit; it must have degrees of freedom.
 * @param points What was fitted.
 * @param options Which way, how sure, and where to stop looking.
 * @returns The limit; `until` where the curve fits as far as that.
 *
 * @example How large an intercept may be that was fitted as zero
 * ```ts
 * import { curveByName } from "./curve_by_name.ts";
 * import { fitCurve } from "./fit_curve.ts";
 * import { profileLimit } from "./profile_limit.ts";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16].map((n, index) => ({ sessions: n, value: n * [0.9, 1, 1.02, 1, 1][index] }));
 * const fit = fitCurve(curveByName("linear"), points)!;
 * assert.equal(fit.values[0], 0);
 * const limit = profileLimit({ ...fit, parameter: 0 }, points, { probability: 0.95, step: 0.01, until: 10 });
 * assert.equal(limit.toFixed(2), "0.10");
 * ```
 */
export function profileLimit(
  profile: Profile,
  points: readonly LevelPoint[],
  { probability, step, until }: {
    /** One-sided, for example 0.95. */
    probability: number;
    /** First step away from the estimate; its sign says which way. */
    step: number;
    /** No further than this. */
    until: number;
  },
): number {
  const start = profile.values[profile.parameter];
  const variance = profile.residualSumOfSquares / profile.degreesOfFreedom;
  const wanted = tQuantile(probability, profile.degreesOfFreedom);
  let others = profile.values.filter((_, index) => index !== profile.parameter);
  // Signed distance beyond the limit, in residual standard deviations: nearly straight, so that a secant finds its zero.
  const excess = (value: number) => {
    const refitted = refit(profile, points, value, others);
    if (!refitted) return Infinity;
    others = refitted.others;
    return Math.sqrt(Math.max(0, refitted.residualSumOfSquares - profile.residualSumOfSquares) / variance) - wanted;
  };
  let inner = { value: start, excess: -wanted };
  let outer = inner;
  for (let reach = step, found = false; !found; reach *= 2) {
    const value = step > 0 ? Math.min(start + reach, until) : Math.max(start + reach, until);
    outer = { value, excess: excess(value) };
    found = outer.excess > 0;
    if (found) break;
    if (value === until) return until;
    inner = outer;
  }
  for (
    let round = 0;
    round < 60 && Math.abs(outer.value - inner.value) > 1e-5 * Math.abs(outer.value - start);
    round++
  ) {
    const share = Number.isFinite(outer.excess) ? -inner.excess / (outer.excess - inner.excess) : 0.5;
    // Illinois would do; a secant that is kept off the ends is enough, and every fourth step halves.
    const held = round % 4 === 3 ? 0.5 : Math.min(0.98, Math.max(0.02, share));
    const value = inner.value + held * (outer.value - inner.value);
    const next = { value, excess: excess(value) };
    if (Math.abs(next.excess) < 1e-4) return value;
    if (next.excess > 0) outer = next;
    else inner = next;
  }
  return (inner.value + outer.value) / 2;
}

/** The curve with one parameter held. */
function refit(
  { curve, parameter }: Profile,
  points: readonly LevelPoint[],
  held: number,
  start: readonly number[],
): { others: number[]; residualSumOfSquares: number } | undefined {
  const all = (others: readonly number[]) => others.toSpliced(parameter, 0, held);
  const fit = leastSquares({
    model: (sessions, others) => Math.log(curve.value(sessions, all(others))),
    gradient: (sessions, others) => {
      const parameters = all(others);
      const value = curve.value(sessions, parameters);
      return curve.gradient(sessions, parameters).toSpliced(parameter, 1).map((slope) => slope / value);
    },
    x: points.map(({ sessions }) => sessions),
    y: points.map(({ value }) => Math.log(value)),
    start,
    bounds: curve.bounds.toSpliced(parameter, 1),
  });
  if (!Number.isFinite(fit.residualSumOfSquares)) return undefined;
  return { others: fit.parameters.map(({ value }) => value), residualSumOfSquares: fit.residualSumOfSquares };
}
