/** CPU time of a process from its threads' nanosecond counters, with what ended threads used, and its busiest thread. */
export interface ThreadReading {
  /** Cumulative, dead threads included [ms]. */
  own_ms: number;
  /** CPU time of the busiest thread since the reading before [ms]. */
  hottest_ms: number;
}

const TICK_MS = 10;

/**
 * Follows the threads of one process.
 *
 * `/proc/<pid>/stat` counts the whole process but in ticks of 10 ms; `task/<tid>/schedstat` counts nanoseconds but forgets
 * ended threads. Together: the sum of the threads, corrected upwards wherever it falls more than two ticks behind. Where
 * `openProcessClocks` can be had, only the busiest thread is taken from here.
 */
export class ThreadCpu {
  #last = new Map<string, number>();
  #ended_ms?: number;

  /**
   * Takes one reading.
   *
   * @param threads_ms cumulative CPU time of each live thread [ms], by thread id.
   * @param ticks_ms the process total from `stat` [ms].
   */
  update(threads_ms: ReadonlyMap<string, number>, ticks_ms: number): ThreadReading {
    let live_ms = 0;
    let hottest_ms = 0;
    for (const [tid, ms] of threads_ms) {
      live_ms += ms;
      const before_ms = this.#last.get(tid) ?? 0;
      // A thread that has used less than before is another one with the same id.
      hottest_ms = Math.max(hottest_ms, ms < before_ms ? ms : ms - before_ms);
    }
    // What had ended before the first reading must not be made up for later.
    let ended_ms = this.#ended_ms ?? Math.max(0, ticks_ms - live_ms);
    for (const [tid, ms] of this.#last) if (!(threads_ms.get(tid)! >= ms)) ended_ms += ms;
    const behind_ms = ticks_ms - (live_ms + ended_ms);
    if (behind_ms > 2 * TICK_MS) ended_ms += behind_ms;
    this.#ended_ms = ended_ms;
    this.#last = new Map(threads_ms);
    return { own_ms: live_ms + ended_ms, hottest_ms };
  }
}
