import { linearLeastSquares } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/**
 * A parabola, `intercept + slope·N + square·N²`: everybody costs, and every pair costs.
 *
 * For comparison within the measured levels: it is never read beyond them. No coefficient may be negative.
 *
 * @example Everyone hears everyone
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("quadratic").value(10, [1, 2, 0.5]), 71);
 * ```
 */
export const quadratic: Curve = {
  name: "quadratic",
  formula: "intercept + slope·N + square·N²",
  parameters: ["intercept", "slope", "square"],
  bounds: [[0, Infinity], [0, Infinity], [0, Infinity]],
  value: (sessions, [intercept, slope, square]) => intercept + sessions * (slope + square * sessions),
  gradient: (sessions) => [1, sessions, sessions ** 2],
  start: (points: readonly LevelPoint[]) => {
    const { coefficients } = linearLeastSquares(
      points.map(({ sessions, value }) => [1 / value, sessions / value, sessions ** 2 / value]),
      points.map(() => 1),
    );
    const top = Math.max(...points.map(({ sessions, value }) => value / sessions));
    return coefficients.every((part) => part >= 0) ? [...coefficients] : [0, top, 0];
  },
};
