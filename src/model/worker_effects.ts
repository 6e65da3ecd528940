import { mean } from "simple-statistics";
import type { FitPoint } from "../schema/mod.ts";
import { levelMeans } from "./level_means.ts";
import { linear } from "./linear.ts";
import { tryFit } from "./try_fit.ts";

const ROUNDS = 50;
const CONVERGED = 1e-9;

/**
 * What each worker costs more than all of them at the same sessions, on the ln scale: least squares of one line and a factor for
 * each worker, by turns. Where all had equal shares, any curve would give the same.
 *
 * @param points Of workers' shares, or of whole levels.
 * @returns By worker, their mean is 0; `undefined` where fewer than two are told apart.
 *
 * @example The second worker costs half as much again, and drives twice the sessions
 * ```ts
 * import { workerEffects } from "./worker_effects.ts";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4].flatMap((n) => [
 *   { worker: 1, level: n, replicate: 1, sessions: n, value: n },
 *   { worker: 2, level: 2 * n, replicate: 1, sessions: 2 * n, value: 1.5 * 2 * n },
 * ]);
 * const effects = workerEffects(points)!;
 * assert.equal(Math.exp(effects[2] - effects[1]).toFixed(3), "1.500");
 * ```
 */
export function workerEffects(points: readonly FitPoint[]): Record<string, number> | undefined {
  const usable = points.filter(({ excluded, worker }) => excluded === undefined && worker !== undefined);
  const byWorker = [...Map.groupBy(usable, ({ worker }) => worker!)];
  if (byWorker.length < 2) return undefined;
  let effects: Record<string, number> = Object.fromEntries(byWorker.map(([worker]) => [worker, 0]));
  for (let round = 0; round < ROUNDS; round++) {
    const line = tryFit(linear, levelMeans(withoutEffects(usable, effects)));
    if (!line) return effects;
    const found = byWorker.map(([worker, own]): [number, number] => [
      worker,
      mean(own.map(({ sessions, value }) => Math.log(value / linear.value(sessions, line.values)))),
    ]);
    const ofAll = mean(found.map(([, effect]) => effect));
    const next = Object.fromEntries(found.map(([worker, effect]) => [worker, effect - ofAll]));
    const moved = Math.max(...byWorker.map(([worker]) => Math.abs(next[worker] - effects[worker])));
    effects = next;
    if (moved < CONVERGED) break;
  }
  return effects;
}

/** The points, as if all workers cost the same. */
export function withoutEffects(points: readonly FitPoint[], effects?: Record<string, number>): readonly FitPoint[] {
  if (!effects) return points;
  return points.map((point) => ({ ...point, value: point.value / Math.exp(effects[`${point.worker}`] ?? 0) }));
}
