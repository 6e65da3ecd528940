import type { ResourceRow } from "../schema/rows.ts";
import type { ScannedRows } from "./row_scanner.ts";

/** A sample of a group, as far as an attempt is reduced from it. */
export type ReducedSample = Pick<ResourceRow, "group" | "memory_kind" | typeof NUMBERS[number]>;

const NUMBERS = [
  "t_ms",
  "cpu_ms",
  "share",
  "memory_bytes",
  "rss_bytes",
  "hottest_thread_cpu_ms",
  "steal_ms",
  "throttled_ms",
  "memory_used_bytes",
  "pressure_memory_ms",
] as const;

/** What of a line of `resources.jsonl` is needed. */
export const RESOURCE_FIELDS = { numbers: NUMBERS, words: ["group", "memory_kind"] } as const;

/** Rows of what was scanned. */
export function scannedResources(scanned: ScannedRows): ReducedSample[] {
  const { length, numbers: [t_ms, cpu_ms, ...others], words: [group, kind], texts: [groups, kinds] } = scanned;
  const [share, memory, rss, hottest, steal, throttled, used, pressure] = others;
  const rows: ReducedSample[] = [];
  const read = (column: Float64Array, row: number) => column[row] === column[row] ? column[row] : undefined;
  for (let row = 0; row < length; row++) {
    rows.push({
      t_ms: t_ms[row],
      cpu_ms: cpu_ms[row],
      share: read(share, row),
      group: groups[group[row]] as ResourceRow["group"],
      memory_bytes: read(memory, row),
      memory_kind: kind[row] === 0 ? undefined : kinds[kind[row]] as ResourceRow["memory_kind"],
      rss_bytes: read(rss, row),
      hottest_thread_cpu_ms: read(hottest, row),
      steal_ms: read(steal, row),
      throttled_ms: read(throttled, row),
      memory_used_bytes: read(used, row),
      pressure_memory_ms: read(pressure, row),
    });
  }
  return rows;
}
