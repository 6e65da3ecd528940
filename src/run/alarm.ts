interface Call {
  t_ms: number;
  ring: () => void;
  signal?: AbortSignal;
}

/** Longer waits are made of several: timers count in 32 bits. */
const LONGEST_MS = 2 ** 30;

/**
 * Calls back at given times, by one timer for all who wait.
 *
 * A timer, and a listener on the signal, for each of 10,000 sessions would cost more than the requests that they send.
 *
 * @example
 * ```ts
 * import { Alarm } from "./alarm.ts";
 *
 * const alarm = new Alarm(() => performance.now());
 * await new Promise<void>((resolve) => alarm.set(performance.now() + 5, resolve));
 * ```
 */
export class Alarm {
  #now: () => number;
  /** A binary heap: the earliest first, each before the two at twice its place. */
  #calls: Call[] = [];
  #signals = new Set<AbortSignal>();
  #timer?: ReturnType<typeof setTimeout>;
  #timer_ms = Infinity;
  #onTimer = () => this.#ring();

  /** @param now the clock that times are told by [ms]. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls `ring` at `t_ms` and not before, or when the signal aborts. */
  set(t_ms: number, ring: () => void, signal?: AbortSignal): void {
    this.#push({ t_ms, ring, signal });
    if (signal && !this.#signals.has(signal)) this.#listen(signal);
    if (t_ms < this.#timer_ms) this.#setTimer();
  }

  #ring(): void {
    this.#timer = undefined;
    this.#timer_ms = Infinity;
    const now_ms = this.#now();
    while (this.#calls.length > 0 && this.#calls[0].t_ms <= now_ms) this.#pop().ring();
    this.#setTimer();
  }

  #setTimer(): void {
    const next = this.#calls[0];
    if (this.#timer_ms === next?.t_ms) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timer_ms = next?.t_ms ?? Infinity;
    if (!next) return;
    // Timers count whole milliseconds: rounded down it would ring, and be set, several times for nothing.
    this.#timer = setTimeout(this.#onTimer, Math.min(LONGEST_MS, Math.max(1, Math.ceil(next.t_ms - this.#now()))));
  }

  #listen(signal: AbortSignal): void {
    this.#signals.add(signal);
    signal.addEventListener("abort", () => {
      this.#signals.delete(signal);
      const theirs = this.#calls.filter((call) => call.signal === signal);
      // What is sorted is a heap.
      this.#calls = this.#calls.filter((call) => call.signal !== signal).sort((a, b) => a.t_ms - b.t_ms);
      this.#setTimer();
      for (const { ring } of theirs) ring();
    }, { once: true });
  }

  #push(call: Call): void {
    const calls = this.#calls;
    let at = calls.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (calls[parent].t_ms <= call.t_ms) break;
      calls[at] = calls[parent];
      at = parent;
    }
    calls[at] = call;
  }

  #pop(): Call {
    const calls = this.#calls;
    const first = calls[0];
    const last = calls.pop()!;
    if (calls.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= calls.length) break;
      if (child + 1 < calls.length && calls[child + 1].t_ms < calls[child].t_ms) child++;
      if (last.t_ms <= calls[child].t_ms) break;
      calls[at] = calls[child];
      at = child;
    }
    calls[at] = last;
    return first;
  }
}
