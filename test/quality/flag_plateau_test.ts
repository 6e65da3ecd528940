import assert from "node:assert/strict";
import { countOutliers } from "../../src/quality/count_outliers.ts";
import { flagDrift, type PlateauRows } from "../../src/quality/flag_drift.ts";
import { flagInconsistent } from "../../src/quality/flag_inconsistent.ts";
import { flagUnsteady } from "../../src/quality/flag_unsteady.ts";
import type { Iteration } from "../../src/quality/iterations_of.ts";
import { quantileBounds } from "../../src/quality/quantile_bounds.ts";
import type { ResourceRow } from "../../src/schema/rows.ts";
import { quantileRanks, seededRandom } from "../../src/stats/mod.ts";

const random = seededRandom(11);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const exponential = () => -Math.log(1 - random());

/** Iterations with these response times, 100 ms apart. */
function withResponses(responses_ms: readonly number[]): Iteration[] {
  return responses_ms.map((response_ms, index) => (
    { session: 0, scheduled_ms: 100 * index, ended_ms: 100 * index + response_ms }
  ));
}

/** How many of some stationary series are flagged. */
function flagged(
  runs: number,
  make: () => readonly number[],
  isFlagged: (values: readonly number[]) => boolean,
): number {
  return Array.from({ length: runs }, () => isFlagged(make())).filter(Boolean).length;
}

const STEADY: [what: string, one: () => number][] = [
  ["normal response times", () => 20 + 3 * normal()],
  ["exponential ones", () => 10 * exponential()],
  ["log-normal ones", () => 10 * Math.exp(normal())],
  ["such with a spike in a hundred", () => random() < 0.01 ? 200 : 5 + random()],
  ["such with a tail that has no variance", () => 5 * (1 - random()) ** (-1 / 1.5)],
];

for (const [what, one] of STEADY) {
  Deno.test(`flagUnsteady() and flagDrift() leave ${what} alone: at most 1 in 400 windows`, () => {
    for (const length of [60, 300]) {
      const series = () => Array.from({ length }, one);
      const unsteady = flagged(400, series, (values) => flagUnsteady(withResponses(values), 0) !== undefined);
      const window = { from_ms: 0, to_ms: 100 * length };
      const drift = flagged(
        400,
        series,
        (values) => flagDrift({ window, target: [], iterations: withResponses(values), pace_ms: 100 }).length > 0,
      );
      assert.ok(unsteady <= 1 && drift <= 1, `${length}: ${unsteady} unsteady, ${drift} drifting`);
    }
  });
}

Deno.test("flagUnsteady() tells a window without steady state from a warm-up that was too short", () => {
  const noise = (base_ms: number) => base_ms + normal();
  const settling = withResponses(Array.from({ length: 200 }, (_, index) => noise(index < 60 ? 60 : 20)));
  assert.match(
    flagUnsteady(settling, 0)!.reason,
    /warm-up was too short: .* (60|[56]\d\.\d) ms for 6\.0 s more, then (20|[12]\d\.\d) ms/,
  );
  const rising = withResponses(Array.from({ length: 200 }, (_, index) => noise(20 + 0.5 * index)));
  const flag = flagUnsteady(rising, 0)!;
  assert.match(flag.reason, /no steady state was reached: .* in the first half .* in the second/);
  assert.deepEqual([flag.name, flag.excluded_from], ["unsteady", []]);
  // One slow request at the start is neither.
  assert.equal(flagUnsteady(withResponses([900, ...Array.from({ length: 199 }, () => noise(20))]), 0), undefined);
  assert.equal(flagUnsteady(rising.slice(0, 49), 0), undefined, "49 are too few");
});

/** Samples of a target, two a second. */
function samples(
  seconds: number,
  at: (t_s: number) => { memory_mb?: number; cores?: number },
): PlateauRows {
  let cpu_ms = 0;
  const target = Array.from({ length: 2 * seconds + 1 }, (_, seq): ResourceRow => {
    const { memory_mb = 60, cores = 0.2 } = at(seq / 2);
    const row = { seq, t_ms: 500 * seq, group: "target" as const, cpu_ms, processes: 1, memory_bytes: 1e6 * memory_mb };
    cpu_ms += 500 * cores;
    return row;
  });
  return { window: { from_ms: 0, to_ms: 1000 * seconds }, target, iterations: [], pace_ms: 1000 };
}

