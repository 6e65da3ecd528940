import type { Curve, LevelPoint } from "./curve.ts";

/**
 * Amdahl's law, `λN / (1 + σ(N − 1))`: a share σ of the work is done one at a time, so throughput ends at λ/σ.
 *
 * Source: G. M. Amdahl (1967); in this form N. J. Gunther, arXiv:0808.1431.
 *
 * @example A tenth of the work in series
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("amdahl").value(11, [10, 0.1]), 55);
 * ```
 */
export const amdahl: Curve = {
  name: "amdahl",
  formula: "λN / (1 + σ(N − 1))",
  parameters: ["lambda", "sigma"],
  bounds: [[0, Infinity], [0, 1]],
  value: (sessions, [lambda, sigma]) => lambda * sessions / (1 + sigma * (sessions - 1)),
  gradient: (sessions, [lambda, sigma]) => {
    const divisor = 1 + sigma * (sessions - 1);
    return [sessions / divisor, -lambda * sessions * (sessions - 1) / divisor ** 2];
  },
  start: (points: readonly LevelPoint[]) => [
    Math.max(...points.map(({ sessions, value }) => value / sessions)),
    0.02,
  ],
};
