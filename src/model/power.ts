import { linearLeastSquares } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/**
 * A power of the sessions above a base, `intercept + scale·N^exponent`.
 *
 * An exponent over 1 means that each further session costs more than the one before. No parameter may be negative.
 * Started from the straight line through the logarithms.
 *
 * @example Costs that grow with the square
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("power").value(10, [1, 0.5, 2]), 51);
 * ```
 */
export const power: Curve = {
  name: "power",
  formula: "intercept + scale·N^exponent",
  parameters: ["intercept", "scale", "exponent"],
  bounds: [[0, Infinity], [0, Infinity], [0, Infinity]],
  value: (sessions, [intercept, scale, exponent]) => intercept + scale * sessions ** exponent,
  gradient: (sessions, [, scale, exponent]) => {
    const grown = sessions ** exponent;
    return [1, grown, scale * grown * Math.log(sessions)];
  },
  start: (points: readonly LevelPoint[]) => {
    const [logScale, exponent] = linearLeastSquares(
      points.map(({ sessions }) => [1, Math.log(sessions)]),
      points.map(({ value }) => Math.log(value)),
    ).coefficients;
    const lowest = Math.min(...points.map(({ value }) => value));
    return [lowest / 10, Math.exp(logScale), Math.max(exponent, 0.1)];
  },
};
