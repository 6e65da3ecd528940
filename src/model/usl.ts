import { applyQt, factorQr, solveUpper } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

/**
 * The Universal Scalability Law, `λN / (1 + σ(N − 1) + κN(N − 1))`: contention σ bends the curve, coherency κ turns
 * it down after its peak at √((1 − σ)/κ).
 *
 * With every level below the knee κ is barely determined: read its error before sizing. Started from the regression
 * of N/X on 1, N and N², weighted by (X/N)².
 *
 * Source: N. J. Gunther, arXiv:0808.1431, eq. 3. Checked against `test/certified/usl/`.
 *
 * @example A peak between ten and eleven sessions
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const at = (sessions: number) => curveByName("usl").value(sessions, [100, 0, 0.009]);
 * assert.ok(at(10) > at(5) && at(10) > at(20));
 * ```
 */
export const usl: Curve = {
  name: "usl",
  formula: "λN / (1 + σ(N − 1) + κN(N − 1))",
  parameters: ["lambda", "sigma", "kappa"],
  bounds: [[0, Infinity], [0, Infinity], [0, Infinity]],
  value: (sessions, [lambda, sigma, kappa]) => lambda * sessions / divisorOf(sessions, sigma, kappa),
  gradient: (sessions, [lambda, sigma, kappa]) => {
    const divisor = divisorOf(sessions, sigma, kappa);
    const slope = -lambda * sessions * (sessions - 1) / divisor ** 2;
    return [sessions / divisor, slope, slope * sessions];
  },
  start: (points: readonly LevelPoint[]) => {
    const levels = points.length;
    const design = new Float64Array(3 * levels);
    for (let i = 0; i < levels; i++) {
      const { sessions, value } = points[i];
      design[i] = value / sessions;
      design[levels + i] = value;
      design[2 * levels + i] = value * sessions;
    }
    const ones = new Float64Array(levels).fill(1);
    const diagonal = new Float64Array(3);
    factorQr(design, levels, 3, diagonal);
    applyQt(design, levels, 3, diagonal, ones);
    solveUpper(design, levels, 3, diagonal, ones);
    const [a0, a1, a2] = [ones[0], ones[1], ones[2]];
    const lambda = 1 / (a0 + a1 + a2);
    const parameters = [lambda, 1 - lambda * a0, lambda * a2];
    const allowed = points.every(({ sessions }) => usl.value(sessions, parameters) > 0);
    return allowed ? parameters : [Math.max(...points.map(({ sessions, value }) => value / sessions)), 0.02, 1e-4];
  },
};

function divisorOf(sessions: number, sigma: number, kappa: number): number {
  return 1 + sigma * (sessions - 1) + kappa * sessions * (sessions - 1);
}
