import { MARK, type RequestColumns } from "./request_columns.ts";

/** One iteration, from its rows. */
export interface Iteration {
  session: number;
  /** The intended start [ms from the attempt's start]. */
  scheduled_ms: number;
  /** The end of its last row [ms from the attempt's start]. */
  ended_ms: number;
}

/** An iteration, and what became of it. */
export interface EndedIteration extends Iteration {
  /** Rows of it that are no opening of a connection. */
  steps: number;
  /** Of all its rows the outcome is ok. */
  ok: boolean;
}

/**
 * Iterations from rows of requests.
 *
 * @param requests Rows of one attempt, in any order.
 * @param without Rows with one of these marks are of no iteration.
 * @returns In the order in which they ended.
 */
export function iterationsOf(requests: RequestColumns, without: number): EndedIteration[] {
  const { length, session, iteration, scheduled_ms, started_ms, duration_ms, marks } = requests;
  // Open addressing: places of `found`, from 1; at least half of them stay free.
  const bits = Math.max(4, Math.ceil(Math.log2(2 * length + 1)));
  const places = new Int32Array(1 << bits);
  const firstRow = new Int32Array(length);
  const found: EndedIteration[] = [];
  for (let row = 0; row < length; row++) {
    if ((marks[row] & without) !== 0) continue;
    const [of, at] = [session[row], iteration[row]];
    let place = Math.imul(Math.imul(of, 0x9e3779b1) + at, 0x85ebca6b) >>> (32 - bits);
    let index = places[place];
    while (index !== 0 && (session[firstRow[index - 1]] !== of || iteration[firstRow[index - 1]] !== at)) {
      place = (place + 1) & ((1 << bits) - 1);
      index = places[place];
    }
    const ended_ms = started_ms[row] + duration_ms[row];
    const step = (marks[row] & MARK.connect) === 0 ? 1 : 0;
    const ok = (marks[row] & MARK.ok) !== 0;
    if (index === 0) {
      firstRow[found.length] = row;
      places[place] = found.push({ session: of, scheduled_ms: scheduled_ms[row], ended_ms, steps: step, ok });
    } else {
      const one = found[index - 1];
      if (scheduled_ms[row] < one.scheduled_ms) one.scheduled_ms = scheduled_ms[row];
      if (ended_ms > one.ended_ms) one.ended_ms = ended_ms;
      one.steps += step;
      one.ok &&= ok;
    }
  }
  return found.sort((a, b) => a.ended_ms - b.ended_ms);
}
