import type { RequestRow } from "../schema/rows.ts";

/** One iteration, from its rows. */
export interface Iteration {
  session: number;
  /** The intended start [ms from the attempt's start]. */
  scheduled_ms: number;
  /** The end of its last row [ms from the attempt's start]. */
  ended_ms: number;
}

/**
 * Iterations from rows of requests.
 *
 * @param requests Rows of one attempt, in any order.
 * @returns In the order in which they ended.
 */
export function iterationsOf(requests: readonly RequestRow[]): Iteration[] {
  const found = new Map<number, Iteration>();
  for (const { session, iteration, scheduled_ms, started_ms, duration_ms } of requests) {
    const key = session * 1e7 + iteration;
    const ended_ms = started_ms + duration_ms;
    const one = found.get(key);
    if (one === undefined) found.set(key, { session, scheduled_ms, ended_ms });
    else {
      one.scheduled_ms = Math.min(one.scheduled_ms, scheduled_ms);
      one.ended_ms = Math.max(one.ended_ms, ended_ms);
    }
  }
  return [...found.values()].sort((a, b) => a.ended_ms - b.ended_ms);
}
