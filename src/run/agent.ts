import { basename } from "node:path";
import type { DriveJob, Driver, Sink } from "../drive/driver.ts";
import { attemptLength } from "../plan/mod.ts";
import { attemptClock, listen, say } from "./child_end.ts";
import { LoopLag } from "./loop_lag.ts";
import { Recorder } from "./recorder.ts";

const STATS_MS = 500;
const SILENCE_LOOK_MS = 100;

/** Makes the driver that an agent runs. */
export type MakeDriver = (job: DriveJob, sink: Sink, onStart: (late_ms: number) => void) => Driver;

/**
 * The life of an agent: gets a job, prepares, says that it is ready, starts at the time it is told, records its rows,
 * stops on the coordinator's word, seals its files.
 */
export function runAgent(makeDriver: MakeDriver): void {
  const stop = new AbortController();
  let start: ((zero_ms: number) => void) | undefined;
  const drop = new AbortController();
  const gone = new AbortController();
  let heard_ms = performance.now();
  const fail = (error: Error & { code?: string }) => {
    gone.abort();
    say({ type: "failed", reason: error?.message ?? String(error), code: error?.code });
    Deno.exit(1);
  };
  const ended = listen((message) => {
    if (message.type === "heard") heard_ms = performance.now();
    else if (message.type === "job") {
      const { silence_ms } = message;
      if (silence_ms !== undefined) {
        heard_ms = performance.now();
        // Nobody else can tell it to stop: who leads it is not to be reached, or stands still.
        setInterval(() => {
          if (performance.now() - heard_ms > silence_ms) fail(new Error(`it heard nothing for ${silence_ms / 1000} s`));
        }, SILENCE_LOOK_MS);
      }
      const started = new Promise<number>((resolve) => start = resolve);
      drive(makeDriver, message, started, { stop: stop.signal, drop: drop.signal, gone: gone.signal }).then(
        () => Deno.exit(0),
        fail,
      );
    } else if (message.type === "start") start?.(message.zero_ms);
    else if (message.type === "drop_artifacts") drop.abort();
    else if (message.type === "stop") stop.abort();
  });
  ended.addEventListener("abort", () => {
    // Nobody will read what comes now: end at once, what has been recorded stays.
    gone.abort();
    setTimeout(() => Deno.exit(1), 100);
  });
}

/** The coordinator's words that come while a driver runs. */
interface Words {
  stop: AbortSignal;
  /** No more artifacts. */
  drop: AbortSignal;
  /** The coordinator is not there any more, or the driver has failed: only what is recorded can still be saved. */
  gone: AbortSignal;
}

async function drive(
  makeDriver: MakeDriver,
  { job, requests, events }: { job: DriveJob; requests: string; events: string },
  started: Promise<number>,
  { stop, drop, gone }: Words,
): Promise<void> {
  const requestFile = new Recorder(requests);
  const eventFile = new Recorder(events);
  const seal = () => ({ [basename(requests)]: requestFile.close(), [basename(events)]: eventFile.close() });
  gone.addEventListener("abort", () => {
    try {
      seal();
    } catch { /* whatever it is, nothing more can be saved */ }
  }, { once: true });
  const unwritable = Promise.withResolvers<never>();
  const tally = new Tally();
  const sink: Sink = {
    request(row) {
      requestFile.addRequest(row);
      tally.request(row.outcome === "ok");
      if (row.phase === undefined) tally.iteration(row.session, row.iteration);
    },
    event(row) {
      eventFile.add(rounded(row));
      if (row.event === "session_start") tally.live++;
      if (row.event === "session_end") tally.live--;
      if (row.event === "artifact") tally.artifact(row.kind, row.bytes);
    },
    get dropsArtifacts() {
      return drop.aborted;
    },
  };
  const late_ms: number[] = [];
  const driver = makeDriver(job, sink, (late) => late_ms.push(late));
  using loop = new LoopLag();
  try {
    await driver.prepare();
    say({ type: "ready", browser: driver.browser?.() });
    const clock = attemptClock(await started);
    await clock.until(0, stop);
    say({ type: "started", at_ms: Date.now() });
    loop.reset();
    const report = setInterval(() => {
      say({ type: "stats", ...tally.stats(performance.now()) });
      const error = requestFile.error ?? eventFile.error;
      // A level whose rows are lost need not go on.
      if (error) unwritable.reject(error);
    }, STATS_MS);
    const dropped = () => sink.event({ t_ms: Math.max(0, clock.now()), event: "artifacts_dropped" });
    if (drop.aborted) dropped();
    else drop.addEventListener("abort", dropped, { once: true });
    // Only the steady window says whether the generator kept up: a warm-up is late by nature.
    const steady = clock.until(attemptLength(job.plan).lead_ms, stop).then(() => {
      loop.reset();
      late_ms.length = 0;
    });
    stop.addEventListener("abort", () => {
      const loop_lag_p99_ms = loop.quantile(0.99);
      sink.event({ t_ms: clock.now(), event: "generator", loop_lag_p99_ms, start_late_p99_ms: p99(late_ms) });
    }, { once: true });
    await Promise.race([Promise.all([steady, driver.run(clock, stop)]), unwritable.promise]);
    clearInterval(report);
    say({ type: "stats", ...tally.stats(performance.now()) });
  } finally {
    await driver.close();
  }
  say({ type: "done", files: seal() });
}

/** Totals for the terminal and the breaker. */
class Tally {
  live = 0;
  #requests = 0;
  #errors = 0;
  #iterations = new Map<number, number>();
  /** What was counted at the reports of the last second. */
  #reports: { t_ms: number; requests: number; errors: number }[] = [{ t_ms: -Infinity, requests: 0, errors: 0 }];
  #artifacts: Record<string, number> = {};

  request(ok: boolean): void {
    this.#requests++;
    if (!ok) this.#errors++;
  }

  iteration(session: number, iteration: number): void {
    this.#iterations.set(session, iteration + 1);
  }

  artifact(kind: string, bytes: number): void {
    this.#artifacts[kind] = (this.#artifacts[kind] ?? 0) + bytes;
  }

  stats(now_ms: number) {
    // The earliest report that is kept is the last one from a second ago or before.
    while (this.#reports.length > 1 && now_ms - this.#reports[1].t_ms >= 1000) this.#reports.shift();
    const before = this.#reports[0];
    this.#reports.push({ t_ms: now_ms, requests: this.#requests, errors: this.#errors });
    return {
      live_sessions: this.live,
      requests: this.#requests,
      errors: this.#errors,
      iterations: [...this.#iterations.values()].reduce((sum, count) => sum + count, 0),
      recent_requests: this.#requests - before.requests,
      recent_errors: this.#errors - before.errors,
      artifact_bytes: this.#artifacts,
    };
  }
}

function rounded<Row extends object>(row: Row): Row {
  const copy = { ...row } as Record<string, unknown>;
  for (const key in copy) {
    const value = copy[key];
    if (typeof value === "number" && !Number.isInteger(value)) copy[key] = Math.round(value * 1000) / 1000;
  }
  return copy as Row;
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.ceil(sorted.length * 0.99) - 1];
}
