interface Call {
  ring: () => void;
  signal?: AbortSignal;
}

/** Longer waits are made of several: timers count in 32 bits. */
const LONGEST_MS = 2 ** 30;
/** How often a timer rings that goes on by itself [ms]. */
const TICK_MS = 2;
/** So many short waits in a row, and it is worth while. */
const SHORT_WAITS = 8;

/**
 * Calls back at given times, by one timer for all who wait.
 *
 * A timer, and a listener on the signal, for each of 10,000 sessions would cost more than the requests that they send.
 * Where calls are due every other millisecond the timer is not even set for each, it goes on by itself: to set one costs
 * about as much as to send a request.
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
  /** A binary heap: the earliest first, each before the two at twice its place. Times lie by themselves, close together in memory. */
  #times: Float64Array = new Float64Array(64);
  #calls: Call[] = [];
  #signals = new Set<AbortSignal>();
  #timer?: ReturnType<typeof setTimeout>;
  #timer_ms = Infinity;
  #shortWaits = 0;
  #interval?: ReturnType<typeof setInterval>;
  #onTimer = () => this.#ring();
  #onTick = () => this.#tick();

  /** @param now the clock that times are told by [ms]. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls `ring` at `t_ms` and not before, or when the signal aborts. */
  set(t_ms: number, ring: () => void, signal?: AbortSignal): void {
    this.#push(t_ms, { ring, signal });
    if (signal && !this.#signals.has(signal)) this.#listen(signal);
    if (t_ms < this.#timer_ms) this.#setTimer();
  }

  #ring(): void {
    this.#timer = undefined;
    this.#timer_ms = Infinity;
    this.#ringDue();
    this.#setTimer();
  }

  #tick(): void {
    this.#ringDue();
    if (this.#calls.length === 0 || this.#times[0] > this.#now() + 2 * TICK_MS) this.#setTimer();
  }

  #ringDue(): void {
    const now_ms = this.#now();
    while (this.#calls.length > 0 && this.#times[0] <= now_ms) this.#pop().ring();
  }

  /** Sets the one timer for the earliest call, or none where there is no call; called too often it does no harm. */
  #setTimer(): void {
    const next_ms = this.#calls.length > 0 ? this.#times[0] : Infinity;
    const wait_ms = next_ms - this.#now();
    if (this.#interval !== undefined) {
      if (wait_ms <= 2 * TICK_MS) return;
      clearInterval(this.#interval);
      this.#interval = undefined;
      this.#timer_ms = Infinity;
    }
    if (this.#timer_ms === next_ms) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timer_ms = next_ms;
    if (next_ms === Infinity) return;
    this.#shortWaits = wait_ms <= TICK_MS ? this.#shortWaits + 1 : 0;
    if (this.#shortWaits > SHORT_WAITS) {
      this.#shortWaits = 0;
      // Whatever is set from now on is looked at in time.
      this.#timer_ms = -Infinity;
      this.#interval = setInterval(this.#onTick, TICK_MS);
      return;
    }
    // Timers count whole milliseconds: rounded down it would ring, and be set, several times for nothing.
    this.#timer = setTimeout(this.#onTimer, Math.min(LONGEST_MS, Math.max(1, Math.ceil(wait_ms))));
  }

  #listen(signal: AbortSignal): void {
    this.#signals.add(signal);
    signal.addEventListener("abort", () => {
      this.#signals.delete(signal);
      const all = this.#calls.map((call, at) => ({ call, t_ms: this.#times[at] }));
      this.#calls = [];
      for (const { call, t_ms } of all) if (call.signal !== signal) this.#push(t_ms, call);
      this.#setTimer();
      for (const { call } of all) if (call.signal === signal) call.ring();
    }, { once: true });
  }

  #push(t_ms: number, call: Call): void {
    const calls = this.#calls;
    let at = calls.length;
    if (at === this.#times.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.#times);
      this.#times = larger;
    }
    const times = this.#times;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent] <= t_ms) break;
      times[at] = times[parent];
      calls[at] = calls[parent];
      at = parent;
    }
    times[at] = t_ms;
    calls[at] = call;
  }

  #pop(): Call {
    const calls = this.#calls;
    const times = this.#times;
    const first = calls[0];
    const last = calls.pop()!;
    const length = calls.length;
    if (length === 0) return first;
    const last_ms = times[length];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1] < times[child]) child++;
      if (last_ms <= times[child]) break;
      times[at] = times[child];
      calls[at] = calls[child];
      at = child;
    }
    times[at] = last_ms;
    calls[at] = last;
    return first;
  }
}
