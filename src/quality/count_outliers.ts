import type { ResourceRow } from "../schema/rows.ts";
import { hampel } from "../stats/mod.ts";

/**
 * Counts samples whose CPU stands out from that of the samples around them (Hampel identifier). They count like all others: of 60
 * ordinary ones 4 or 5 do.
 *
 * @param rows Samples of one group, in order.
 * @returns Metrics: `samples`, the intervals between them, and `outlier_samples`; none where there are no two samples.
 *
 * @example An interval in which something ran that does not belong to the load
 * ```ts
 * import { countOutliers } from "./count_outliers.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = Array.from({ length: 12 }, (_, seq) => {
 *   const cpu_ms = 50 * seq + 9 * Math.sin(2 * seq) + (seq > 6 ? 400 : 0);
 *   return { seq, t_ms: 500 * seq, group: "target" as const, cpu_ms, processes: 1 };
 * });
 * assert.deepEqual(countOutliers(rows), { samples: 11, outlier_samples: 1 });
 * ```
 */
export function countOutliers(rows: readonly Pick<ResourceRow, "t_ms" | "cpu_ms">[]): Record<string, number> {
  const cores = rows.slice(1).flatMap(({ t_ms, cpu_ms }, index) => {
    const before = rows[index];
    return t_ms > before.t_ms ? (cpu_ms - before.cpu_ms) / (t_ms - before.t_ms) : [];
  });
  if (cores.length === 0) return {};
  return { samples: cores.length, outlier_samples: hampel(cores).length };
}
