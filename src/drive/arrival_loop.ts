import { poissonArrivals } from "../plan/mod.ts";
import type { Iterate, LoopSetting } from "./session_loop.ts";

/** Sessions of a level's pool: this many times the level, and not fewer than that. */
const POOL = { times: 10, least: 100 };
/** Arrivals are counted in intervals of this length, from the attempt's start. */
const COUNT_MS = 250;

/** A session that runs one arrival after another. */
export interface PoolSession {
  iterate: Iterate;
  /** After its last iteration. */
  end(): Promise<void>;
}

/**
 * Offers iterations by the open model until `stop` aborts: each arrival starts at its moment, whatever has ended by then, in
 * a session that is free or else a new one. Where the pool has no more, the arrival is undelivered.
 *
 * @param open makes a session of that number.
 */
export async function arrivalLoop(open: (session: number) => PoolSession, setting: LoopSetting): Promise<void> {
  const { job, clock, stop, sink } = setting;
  const { plan, level, replicate, share } = job;
  // Of every `of` arrivals, and sessions of the pool, these are its own.
  const { own, of } = share ? { own: [share.k - 1], of: share.of } : { own: job.sessions, of: level };
  const most = Math.ceil(Math.max(POOL.least, POOL.times * level) * own.length / of);
  const arrivals = poissonArrivals(plan, { level, replicate, ...(share ? { share } : { sessions: own }) });
  const sessions: PoolSession[] = [];
  const iterations: number[] = [];
  const free: number[] = [];
  const counts = { from_ms: 0, offered: 0, undelivered: 0 };
  let running = 0;
  const idle = Promise.withResolvers<void>();

  // Numbers of several agents' sessions do not meet.
  const numberOf = (index: number) => own[index % own.length] + of * Math.floor(index / own.length);
  const openOne = () => {
    const index = sessions.length;
    const session = numberOf(index);
    sessions.push(open(session));
    iterations.push(0);
    sink.event({ t_ms: Math.max(0, clock.now()), event: "session_start", session });
    return index;
  };
  const run = async (index: number, slot_ms: number) => {
    running++;
    await sessions[index].iterate(iterations[index]++, slot_ms);
    sink.iteration?.(numberOf(index));
    free.push(index);
    if (--running === 0 && stop.aborted) idle.resolve();
  };
  const count = (until_ms: number) => {
    const { from_ms, offered, undelivered } = counts;
    sink.event({ t_ms: until_ms, event: "arrivals", from_ms, offered, undelivered });
    Object.assign(counts, { from_ms: until_ms, offered: 0, undelivered: 0 });
  };

  for (;;) {
    const slot_ms = arrivals.next().value;
    while (slot_ms >= counts.from_ms + COUNT_MS) {
      const until_ms = counts.from_ms + COUNT_MS;
      await clock.until(until_ms, stop);
      if (stop.aborted) break;
      count(until_ms);
    }
    await clock.until(slot_ms, stop);
    if (stop.aborted) break;
    counts.offered++;
    setting.onStart?.(clock.now() - slot_ms);
    // The session that was free last: as few are used, and stay warm, as the load needs.
    const index = free.pop() ?? (sessions.length < most ? openOne() : undefined);
    if (index === undefined) counts.undelivered++;
    else void run(index, slot_ms);
  }
  count(clock.now());
  if (running > 0) await idle.promise;
  await Promise.all(sessions.map(async (session, index) => {
    await session.end();
    sink.event({ t_ms: clock.now(), event: "session_end", session: numberOf(index) });
  }));
}
