/**
 * Growth of a counter over the time between its first and its last reading.
 *
 * @param rows Samples of one group, in order.
 * @param counter Reads the counter [ms]; `undefined` where a sample lacks it.
 * @returns Milliseconds a millisecond, so for CPU logical cores; `undefined` with fewer than two readings.
 */
export function counterRate<Row extends { t_ms: number }>(
  rows: readonly Row[],
  counter: (row: Row) => number | undefined,
): number | undefined {
  const read = (row: Row) => counter(row) !== undefined;
  const [first, last] = [rows.find(read), rows.findLast(read)];
  if (!first || !last || last.t_ms <= first.t_ms) return undefined;
  return (counter(last)! - counter(first)!) / (last.t_ms - first.t_ms);
}
