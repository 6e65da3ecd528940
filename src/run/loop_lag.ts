const EVERY_MS = 10;
const MOST_MS = 10_000;

/**
 * How late this process's event loop is: what a timer that was due at some moment would have had to wait.
 *
 * `monitorEventLoopDelay` of `node:perf_hooks` shows nothing under Deno when the loop is blocked or the process is stopped.
 *
 * @example A loop that is blocked for a moment
 * ```ts
 * import { LoopLag } from "./loop_lag.ts";
 * import assert from "node:assert/strict";
 *
 * using lag = new LoopLag();
 * for (const end_ms = performance.now() + 100; performance.now() < end_ms;);
 * await new Promise((resolve) => setTimeout(resolve, 20));
 * assert(lag.quantile(0.5) > 20);
 * ```
 */
export class LoopLag implements Disposable {
  /** By whole milliseconds, so that a long soak needs no more memory than a short one. */
  #counts = new Float64Array(MOST_MS + 1);
  #due_ms = performance.now() + EVERY_MS;
  #timer = setInterval(() => this.#tick(), EVERY_MS);

  /** Forgets what was. */
  reset(): void {
    this.#counts.fill(0);
    this.#due_ms = performance.now() + EVERY_MS;
  }

  /** The lateness that this share of the moments kept below, in whole milliseconds [ms]; 0 before the first. */
  quantile(q: number): number {
    const rank = q * this.#counts.reduce((sum, count) => sum + count, 0);
    let below = 0;
    for (const [late_ms, count] of this.#counts.entries()) {
      below += count;
      if (count > 0 && below >= rank) return late_ms;
    }
    return 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now_ms = performance.now();
    // The timers that a late one stands for would have been late too.
    for (let late_ms = now_ms - this.#due_ms; late_ms > 0; late_ms -= EVERY_MS) {
      this.#counts[Math.min(MOST_MS, Math.floor(late_ms))]++;
    }
    if (now_ms <= this.#due_ms) this.#counts[0]++;
    this.#due_ms = now_ms + EVERY_MS;
  }
}
