import { groupUse } from "../quality/mod.ts";
import type { LevelSummary, WorkerLevel } from "../schema/levels.ts";
import type { ShareProvenance } from "../schema/run.ts";
import type { Attempt } from "./attempt.ts";

/**
 * What each worker used for its share of an attempt, over the steady window.
 *
 * A worker has at a level the sessions of its share, so that levels of all workers are points of one curve: its intercept is
 * what one worker costs without sessions, which the sum over all of them has as often as there were workers.
 *
 * @param attempt Read by `load`.
 * @param summary The attempt, reduced.
 * @param shares Who drove the run; of shares that were merged, one sampled the target beside its own.
 * @returns None where nobody shared it; what a worker did not measure is absent.
 */
export function workerLevels(
  attempt: Attempt,
  summary: LevelSummary,
  shares: readonly ShareProvenance[] = [],
): WorkerLevel[] {
  const driven = attempt.seal.shares?.filter(({ sessions }) => sessions > 0) ?? [];
  if (driven.length === 0) return [];
  const sampled = shares.find(({ sampled_target }) => sampled_target)?.k;
  const { resources } = attempt;
  return driven.map((share) => {
    const of = share.k === sampled ? undefined : share.k;
    const metrics: Record<string, number> = {};
    for (const group of ["generator", "browser"]) {
      const rows = resources.filter((row) => row.group === group && row.share === of);
      for (const [what, value] of Object.entries(groupUse(rows, attempt.seal.window))) {
        metrics[`${group}_${what}`] = value;
      }
    }
    return {
      worker: share.k,
      level: share.sessions,
      replicate: summary.replicate,
      attempt: summary.attempt,
      sessions: share.sessions * summary.sessions / summary.level,
      window_s: summary.window_s,
      metrics,
      flags: summary.flags,
    };
  });
}
