import type { ResourceRow } from "../schema/rows.ts";

/**
 * Growth of a counter over the time between its first and its last reading.
 *
 * @param rows Samples of one group, in order.
 * @param counter Reads the counter [ms]; `undefined` where a sample lacks it.
 * @returns Milliseconds a millisecond, so for CPU logical cores; `undefined` with fewer than two readings.
 */
export function counterRate(
  rows: ResourceRow[],
  counter: (row: ResourceRow) => number | undefined,
): number | undefined {
  const read = rows.filter((row) => counter(row) !== undefined);
  const [first, last] = [read[0], read.at(-1)];
  if (!first || !last || last.t_ms <= first.t_ms) return undefined;
  return (counter(last)! - counter(first)!) / (last.t_ms - first.t_ms);
}
