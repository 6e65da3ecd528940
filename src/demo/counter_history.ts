import { COUNTER_NAMES, type Counters, type TruthWindow } from "./truth.ts";

/**
 * Counters and memory at many times, in a ring of fixed size; between two of them counters are taken to grow evenly.
 *
 * @example Half of the way between two records
 * ```ts
 * import { CounterHistory } from "./counter_history.ts";
 * import assert from "node:assert/strict";
 *
 * const zero = { cpu_ms: 0, requests: 0, api_requests: 0, bytes_in: 0, bytes_out: 0, messages_sent: 0, messages_delivered: 0, messages_dropped: 0 };
 * const history = new CounterHistory(10);
 * history.record(1000, zero, 5e7);
 * history.record(1100, { ...zero, cpu_ms: 40 }, 6e7);
 * assert.equal(history.between(1000, 1050).cpu_ms, 20);
 * ```
 */
export class CounterHistory {
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #columns: Float64Array[];
  readonly #memory: Float64Array;
  #recorded = 0;

  /** @param capacity How many records are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#columns = COUNTER_NAMES.map(() => new Float64Array(capacity));
    this.#memory = new Float64Array(capacity);
  }

  /** Adds the counters at a time that is not before the last one's [ms], and the memory held then [bytes]. */
  record(at_epoch_ms: number, counters: Counters, memory_bytes: number): void {
    const slot = this.#recorded % this.#capacity;
    this.#times[slot] = at_epoch_ms;
    for (let i = 0; i < COUNTER_NAMES.length; i++) this.#columns[i][slot] = counters[COUNTER_NAMES[i]];
    this.#memory[slot] = memory_bytes;
    this.#recorded += 1;
  }

  /**
   * What was done between two times.
   *
   * @throws {RangeError} If `from` is not before `to`, or one of them is outside of what is remembered.
   */
  between(from_epoch_ms: number, to_epoch_ms: number): TruthWindow {
    if (!(from_epoch_ms < to_epoch_ms)) {
      throw new RangeError(
        `Cannot use from as a window's start: it must be before to (${to_epoch_ms}): current value is ${from_epoch_ms}`,
      );
    }
    const from = this.#locate(from_epoch_ms, "from");
    const to = this.#locate(to_epoch_ms, "to");
    const difference = (column: Float64Array) => interpolate(column, to) - interpolate(column, from);
    const counters = Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, difference(this.#columns[i])]));
    return {
      from_epoch_ms,
      to_epoch_ms,
      elapsed_ms: to_epoch_ms - from_epoch_ms,
      memory_peak_bytes: this.#peak(from, to),
      ...(counters as unknown as Counters),
    };
  }

  /** What was held when the window began counts too: it was not less until the next record. */
  #peak(from: Place, to: Place): number {
    let peak = this.#memory[from.before];
    const last = to.share === 1 ? to.after : to.before;
    for (let slot = from.before; slot !== last;) {
      slot = (slot + 1) % this.#capacity;
      peak = Math.max(peak, this.#memory[slot]);
    }
    return peak;
  }

  #locate(at_epoch_ms: number, name: string): Place {
    const slot = (record: number) => record % this.#capacity;
    let low = Math.max(0, this.#recorded - this.#capacity);
    let high = this.#recorded - 1;
    if (high < low || !(at_epoch_ms >= this.#times[slot(low)] && at_epoch_ms <= this.#times[slot(high)])) {
      throw new RangeError(
        `Cannot use ${name} as a window's bound: it must be within the times remembered, ` +
          `${this.#times[slot(low)]} to ${this.#times[slot(Math.max(high, 0))]}: current value is ${at_epoch_ms}`,
      );
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#times[slot(middle)] <= at_epoch_ms) low = middle;
      else high = middle;
    }
    const span = this.#times[slot(high)] - this.#times[slot(low)];
    const share = span === 0 ? 0 : (at_epoch_ms - this.#times[slot(low)]) / span;
    return { before: slot(low), after: slot(high), share };
  }
}

interface Place {
  before: number;
  after: number;
  share: number;
}

function interpolate(column: Float64Array, { before, after, share }: Place): number {
  return column[before] + share * (column[after] - column[before]);
}
