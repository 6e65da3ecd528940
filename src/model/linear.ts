import { linearLeastSquares } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/**
 * A line, `intercept + slope·N`: a cost that exists without sessions, and the same cost for each session.
 *
 * Neither may be negative, so the line through the origin is its lower face. Started from the line with the least
 * relative error, which is linear in both.
 *
 * @example Two levels give the line
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("linear").value(10, [0.5, 0.2]), 2.5);
 * ```
 */
export const linear: Curve = {
  name: "linear",
  formula: "intercept + slope·N",
  parameters: ["intercept", "slope"],
  bounds: [[0, Infinity], [0, Infinity]],
  value: (sessions, [intercept, slope]) => intercept + slope * sessions,
  gradient: (sessions) => [1, sessions],
  start: (points: readonly LevelPoint[]) => {
    const [intercept, slope] = linearLeastSquares(
      points.map(({ sessions, value }) => [1 / value, sessions / value]),
      points.map(() => 1),
    ).coefficients;
    if (intercept >= 0 && slope >= 0) return [intercept, slope];
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return intercept < 0
      ? [0, mean(points.map(({ sessions, value }) => value / sessions))]
      : [mean(points.map(({ value }) => value)), 0];
  },
};
