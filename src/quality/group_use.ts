import { max, mean } from "simple-statistics";
import { counterRate } from "./counter_rate.ts";
import type { ReducedSample } from "./resource_rows.ts";

/** What a group of processes used over a window. What was not measured is absent. */
export interface GroupUse {
  /** Logical cores. */
  cores?: number;
  /** Peak. */
  memory_bytes?: number;
  memory_mean_bytes?: number;
  /** Peak, shared pages counted once a process. */
  rss_bytes?: number;
}

/**
 * What one group of processes on one machine used over the steady window.
 *
 * @param rows Samples of that group on that machine, of the whole attempt, in order.
 * @param window Steady window, on the clock of the rows [ms].
 * @returns CPU from the counters at its ends, memory from the readings in it; where there is none, the last before it:
 *   memory that changes is read at once, so that one still holds.
 */
export function groupUse(rows: readonly ReducedSample[], window: { from_ms: number; to_ms: number }): GroupUse {
  const inside = rows.filter(({ t_ms }) => t_ms >= window.from_ms && t_ms <= window.to_ms);
  const use: GroupUse = {};
  if (inside.length === 0) return use;
  const cores = counterRate(inside, (row) => row.cpu_ms);
  if (cores !== undefined) use.cores = cores;
  const memory = inside.flatMap((row) => row.memory_bytes ?? []);
  const before = rows.findLast((row) => row.memory_bytes !== undefined && row.t_ms < window.from_ms);
  if (memory.length === 0 && before) memory.push(before.memory_bytes!);
  if (memory.length === 0) return use;
  const rss = inside.flatMap((row) => row.rss_bytes ?? []);
  if (rss.length > 0) use.rss_bytes = max(rss);
  use.memory_bytes = max(memory);
  use.memory_mean_bytes = mean(memory);
  return use;
}
