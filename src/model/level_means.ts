import type { FitPoint, MetricFit } from "../schema/mod.ts";
import { withoutEffects } from "./worker_factor.ts";

/** One level's replicates, reduced. */
export interface LevelMean {
  /** Sessions planned. */
  level: number;
  /** Mean observed concurrency of the replicates. */
  sessions: number;
  /** Geometric mean: the mean on the scale of the fit. */
  value: number;
  /** Usable replicates. */
  replicates: number;
  /** Sum of squares of ln(value) about its mean: the pure error. */
  withinSumOfSquares: number;
}

/**
 * Reduces the usable replicates to one mean a level, on the logarithmic scale.
 *
 * Fits use level means because replicates of one level share whatever was special about that level: counted as
 * independent they make a "95 %" interval cover half as often as it says.
 *
 * More than 200 different levels are no sweep but a record of what came: there levels within a few per cent of each other
 * are taken as one, in 128 steps of equal ratio.
 *
 * @param points Replicates; those with `excluded` are left out.
 * @returns Ascending by sessions.
 *
 * @example Two replicates of one level
 * ```ts
 * import { levelMeans } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const [mean] = levelMeans([
 *   { level: 4, replicate: 1, sessions: 4, value: 1 },
 *   { level: 4, replicate: 2, sessions: 4, value: 4 },
 * ]);
 * assert.equal(mean.value.toFixed(6), "2.000000");
 * ```
 */
export function levelMeans(points: readonly FitPoint[]): LevelMean[] {
  const levels = new Map<number, FitPoint[]>();
  for (const point of points) {
    if (point.excluded !== undefined) continue;
    const replicates = levels.get(point.level);
    if (replicates) replicates.push(point);
    else levels.set(point.level, [point]);
  }
  return grouped(levels).map(([level, replicates]) => {
    const logs = replicates.map((point) => Math.log(point.value));
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    return {
      level,
      sessions: replicates.reduce((sum, point) => sum + point.sessions, 0) / replicates.length,
      value: Math.exp(mean),
      replicates: replicates.length,
      withinSumOfSquares: logs.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    };
  }).sort((a, b) => a.sessions - b.sessions);
}

/** The means that a fit was made of: of workers' shares, as if all workers cost the same. */
export function fittedMeans({ points, worker_effects }: Pick<MetricFit, "points" | "worker_effects">): LevelMean[] {
  return levelMeans(withoutEffects(points, worker_effects));
}

const MOST_LEVELS = 200;
const STEPS = 128;

function grouped(levels: ReadonlyMap<number, FitPoint[]>): (readonly [number, FitPoint[]])[] {
  if (levels.size <= MOST_LEVELS) return [...levels];
  const logs = [...levels.values()].flat().map((point) => ({ point, log: Math.log(point.sessions) }));
  const [lowest, highest] = logs.reduce(
    ([low, high], { log }) => [Math.min(low, log), Math.max(high, log)],
    [Infinity, -Infinity],
  );
  const groups = Map.groupBy(
    logs,
    ({ log }) => Math.min(STEPS - 1, Math.floor(STEPS * (log - lowest) / (highest - lowest || 1))),
  );
  return [...groups.values()].map((group) => {
    const replicates = group.map(({ point }) => point);
    return [replicates.reduce((sum, { level }) => sum + level, 0) / replicates.length, replicates];
  });
}
