import assert from "node:assert/strict";
import type { DriveEvent, DriveJob, Sink } from "../../src/drive/driver.ts";
import { pinScenario } from "../../src/drive/browser/pin_scenario.ts";
import { PlaywrightDriver } from "../../src/drive/playwright_driver.ts";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import type { RequestRow } from "../../src/schema/rows.ts";
import { attemptClock } from "../../src/run/child_end.ts";

/** What a driver recorded. */
export interface Driven {
  rows: Omit<RequestRow, "seq">[];
  events: DriveEvent[];
  /** Of one kind. */
  of<Kind extends DriveEvent["event"]>(kind: Kind): Extract<DriveEvent, { event: Kind }>[];
}

/** Settings of {@linkcode drive}. */
export interface DriveSetting {
  /** Number of sessions. */
  sessions?: number;
  /** When to stop; otherwise after so many rows as `until` asks for. */
  until?: (driven: Driven) => boolean;
  /** Folder for artifacts. */
  run?: string;
  /** Called when the sessions have begun. */
  meanwhile?: (driven: Driven) => void | Promise<void>;
}

const LIMIT_MS = 40_000;

/** Drives sessions in real browsers, in this process, until `until` holds. */
export async function drive(input: PlanInput, setting: DriveSetting = {}): Promise<Driven & { drained_ms: number }> {
  const plan = await pinScenario(makePlan({ mode: "playwright", pace_ms: 300, ...input }));
  const job: DriveJob = {
    plan,
    level: setting.sessions ?? 1,
    replicate: 1,
    attempt: 1,
    sessions: Array.from({ length: setting.sessions ?? 1 }, (_, session) => session),
    address: new URL(plan.url).hostname === "localhost"
      ? "127.0.0.1"
      : new URL(plan.url).hostname.replace(/[[\]]/g, ""),
    run: setting.run ?? "/nowhere",
    artifacts: setting.run ?? "/nowhere",
  };
  const driven: Driven = {
    rows: [],
    events: [],
    of: (kind) => driven.events.filter((row) => row.event === kind) as never,
  };
  const stop = new AbortController();
  let stopped_ms = 0;
  const end = () => {
    if (!stop.signal.aborted) stopped_ms = performance.now();
    stop.abort();
  };
  const look = () => {
    if (setting.until?.(driven)) end();
  };
  const sink: Sink = {
    request: (row) => {
      driven.rows.push(row);
      look();
    },
    event: (row) => {
      driven.events.push(row);
      look();
    },
  };
  const driver = new PlaywrightDriver(job, sink);
  const timer = setTimeout(end, LIMIT_MS);
  try {
    await driver.prepare();
    const running = driver.run(attemptClock(performance.now()), stop.signal);
    await Promise.all([running, setting.meanwhile?.(driven)]);
  } finally {
    clearTimeout(timer);
    await driver.close();
  }
  return { ...driven, drained_ms: performance.now() - stopped_ms };
}

/** A server in this process, on any free port of 127.0.0.1. */
export function serve(handler: (request: Request, url: URL) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return handler(request, new URL(request.url));
  });
  return {
    port: server.addr.port,
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: async () => {
      await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, 500))]);
    },
  };
}

/** A page. */
export function html(body: string, headers: Record<string, string> = {}): Response {
  return new Response(`<!DOCTYPE html><title>x</title>${body}`, {
    headers: { "content-type": "text/html; charset=utf-8", ...headers },
  });
}

/** The only one, or an assertion fails. */
export function one<T>(values: T[]): T {
  assert.equal(values.length, 1, JSON.stringify(values));
  return values[0];
}
