import { max, mean } from "simple-statistics";
import { counterRate } from "../quality/mod.ts";
import type { LevelSummary, WorkerLevel } from "../schema/levels.ts";
import type { ShareSeal } from "../schema/run.ts";
import type { Attempt } from "./attempt.ts";

/**
 * What each worker used for its share of an attempt, over the steady window.
 *
 * A worker has at a level the sessions of its share, so that levels of all workers are points of one curve: its intercept is
 * what one worker costs without sessions, which the sum over all of them has as often as there were workers.
 *
 * @param attempt read by `load`.
 * @param summary the attempt, reduced.
 * @returns none where no worker drove it.
 */
export function workerLevels(attempt: Attempt, summary: LevelSummary): WorkerLevel[] {
  const { shares = [], window } = attempt.seal;
  if (!shares.some(isWorkers)) return [];
  const inside = attempt.resources.filter(({ t_ms }) => t_ms >= window.from_ms && t_ms <= window.to_ms);
  return shares.filter(isWorkers).map((share, index) => {
    const metrics: Record<string, number> = {};
    for (const group of ["generator", "browser"] as const) {
      const rows = inside.filter((row) => row.share === share.k && row.group === group);
      const cores = counterRate(rows, (row) => row.cpu_ms);
      if (cores !== undefined) metrics[`${group}_cores`] = cores;
      const memory = rows.flatMap((row) => row.memory_bytes ?? []);
      if (memory.length === 0) continue;
      metrics[`${group}_memory_bytes`] = max(memory);
      metrics[`${group}_memory_mean_bytes`] = mean(memory);
    }
    return {
      worker: share.k,
      level: share.sessions,
      // Workers with as many sessions are replicates of one level.
      replicate: (summary.replicate - 1) * shares.length + index + 1,
      attempt: summary.attempt,
      sessions: share.sessions * summary.sessions / summary.level,
      window_s: summary.window_s,
      metrics,
      flags: summary.flags,
    };
  });
}

/** Shares that were merged afterwards have no clock of a hub. */
function isWorkers(share: ShareSeal): boolean {
  return share.hub_offset_ms !== undefined && share.sessions > 0;
}
