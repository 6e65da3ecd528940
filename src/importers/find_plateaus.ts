/** A time during which the number of sessions did not change. */
export interface Plateau {
  sessions: number;
  /** [ms since 1970] */
  from_ms: number;
  /** [ms since 1970] */
  to_ms: number;
}

/** Shorter ones are parts of a ramp [s]. */
export const LEAST_S = 5;
/** A longer silence is not bridged [s]. */
const GAP_S = 10;
const WARM_UP = { share: 0.1, ms: 1000 };

/** How many sessions were alive, second by second, from readings in any order. */
export class Concurrency {
  #seconds = new Map<number, { low: number; high: number }>();

  /** Takes a reading. */
  add(at_ms: number, sessions: number): void {
    const second = Math.floor(at_ms / 1000);
    const seen = this.#seconds.get(second);
    if (!seen) this.#seconds.set(second, { low: sessions, high: sessions });
    else {
      seen.low = Math.min(seen.low, sessions);
      seen.high = Math.max(seen.high, sessions);
    }
  }

  /** Nothing was read. */
  get empty(): boolean {
    return this.#seconds.size === 0;
  }

  /** The lowest and the highest number. */
  get range(): [number, number] {
    let [low, high] = [Infinity, 0];
    for (const seen of this.#seconds.values()) {
      low = Math.min(low, seen.low);
      high = Math.max(high, seen.high);
    }
    return [low, high];
  }

  /**
   * The times of at least 5 s in which the number of sessions was the same. The second of the last reading is left out: it may have
   * changed within it.
   *
   * @example Up, and held
   * ```ts
   * import { Concurrency } from "./find_plateaus.ts";
   * import assert from "node:assert/strict";
   *
   * const readings = new Concurrency();
   * [1, 3, 8, 8, 8, 8, 8, 8, 2].forEach((sessions, second) => readings.add(1000 * second, sessions));
   * assert.deepEqual(readings.plateaus(), [{ sessions: 8, from_ms: 2000, to_ms: 7000 }]);
   * ```
   */
  plateaus(): Plateau[] {
    const found: Plateau[] = [];
    let current: Plateau | undefined;
    for (const [second, { low, high }] of [...this.#seconds].sort(([a], [b]) => a - b)) {
      const at_ms = 1000 * second;
      if (current && low === high && low === current.sessions && at_ms - current.to_ms <= 1000 * GAP_S) {
        current.to_ms = at_ms;
        continue;
      }
      if (current) found.push(current);
      current = low === high && low > 0 ? { sessions: low, from_ms: at_ms, to_ms: at_ms } : undefined;
    }
    if (current) found.push(current);
    return found.filter((plateau) => plateau.to_ms - plateau.from_ms >= 1000 * LEAST_S);
  }
}

/** How long from the start of a level nothing counts yet [ms]: a tenth of it, at least 1 s. */
export function warmUp(length_ms: number): number {
  return Math.max(WARM_UP.ms, WARM_UP.share * length_ms);
}
