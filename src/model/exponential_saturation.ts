import type { Curve, LevelPoint } from "./curve.ts";

/**
 * Exponential saturation, `limit·(1 − e^(−N/scale))`: it starts like a line and levels off without a corner.
 *
 * Started at a limit a little above the highest point, and at the slope of the first one.
 *
 * @example Two thirds of the way
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("exponential_saturation").value(10, [100, 10]).toFixed(3), "63.212");
 * ```
 */
export const exponentialSaturation: Curve = {
  name: "exponential_saturation",
  formula: "limit·(1 − e^(−N/scale))",
  parameters: ["limit", "scale"],
  bounds: [[0, Infinity], [1e-9, Infinity]],
  value: (sessions, [limit, scale]) => -limit * Math.expm1(-sessions / scale),
  gradient: (sessions, [limit, scale]) => [
    -Math.expm1(-sessions / scale),
    -limit * Math.exp(-sessions / scale) * sessions / scale ** 2,
  ],
  start: (points: readonly LevelPoint[]) => {
    const limit = 1.1 * Math.max(...points.map(({ value }) => value));
    const steepest = Math.max(...points.map(({ sessions, value }) => value / sessions));
    return [limit, limit / steepest];
  },
};