const MEMORY: [why: string, seconds: number, memory_mb: (t_s: number) => number, leak: boolean][] = [
  ["0.5 MB a second for 90 s", 90, (t_s) => 60 + 0.5 * t_s, true],
  ["the same on top of a collected heap", 90, (t_s) => 60 + 0.5 * t_s + 8 * (t_s % 7) / 7, true],
  ["a heap that saws every 7 s", 90, (t_s) => 60 + 20 * (t_s % 7) / 7, false],
  ["a heap that saws every 31 s", 90, (t_s) => 60 + 40 * (t_s % 31) / 31, false],
  ["half a tooth in a short window", 30, (t_s) => 60 + t_s, false],
  ["a heap that warms up", 90, (t_s) => 100 - 40 * Math.exp(-t_s / 15), false],
  ["a start, then nothing more", 90, (t_s) => t_s < 10 ? 60 + 3 * t_s : 90, false],
  ["growth by 9 MB of 100", 90, (t_s) => 100 + t_s / 10, false],
  ["growth by 45 MB of 4000", 90, (t_s) => 4000 + t_s / 2, false],
  ["memory that is given back", 90, (t_s) => 200 - t_s, false],
];

for (const [why, seconds, memory_mb, leak] of MEMORY) {
  Deno.test(`flagDrift() finds ${leak ? "a" : "no"} leak: ${why}`, () => {
    const flags = flagDrift(samples(seconds, (t_s) => ({ memory_mb: memory_mb(t_s) + 0.3 * normal() })));
    assert.deepEqual(flags.map(({ name }) => name), leak ? ["leak"] : []);
    if (leak) {
      assert.match(flags[0].reason, /grew from \d+ to 1\d\d MB within the window, by at least 1,[78]\d0 MB an hour/);
    }
  });
}

Deno.test("flagDrift() finds CPU that rises all the time, and none that waves with the pace", () => {
  const rising = flagDrift(samples(30, (t_s) => ({ cores: 0.2 + 0.005 * t_s })));
  assert.match(rising[0].reason, /CPU went from 0\.2\d to 0\.3\d cores/);
  assert.deepEqual(rising.map(({ name, excluded_from }) => [name, excluded_from]), [["drift", []]]);
  assert.deepEqual(flagDrift(samples(30, (t_s) => ({ cores: t_s % 1 === 0 ? 0.4 : 0.01 }))), []);
  assert.deepEqual(flagDrift(samples(30, () => ({ cores: 0.2 + 0.05 * normal() }))), []);
  // Too little to matter.
  assert.deepEqual(flagDrift(samples(30, (t_s) => ({ cores: 0.02 + 0.0004 * t_s }))), []);
});

Deno.test("flagDrift() finds response times that rise all the time", () => {
  const iterations = withResponses(Array.from({ length: 300 }, (_, index) => 20 + index / 10 + normal()));
  const flags = flagDrift({ window: { from_ms: 0, to_ms: 30_000 }, target: [], iterations, pace_ms: 100 });
  assert.match(flags[0].reason, /response times went from (20|[12]\d\.\d) to (50|[45]\d\.\d) ms/);
});

/** A closed model on a grid, as the generator drives it: late slots are skipped, the last iterations end after the window. */
function drive(sessions: number, response_ms: () => number, pace_ms = 200, end_ms = 12_000): Iteration[] {
  return Array.from({ length: sessions }, (_, session) => {
    const rows: Iteration[] = [];
    for (let slot_ms = pace_ms * session / sessions, now_ms = slot_ms; slot_ms < end_ms;) {
      now_ms = Math.max(now_ms, slot_ms) + response_ms();
      rows.push({ session, scheduled_ms: slot_ms, ended_ms: now_ms });
      slot_ms += pace_ms * Math.max(1, Math.floor((now_ms - slot_ms) / pace_ms));
    }
    return rows;
  }).flat();
}

