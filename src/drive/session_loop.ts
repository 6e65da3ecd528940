import { nextSlot, sessionPhase } from "../plan/mod.ts";
import type { AttemptClock, DriveJob, Sink } from "./driver.ts";

/** One iteration of one session. Must not throw: whatever goes wrong is an outcome of a row. */
export type Iterate = (iteration: number, slot_ms: number) => Promise<void>;

/**
 * Keeps one session of the closed model on its grid of slots until `stop` aborts.
 *
 * @param session its number.
 * @param iterate does one iteration and records its rows.
 * @param setting the job, the clock, where events go, when to stop, and what is told of each start's lateness.
 */
export async function sessionLoop(
  session: number,
  iterate: Iterate,
  setting: {
    job: DriveJob;
    clock: AttemptClock;
    sink: Sink;
    stop: AbortSignal;
    onStart?: (late_ms: number) => void;
  },
): Promise<void> {
  const { job, clock, sink, stop } = setting;
  const { pace_ms } = job.plan;
  let slot_ms = sessionPhase(job.plan, { level: job.level, replicate: job.replicate, session });
  let passed = false;
  await clock.until(slot_ms, stop);
  sink.event({ t_ms: Math.max(0, clock.now()), event: "session_start", session });
  for (let iteration = 0; !stop.aborted; iteration++) {
    // Only a slot that had not passed says something about the generator: the others are late by the target's doing.
    if (!passed) setting.onStart?.(clock.now() - slot_ms);
    await iterate(iteration, slot_ms);
    const next = nextSlot(slot_ms, clock.now(), pace_ms);
    if (next.undelivered > 0) {
      sink.event({ t_ms: clock.now(), event: "undelivered", session, slots: next.undelivered });
    }
    slot_ms = next.slot_ms;
    passed = slot_ms <= clock.now();
    await clock.until(slot_ms, stop);
  }
  sink.event({ t_ms: clock.now(), event: "session_end", session });
}
