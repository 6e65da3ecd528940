import assert from "node:assert/strict";
import { makePlan, poissonArrivals, sessionPhase, sessionStart, thinkTime } from "../../src/plan/mod.ts";
import type { ThinkTime } from "../../src/schema/mod.ts";
import { mixSeed } from "../../src/stats/mod.ts";

const url = "http://127.0.0.1:9/";

Deno.test("thinkTime() has the mean and the spread that were asked for", () => {
  const rows: [think: ThinkTime, cv: number, within: number][] = [
    [{ distribution: "constant", mean_ms: 800 }, 0, 0],
    [{ distribution: "uniform", mean_ms: 800 }, 1 / Math.sqrt(3), 0.02],
    [{ distribution: "uniform", mean_ms: 800, cv: 0.1 }, 0.1, 0.02],
    [{ distribution: "exponential", mean_ms: 800 }, 1, 0.02],
    [{ distribution: "lognormal", mean_ms: 800 }, 1, 0.04],
    [{ distribution: "lognormal", mean_ms: 800, cv: 0.5 }, 0.5, 0.03],
  ];
  for (const [think, cv, within] of rows) {
    const of = { seed: 5, level: 8, replicate: 2 };
    const drawn = Array.from(
      { length: 40_000 },
      (_, n) => thinkTime(think, { ...of, session: n % 8, iteration: n >> 3 }),
    );
    const mean = drawn.reduce((sum, ms) => sum + ms) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / drawn.length);
    const what = JSON.stringify(think);
    assert(drawn.every((ms) => ms >= 0 && Number.isFinite(ms)), what);
    assert(Math.abs(mean / 800 - 1) <= 0.02, `${what}: mean ${mean}`);
    assert(Math.abs(spread / mean - cv) <= within, `${what}: standard deviation ÷ mean ${spread / mean}`);
  }
});

Deno.test("thinkTime() is the same for the same thought, and another for any other", () => {
  const of = { seed: 4294967295, level: 8, replicate: 2, session: 3, iteration: 7 };
  const think: ThinkTime = { distribution: "exponential", mean_ms: 1000 };
  const own = thinkTime(think, of);
  assert.equal(thinkTime(think, { ...of }), own);
  for (const field of Object.keys(of) as (keyof typeof of)[]) {
    assert.notEqual(thinkTime(think, { ...of, [field]: of[field] - 1 }), own, field);
  }
});

Deno.test("mixSeed() gives neighbours seeds that do not meet", () => {
  const seeds = new Set<number>();
  for (let a = 0; a < 100; a++) for (let b = 0; b < 100; b++) seeds.add(mixSeed(a, b));
  assert.equal(seeds.size, 10_000);
});

Deno.test("poissonArrivals() offers the level a pace, with gaps that are exponential", () => {
  const arrivals = poissonArrivals({ seed: 3, pace_ms: 1000 }, { level: 20, replicate: 1 }).take(50_000).toArray();
  const mean = arrivals.at(-1)! / arrivals.length;
  assert(Math.abs(mean / 50 - 1) < 0.02, `a gap is ${mean} ms on average`);
  const gaps = arrivals.slice(1).map((at, index) => at - arrivals[index]);
  for (const q of [0.1, 0.5, 0.9, 0.99]) {
    const share = gaps.filter((gap) => gap <= -50 * Math.log(1 - q)).length / gaps.length;
    assert(Math.abs(share - q) < 0.01, `${share} of the gaps are below the ${q} quantile`);
  }
});

Deno.test("poissonArrivals() deals one schedule out to any number of agents", () => {
  const plan = { seed: 3, pace_ms: 1000, ramp_ms: 5000 };
  const whole = poissonArrivals(plan, { level: 20, replicate: 1 }).take(300).toArray();
  for (const  of of[1, 2, 3]) {
    const dealt = Array.from(
      { length: of },
      (_, index) =>
        poissonArrivals(plan, { level: 20, replicate: 1, share: { k: index + 1, of } }).take(300 / of).toArray(),
    );
    assert.deepEqual(dealt.flat().sort((a, b) => a - b), whole);
    assert.deepEqual(dealt[0], whole.filter((_, index) => index % of === 0));
  }
});

Deno.test("poissonArrivals() deals one schedule out by sessions, to each as many as it has of them", () => {
  const plan = { seed: 3, pace_ms: 1000, ramp_ms: 5000 };
  const of = { level: 6, replicate: 1 };
  const whole = poissonArrivals(plan, of).take(300).toArray();
  const parts = [[0, 3], [1, 2, 4, 5]];
  const dealt = parts.map((sessions) =>
    poissonArrivals(plan, { ...of, sessions }).take(sessions.length * 300 / of.level).toArray()
  );
  assert.deepEqual(dealt.flat().sort((a, b) => a - b), whole);
  assert.deepEqual(dealt[0], whole.filter((_, arrival) => parts[0].includes(arrival % of.level)));
});

Deno.test("poissonArrivals() grow over the ramp: half as many in it, a quarter of these in its first half", () => {
  const plan = { seed: 3, pace_ms: 1000, ramp_ms: 100_000 };
  const arrivals = poissonArrivals(plan, { level: 100, replicate: 1 }).take(15_000).toArray();
  const until = (t_ms: number) => arrivals.filter((at) => at < t_ms).length;
  for (const [t_ms, want] of [[50_000, 1250], [100_000, 5000], [150_000, 10_000]]) {
    assert(Math.abs(until(t_ms) - want) < 4 * Math.sqrt(want), `${until(t_ms)} until ${t_ms} ms`);
  }
});

Deno.test("sessionStart() is the phase without a ramp, and with one a slot of the session's grid, one session a turn", () => {
  const plan = { seed: 3, pace_ms: 1000 };
  for (const level of [1, 2, 3, 10, 97, 100]) {
    const turns = Array.from({ length: level }, (_, session) => {
      const of = { level, replicate: 1, session };
      const phase_ms = sessionPhase(plan, of);
      assert.equal(sessionStart(plan, of), phase_ms);
      const start_ms = sessionStart({ ...plan, ramp_ms: 1000 * level }, of);
      assert(Math.abs((start_ms - phase_ms) / 1000 - Math.round((start_ms - phase_ms) / 1000)) < 1e-9);
      return Math.floor(start_ms / 1000);
    });
    assert.deepEqual(turns.sort((a, b) => a - b), Array.from({ length: level }, (_, turn) => turn));
  }
});

Deno.test("sessionStart() ramps up evenly: no second of the ramp has many more starts than another", () => {
  const plan = { seed: 3, pace_ms: 1000, ramp_ms: 10_000 };
  const starts = Array.from(
    { length: 1000 },
    (_, session) => sessionStart(plan, { level: 1000, replicate: 1, session }),
  );
  for (let t_ms = 1000; t_ms < 10_000; t_ms += 100) {
    const begun = starts.filter((at) => at >= t_ms && at < t_ms + 100).length;
    assert(begun >= 5 && begun <= 15, `${begun} sessions start within 100 ms from ${t_ms} ms`);
  }
});

Deno.test("makePlan() takes the mean think time for the pace, and goes on taking plans without a load model", () => {
  const plan = makePlan({ url, think: { distribution: "exponential", mean_ms: 250 } });
  assert.equal(plan.pace_ms, 250);
  assert.deepEqual(makePlan(plan), plan);
  assert.equal(makePlan({ url }).pace_ms, 1000);
  assert.throws(() => makePlan({ ...plan, pace_ms: 1000 }), { field: "pace_ms" });
});