const WINDOW = { from_ms: 2000, to_ms: 12_000 };

Deno.test("flagInconsistent() accepts whatever the schedule gives: fast, late, and far too slow targets", () => {
  for (const response_ms of [() => 5, () => 150 * random(), () => 100 * exponential(), () => 700 + 300 * random()]) {
    const iterations = drive(16, response_ms);
    assert.equal(flagInconsistent(iterations, { window: WINDOW, sessions: 16, pace_ms: 200 }), undefined);
  }
});

Deno.test("flagInconsistent() finds rows that are missing, and sessions that do nothing", () => {
  const iterations = drive(16, () => 20);
  const model = { window: WINDOW, sessions: 16, pace_ms: 200 };
  const flag = flagInconsistent(iterations.filter((_, index) => index % 20 !== 0), model)!;
  assert.deepEqual([flag.name, flag.excluded_from], ["inconsistent", ["demand", "throughput"]]);
  assert.match(flag.reason, /account for 9\d\.\d % of the time of 16\.0 sessions \(Little's law\)/);
  assert.match(flagInconsistent(iterations, { ...model, sessions: 18 })!.reason, /89 %/);
  assert.equal(flagInconsistent(iterations.slice(0, 90), model), undefined, "too few iterations to tell");
});

Deno.test("flagInconsistent() allows drawn think times their scatter, and no more", () => {
  const think_ms = 500;
  const sessions = 20;
  const walk = () =>
    Array.from({ length: sessions }, (_, session) => {
      const rows: Iteration[] = [];
      for (let at_ms = think_ms * random(); at_ms < 12_000;) {
        const ended_ms = at_ms + 20 * exponential();
        rows.push({ session, scheduled_ms: at_ms, ended_ms });
        at_ms = ended_ms + think_ms * exponential();
      }
      return rows;
    }).flat();
  const model = { window: WINDOW, sessions, pace_ms: think_ms, think_ms };
  let wrong = 0;
  for (let run = 0; run < 200; run++) if (flagInconsistent(walk(), model)) wrong++;
  assert.ok(wrong <= 1, `${wrong} of 200`);
  const half = walk().filter(({ session }) => session % 2 === 0);
  assert.match(flagInconsistent(half, model)!.reason, /(4|5)\d %/);
});

Deno.test("quantileBounds() hold what they promise, and fewer where neighbours resemble each other", () => {
  let covered = 0;
  for (let run = 0; run < 400; run++) {
    const metrics = quantileBounds(Array.from({ length: 500 }, exponential), { p95: 0.95 });
    const truth = -Math.log(0.05);
    if (metrics.latency_ms_p95_low <= truth && metrics.latency_ms_p95_high >= truth) covered++;
  }
  assert.ok(covered >= 0.92 * 400, `${covered} of 400`);

  const pairs = Array.from({ length: 200 }, exponential).flatMap((value) => [value, value, value]);
  const { effective_requests, ...bounds } = quantileBounds(pairs, { p99: 0.99, p50: 0.5 });
  assert.ok(effective_requests > 120 && effective_requests < 320, `${effective_requests} of 600, truly 200`);
  assert.ok(quantileRanks(600, 0.99).exists && bounds.latency_ms_p99_high === undefined);
  assert.ok(bounds.latency_ms_p50_low < bounds.latency_ms_p50_high);
});

Deno.test("countOutliers() names few ordinary samples, and every burst", () => {
  const { target } = samples(60, () => ({ cores: 0.2 + 0.02 * normal() }));
  const { samples: all, outlier_samples } = countOutliers(target);
  assert.equal(all, 120);
  assert.ok(outlier_samples <= 16, `${outlier_samples}`);
  const burst = countOutliers(samples(60, (t_s) => ({ cores: 0.2 + 0.02 * normal() + (t_s === 30 ? 0.5 : 0) })).target);
  assert.ok(burst.outlier_samples >= 1);
  assert.deepEqual(countOutliers([]), {});
});
