import { linearLeastSquares } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/**
 * A broken stick, two lines that meet at `knee` sessions: `intercept + slope·min(N, knee) + slope_beyond·max(0, N − knee)`.
 *
 * No parameter may be negative. Every gap between levels can hold an optimum of its own, so the search starts from the best
 * of four breaks in each.
 *
 * Source: V. M. R. Muggeo, Statistics in Medicine 22 (2003) 3055, for the model; the search here is by profile.
 *
 * @example Twice as dear from ten sessions on
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("broken_stick").value(15, [1, 1, 2, 10]), 21);
 * ```
 */
export const brokenStick: Curve = {
  name: "broken_stick",
  formula: "intercept + slope·min(N, knee) + slope_beyond·max(0, N − knee)",
  parameters: ["intercept", "slope", "slope_beyond", "knee"],
  bounds: [[0, Infinity], [0, Infinity], [0, Infinity], [0, Infinity]],
  value: (sessions, [intercept, slope, beyond, at]) =>
    intercept + slope * Math.min(sessions, at) + beyond * Math.max(0, sessions - at),
  gradient: (sessions, [, slope, beyond, at]) => [
    1,
    Math.min(sessions, at),
    Math.max(0, sessions - at),
    sessions > at ? slope - beyond : 0,
  ],
  start: (points: readonly LevelPoint[]) => {
    const levels = points.map(({ sessions }) => sessions).toSorted((a, b) => a - b);
    // Two levels on either side, or one of the lines is not determined.
    const breaks = levels.slice(1, -2).flatMap((level, index) =>
      [0.2, 0.4, 0.6, 0.8].map((share) => level * (levels[index + 2] / level) ** share)
    );
    const tried = breaks.map((at) => partsAt(points, at));
    return tried.reduce((best, next) => misfit(next, points) < misfit(best, points) ? next : best);
  },
};

function partsAt(points: readonly LevelPoint[], at: number): number[] {
  const { coefficients } = linearLeastSquares(
    points.map(({ sessions, value }) =>
      [1, Math.min(sessions, at), Math.max(0, sessions - at)].map((part) => part / value)
    ),
    points.map(() => 1),
  );
  const lowest = Math.min(...points.map(({ value }) => value));
  const [intercept, slope, beyond] = coefficients;
  return [Math.max(intercept, lowest / 100), Math.max(slope, 0), Math.max(beyond, 0), at];
}

function misfit(parameters: readonly number[], points: readonly LevelPoint[]): number {
  return points.reduce(
    (sum, { sessions, value }) => sum + Math.log(brokenStick.value(sessions, parameters) / value) ** 2,
    0,
  );
}
