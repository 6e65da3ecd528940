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
  const { length, session, iteration, scheduled_ms, ended_ms: rowEnded_ms, marks } = requests;
  // Open addressing: places of iterations, from 1; at least half of them stay free.
  const bits = Math.max(4, Math.ceil(Math.log2(2 * length + 1)));
  const places = new Int32Array(1 << bits);
  const mask = places.length - 1;
  const firstRow = new Int32Array(length);
  const lastRow = new Int32Array(length);
  const indexOf = new Int32Array(length);
  const scheduled = new Float64Array(length);
  const ended = new Float64Array(length);
  const steps = new Int32Array(length);
  const failed = new Uint8Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) {
    if ((marks[row] & without) !== 0) continue;
    const of = session[row];
    const at = iteration[row];
    let place = Math.imul(Math.imul(of, 0x9e3779b1) + (at | 0) | 0, 0x85ebca6b) >>> (32 - bits);
    let index = places[place];
    while (index !== 0) {
      const first = firstRow[index - 1];
      if (iteration[first] === at && session[first] === of) break;
      place = (place + 1) & mask;
      index = places[place];
    }
    const ended_ms = rowEnded_ms[row];
    if (index === 0) {
      places[place] = index = ++count;
      firstRow[index - 1] = lastRow[index - 1] = row;
      scheduled[index - 1] = scheduled_ms[row];
      ended[index - 1] = ended_ms;
    } else {
      if (scheduled_ms[row] < scheduled[index - 1]) scheduled[index - 1] = scheduled_ms[row];
      if (ended_ms > ended[index - 1]) {
        ended[index - 1] = ended_ms;
        lastRow[index - 1] = row;
      }
    }
    indexOf[row] = index;
    if ((marks[row] & MARK.connect) === 0) steps[index - 1]++;
    if ((marks[row] & MARK.ok) === 0) failed[index - 1] = 1;
  }
  // Rows mostly lie in the order in which they ended: then so do iterations by their last rows, and nothing is sorted.
  const found: EndedIteration[] = [];
  let sorted = true;
  for (let row = 0; row < length; row++) {
    const index = indexOf[row] - 1;
    if (index < 0 || lastRow[index] !== row) continue;
    const ended_ms = ended[index];
    if (found.length > 0 && found[found.length - 1].ended_ms > ended_ms) sorted = false;
    found.push({
      session: session[row],
      scheduled_ms: scheduled[index],
      ended_ms,
      steps: steps[index],
      ok: failed[index] === 0,
    });
  }
  return sorted ? found : found.sort((a, b) => a.ended_ms - b.ended_ms);
}
