import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type DriveEvent, type DriveJob, HttpDriver } from "../../src/drive/mod.ts";
import { makePlan, type PlanInput, poissonArrivals, sessionStart, thinkTime } from "../../src/plan/mod.ts";
import { attemptClock } from "../../src/run/child_end.ts";
import type { RequestRow } from "../../src/schema/mod.ts";

/** A server that answers after so many milliseconds. */
async function slowServer(answer_ms: number): Promise<{ url: string; port: number } & AsyncDisposable> {
  const server = createServer((_, response) => void setTimeout(() => response.end("ok"), answer_ms));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function drive(
  input: PlanInput,
  { level, for_ms, share }: { level: number; for_ms: number } & Pick<DriveJob, "share">,
) {
  const plan = makePlan({ timeout_ms: 5000, ...input, levels: [level] });
  const rows: Omit<RequestRow, "seq">[] = [];
  const events: DriveEvent[] = [];
  const ended: number[] = [];
  const job = { plan, level, replicate: 1, attempt: 1, address: "127.0.0.1", run: "", artifacts: "", share };
  const driver = new HttpDriver(
    { ...job, sessions: Array.from({ length: level }, (_, session) => session) },
    { request: (row) => rows.push(row), event: (row) => events.push(row), iteration: (session) => ended.push(session) },
  );
  const stop = new AbortController();
  setTimeout(() => stop.abort(), for_ms);
  await driver.prepare();
  await driver.run(attemptClock(performance.now()), stop.signal);
  await driver.close();
  return { plan, rows, events, ended };
}

const near = (a: number, b: number) => Math.abs(a - b) < 0.01;

Deno.test("a session that thinks is to start its think time after its last iteration ended, and loses no slots", async () => {
  await using server = await slowServer(60);
  const think = { distribution: "exponential", mean_ms: 20 } as const;
  const { plan, rows, events, ended } = await drive({ url: server.url, think }, { level: 3, for_ms: 1500 });
  for (const [session, own] of Map.groupBy(rows, (row) => row.session)) {
    const of = { level: 3, replicate: 1, session };
    assert(own.length >= 5, `${own.length} iterations of session ${session}`);
    assert.equal(own[0].scheduled_ms, sessionStart(plan, of));
    for (const [index, row] of own.slice(1).entries()) {
      assert.equal(row.iteration, index + 1);
      const before = own[index];
      const thought_ms = row.scheduled_ms - (before.started_ms + before.duration_ms);
      const planned_ms = thinkTime(think, { ...of, seed: plan.seed, iteration: index });
      // The end of an iteration is looked at a moment after its last byte.
      assert(thought_ms >= planned_ms - 0.01, `${thought_ms}, planned ${planned_ms}`);
    }
  }
  assert.equal(events.filter(({ event }) => event === "undelivered").length, 0);
  assert.equal(ended.length, rows.length);
});

Deno.test("the open model starts iterations at their moments, whatever has ended, over as many connections as that takes", async () => {
  await using server = await slowServer(300);
  const { plan, rows, events, ended } = await drive(
    { url: server.url, arrivals: "poisson", pace_ms: 100 },
    { level: 10, for_ms: 2000 },
  );
  const planned = poissonArrivals(plan, { level: 10, replicate: 1 }).take(1000).toArray();
  const starts = rows.map((row) => row.scheduled_ms).sort((a, b) => a - b);
  assert.deepEqual(starts, planned.slice(0, starts.length));
  assert.equal(ended.length, rows.length);
  const offered = events.flatMap((row) => row.event === "arrivals" ? row : []);
  assert.equal(offered.reduce((sum, row) => sum + row.offered, 0), rows.length);
  assert.deepEqual(offered.map((row) => row.from_ms), [0, ...offered.slice(0, -1).map((row) => row.t_ms)]);
  for (const { from_ms, t_ms, offered: count } of offered.slice(0, -1)) {
    assert.equal(count, planned.filter((at) => at >= from_ms && at < t_ms).length);
  }
  // 100 arrivals a second that take 0.3 s each: 30 at a time, each over a connection that does nothing else meanwhile.
  const sessions = Map.groupBy(rows, (row) => row.session);
  assert(sessions.size >= 20 && sessions.size <= 100, `${sessions.size} sessions`);
  for (const own of sessions.values()) {
    for (const [index, row] of own.entries()) {
      assert.equal(row.iteration, index);
      const before = own[index - 1];
      assert(!before || row.started_ms >= before.started_ms + before.duration_ms - 0.01);
    }
  }
});

Deno.test("the open model says which arrivals found its pool empty", async () => {
  await using server = await slowServer(60_000);
  const { rows, events } = await drive(
    { url: server.url, arrivals: "poisson", pace_ms: 100, timeout_ms: 30_000 },
    { level: 20, for_ms: 2000 },
  );
  const counted = events.flatMap((row) => row.event === "arrivals" ? row : []);
  const offered = counted.reduce((sum, row) => sum + row.offered, 0);
  const undelivered = counted.reduce((sum, row) => sum + row.undelivered, 0);
  assert.equal(rows.length, 200, "10 × the level");
  assert.equal(offered - undelivered, rows.length);
  assert(undelivered > 0);
  assert.equal(events.filter(({ event }) => event === "session_start").length, 200);
  assert.equal(events.filter(({ event }) => event === "session_end").length, 200);
});

Deno.test("agents of the open model share one schedule, one pool and the numbers of its sessions", async () => {
  await using server = await slowServer(20);
  const setting = { url: server.url, arrivals: "poisson", pace_ms: 100 } as const;
  const shares = await Promise.all([1, 2].map((k) => drive(setting, { level: 10, for_ms: 1500, share: { k, of: 2 } })));
  const [first, second] = shares.map(({ rows }) => rows.map((row) => row.scheduled_ms).sort((a, b) => a - b));
  const planned = poissonArrivals(shares[0].plan, { level: 10, replicate: 1 }).take(400).toArray();
  assert.deepEqual(first, planned.filter((_, index) => index % 2 === 0).slice(0, first.length));
  assert.deepEqual(second, planned.filter((_, index) => index % 2 === 1).slice(0, second.length));
  for (const [k, { rows }] of shares.entries()) assert(rows.every(({ session }) => session % 2 === k));
});

Deno.test("sessions that are ramped up start in turn", async () => {
  await using server = await slowServer(1);
  const { plan, rows } = await drive({ url: server.url, pace_ms: 100, ramp_ms: 1000 }, { level: 10, for_ms: 1500 });
  assert.deepEqual([...new Set(rows.map((row) => row.session))].length, 10);
  for (const [session, own] of Map.groupBy(rows, (row) => row.session)) {
    assert(near(own[0].scheduled_ms, sessionStart(plan, { level: 10, replicate: 1, session })));
    assert(own[0].started_ms >= own[0].scheduled_ms - 0.01);
  }
});
