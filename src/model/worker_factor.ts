import type { FitPoint } from "../schema/mod.ts";
import { linearLeastSquares, nestedF } from "../stats/mod.ts";
import { aicc } from "./aicc.ts";

/** Any curve that costs here grow by is as good as a polynomial of that degree, of the logarithms. */
const MOST_DEGREE = 4;

/** What workers cost differently. */
export interface WorkerFactor {
  /** By worker, what it costs more than all of them at the same sessions, on the ln scale; their mean is 0. */
  effects: Record<string, number>;
  /** F test of the factor: the chance of such effects where all cost the same; `null` without degrees of freedom. */
  p: number | null;
  /** What is left of each point, on the ln scale. */
  residual_error: number;
  degrees_of_freedom: number;
}

/**
 * Workers as a factor of what a worker costs: least squares of ln cost on a smooth curve of its sessions and on the worker.
 *
 * The curve is a polynomial of ln sessions, of the degree that AICc likes best, so that neither a base nor a bend is taken for what
 * workers differ where their shares are not equal. Where they are, any curve gives the same effects.
 *
 * @param points Of workers' shares; others are passed over.
 * @returns `undefined` where fewer than two workers are told apart, or their shares and they are not.
 *
 * @example The second worker costs half as much again, and drives twice the sessions
 * ```ts
 * import { workerFactor } from "./worker_factor.ts";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4].flatMap((n) => [
 *   { worker: 1, level: n, replicate: 1, sessions: n, value: n },
 *   { worker: 2, level: 2 * n, replicate: 1, sessions: 2 * n, value: 1.5 * 2 * n },
 * ]);
 * const { effects } = workerFactor(points)!;
 * assert.equal(Math.exp(effects[2] - effects[1]).toFixed(3), "1.500");
 * ```
 */
export function workerFactor(points: readonly FitPoint[]): WorkerFactor | undefined {
  const usable = points.filter(({ excluded, worker, value, sessions }) =>
    excluded === undefined && worker !== undefined && value > 0 && sessions > 0
  );
  const workers = [...new Set(usable.map(({ worker }) => worker!))].sort((a, b) => a - b);
  if (workers.length < 2) return undefined;
  const y = usable.map(({ value }) => Math.log(value));
  const logs = usable.map(({ sessions }) => Math.log(sessions));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const distinct = new Set(usable.map(({ level }) => level)).size;
  const fits = Array.from({ length: MOST_DEGREE + 1 }, (_, degree) => degree)
    // With one degree less than levels a curve goes through all of them, and the workers are on no curve.
    .filter((degree) => degree === 0 ? distinct === 1 : degree < distinct)
    .flatMap((degree) => {
      const curve = logs.map((log) =>
        Array.from(
          { length: degree + 1 },
          (_, power) => (high > low ? (2 * log - low - high) / (high - low) : 0) ** power,
        )
      );
      // Effects add up to nothing: the last worker's is what the others' leave.
      const last = workers.length - 1;
      const factor = usable.map(({ worker }) =>
        workers.slice(0, last).map((other) => worker === other ? 1 : worker === workers[last] ? -1 : 0)
      );
      try {
        const alone = linearLeastSquares(curve, y);
        const full = linearLeastSquares(curve.map((row, index) => [...row, ...factor[index]]), y);
        const { residualSumOfSquares } = full;
        const parameters = full.coefficients.length;
        return [{ alone, full, degree, aicc: aicc({ residualSumOfSquares, points: y.length, parameters }) }];
      } catch (error) {
        // Workers whose shares tell them apart from no level are not told apart.
        if (error instanceof RangeError) return [];
        throw error;
      }
    });
  if (fits.length === 0) return undefined;
  const { alone, full, degree } = fits.reduce((best, next) =>
    (next.aicc ?? Infinity) < (best.aicc ?? Infinity) ? next : best
  );
  const found = full.coefficients.slice(degree + 1);
  const all = [...found, -found.reduce((sum, effect) => sum + effect, 0)];
  const left = full.degreesOfFreedom;
  return {
    effects: Object.fromEntries(workers.map((worker, index) => [worker, all[index]])),
    p: left > 0 ? nestedF(alone, full).p : null,
    residual_error: left > 0 ? Math.sqrt(full.residualSumOfSquares / left) : 0,
    degrees_of_freedom: left,
  };
}

/** The points, as if all workers cost the same. */
export function withoutEffects(points: readonly FitPoint[], effects?: Record<string, number>): readonly FitPoint[] {
  if (!effects) return points;
  return points.map((point) => ({ ...point, value: point.value / Math.exp(effects[`${point.worker}`] ?? 0) }));
}
