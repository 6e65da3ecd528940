import { nextSlot, sessionStart, thinkTime } from "../plan/mod.ts";
import type { AttemptClock, DriveJob, Sink } from "./driver.ts";

/** One iteration of one session. Must not throw: whatever goes wrong is an outcome of a row. */
export type Iterate = (iteration: number, slot_ms: number) => Promise<void>;

/** What a loop over iterations needs. */
export interface LoopSetting {
  job: DriveJob;
  clock: AttemptClock;
  /** Where events go. */
  sink: Sink;
  /** No iteration starts once it aborts. */
  stop: AbortSignal;
  /** Told how late each start was that the generator could have made in time. */
  onStart?: (late_ms: number) => void;
}

/**
 * Keeps one session of the closed model on its grid of slots, or thinking between its iterations, until `stop` aborts.
 *
 * @param session its number.
 * @param iterate does one iteration and records its rows.
 */
export async function sessionLoop(session: number, iterate: Iterate, setting: LoopSetting): Promise<void> {
  const { job, clock, sink, stop } = setting;
  const { pace_ms, think, seed } = job.plan;
  const of = { level: job.level, replicate: job.replicate, session };
  let slot_ms = sessionStart(job.plan, of);
  let passed = false;
  await clock.until(slot_ms, stop);
  sink.event({ t_ms: Math.max(0, clock.now()), event: "session_start", session });
  for (let iteration = 0; !stop.aborted; iteration++) {
    // Only a slot that had not passed says something about the generator: the others are late by the target's doing.
    if (!passed) setting.onStart?.(clock.now() - slot_ms);
    await iterate(iteration, slot_ms);
    sink.iteration?.(session);
    if (think) slot_ms = clock.now() + thinkTime(think, { ...of, seed, iteration });
    else {
      const next = nextSlot(slot_ms, clock.now(), pace_ms);
      if (next.undelivered > 0) {
        sink.event({ t_ms: clock.now(), event: "undelivered", session, slots: next.undelivered });
      }
      slot_ms = next.slot_ms;
      passed = slot_ms <= clock.now();
    }
    await clock.until(slot_ms, stop);
  }
  sink.event({ t_ms: clock.now(), event: "session_end", session });
}
