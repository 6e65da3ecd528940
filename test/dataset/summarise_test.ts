import assert from "node:assert/strict";
import type { Attempt, Dataset } from "../../src/dataset/mod.ts";
import { load, summarise } from "../../src/dataset/mod.ts";
import { fileURLToPath } from "node:url";
import { makePlan } from "../../src/plan/mod.ts";
import type { RequestRow, ResourceRow } from "../../src/schema/mod.ts";

const SAMPLE = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));

const request = (of: Partial<RequestRow>): RequestRow => ({
  seq: 0,
  session: 0,
  iteration: 0,
  step: "a",
  scheduled_ms: 0,
  started_ms: 0,
  duration_ms: 0,
  outcome: "ok",
  status: 200,
  bytes_in: 100,
  bytes_out: 50,
  ...of,
});

const resource = (of: Partial<ResourceRow>): ResourceRow => ({
  seq: 0,
  t_ms: 0,
  group: "target",
  cpu_ms: 0,
  processes: 1,
  ...of,
});

/** A run with one attempt, window 1000 to 5000 ms, whose numbers can be worked out by hand. */
async function oneAttempt(attempt: Partial<Attempt>, planned: Parameters<typeof makePlan>[0]): Promise<Dataset> {
  const dataset = await load(SAMPLE);
  return {
    ...dataset,
    info: { ...dataset.info, plan: makePlan(planned) },
    idle: [],
    warnings: [],
    attempts: [{
      seal: {
        kind: "level",
        level: 2,
        replicate: 1,
        attempt: 1,
        state: "complete",
        started_at: "2026-01-01T00:00:00.000Z",
        window: { from_ms: 1000, to_ms: 5000 },
        files: {},
      },
      path: "levels/2/r1/a1",
      discarded: false,
      requests: [],
      resources: [],
      events: [],
      ...attempt,
    }],
  };
}

const URL_OK = { url: "http://127.0.0.1:1/", levels: [2] };

Deno.test("cores are counters' difference over the samples of the window, memory is the peak in it", async () => {
  const resources = [
    resource({ t_ms: 0, cpu_ms: 0, memory_bytes: 9e9 }),
    resource({ t_ms: 1000, cpu_ms: 500, memory_bytes: 10e6 }),
    resource({ t_ms: 3000, cpu_ms: 1500, memory_bytes: 40e6 }),
    resource({ t_ms: 4000, cpu_ms: 1800 }),
    resource({ t_ms: 4900, cpu_ms: 2060, memory_bytes: 25e6 }),
    resource({ t_ms: 5200, cpu_ms: 9999, memory_bytes: 9e9 }),
  ];
  const { levels: [{ metrics }] } = summarise(await oneAttempt({ resources }, URL_OK));
  assert.equal(metrics.target_cores, (2060 - 500) / (4900 - 1000));
  assert.equal(metrics.target_memory_bytes, 40e6);
  assert.equal(metrics.target_memory_mean_bytes, 25e6);
  assert.equal(metrics.serving_cores, metrics.target_cores);
});

Deno.test("throughput counts iterations whose last step ended in the window, whole and without failure", async () => {
  const requests = [
    // Began before the window, ended in it: counts.
    request({ iteration: 0, step: "a", started_ms: 900, duration_ms: 50 }),
    request({ iteration: 0, step: "b", started_ms: 950, duration_ms: 100, scheduled_ms: 950 }),
    // Whole, in the window.
    request({ iteration: 1, step: "a", started_ms: 2000, duration_ms: 10, scheduled_ms: 2000 }),
    request({ iteration: 1, step: "b", started_ms: 2010, duration_ms: 30, scheduled_ms: 2010 }),
    // Its second step failed.
    request({ iteration: 2, step: "a", started_ms: 3000, duration_ms: 10, scheduled_ms: 2900 }),
    request({ iteration: 2, step: "b", started_ms: 3010, duration_ms: 20, scheduled_ms: 3010, outcome: "http_error" }),
    // Its second step never came.
    request({ iteration: 3, step: "a", started_ms: 4000, duration_ms: 10, scheduled_ms: 4000 }),
    // Ended after the window.
    request({ iteration: 4, step: "a", started_ms: 4900, duration_ms: 50, scheduled_ms: 4900 }),
    request({ iteration: 4, step: "b", started_ms: 4950, duration_ms: 100, scheduled_ms: 4950 }),
  ];
  const steps = ["a", "b"].map((name) => ({ name, method: "GET" as const, path: "/" }));
  const { levels: [{ metrics, requests: counted }] } = summarise(
    await oneAttempt({ requests }, { ...URL_OK, requests: steps }),
  );
  assert.equal(metrics.throughput, 2 / 4);
  // Rows that ended in the window: all but the first and the last.
  assert.equal(counted, 7);
  assert.equal(metrics.network_bytes_per_s, 7 * 150 / 4);
  assert.equal(metrics.error_ratio, 1 / 7);
  // Latencies from the intended start: 100, 10, 30, 110, 20, 10, 50.
  assert.equal(metrics.latency_ms_p50, 30);
});

Deno.test("observed concurrency is a time average, and slots that passed are counted in the window only", async () => {
  const events = [
    { seq: 0, t_ms: 500, event: "session_start" as const, session: 0 },
    { seq: 1, t_ms: 3000, event: "session_start" as const, session: 1 },
    { seq: 2, t_ms: 900, event: "undelivered" as const, session: 0, slots: 50 },
    { seq: 3, t_ms: 2000, event: "undelivered" as const, session: 0, slots: 3 },
    { seq: 4, t_ms: 4000, event: "session_end" as const, session: 0 },
  ];
  const requests = [request({ started_ms: 2000, duration_ms: 5 })];
  const { levels: [level] } = summarise(await oneAttempt({ events, requests }, URL_OK));
  // Session 0 for 3 of the 4 s, session 1 for 2 of them.
  assert.equal(level.sessions, (3 + 2) / 4);
  assert.equal(level.metrics.undelivered_ratio, 3 / 4);
});

Deno.test("disk is what was written in the window, by the hour", async () => {
  const artifact = (t_ms: number, bytes: number) => ({
    seq: 0,
    t_ms,
    event: "artifact" as const,
    session: 0,
    kind: "screenshot",
    bytes,
    path: "x",
  });
  const events = [artifact(500, 9e6), artifact(1500, 1000), artifact(3500, 3000), artifact(4500, 2000)];
  const { levels: [{ metrics }] } = summarise(await oneAttempt({ events }, { ...URL_OK, mode: "playwright" }));
  assert.equal(metrics.artifact_bytes_per_hour, 6000 / 4 * 3600);
  assert.equal(metrics.bytes_per_snapshot, 2000);
});

Deno.test("a breaker that ended an attempt flags it, whatever its window", async () => {
  const dataset = await oneAttempt({}, URL_OK);
  dataset.attempts[0].seal.state = "failing";
  const { levels: [{ flags }] } = summarise(dataset);
  assert(
    flags.some(({ name, excluded_from }) => name === "failing" && excluded_from.length === 2),
    JSON.stringify(flags),
  );
});
