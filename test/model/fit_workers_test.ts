/** Workers that drove a sweep are a factor of what one of them costs. */
import assert from "node:assert/strict";
import { evaluate, fitDemand, fitWorkers } from "../../src/model/mod.ts";
import type { WorkerLevel } from "../../src/schema/mod.ts";
import { normalQuantile, seededRandom } from "../../src/stats/mod.ts";

const TRUTH = (sessions: number) => 0.4 + 0.1 * sessions;
const LEVELS = [1, 2, 4, 8, 16];

interface Fleet {
  workers: number;
  /** Standard deviation of ln of what a worker costs at all levels. */
  between: number;
  /** Of each run. */
  noise: number;
  seed: number;
  /** Sessions of worker `w` of a level. */
  shareOf?: (level: number, worker: number) => number;
}

function draws(seed: number): () => number {
  const random = seededRandom(seed);
  // One half cell keeps 0 out, where the quantile is infinite.
  return () => normalQuantile(random() + 2 ** -33);
}

function simulate({ workers, between, noise, seed, shareOf = (level) => level }: Fleet): WorkerLevel[] {
  const normal = draws(seed);
  const costs = Array.from({ length: workers }, () => Math.exp(between * normal()));
  return LEVELS.flatMap((level) =>
    [1, 2].flatMap((replicate) =>
      costs.map((cost, index): WorkerLevel => {
        const sessions = shareOf(level, index + 1);
        return {
          ...{ worker: index + 1, level: sessions, replicate, attempt: 1, sessions, window_s: 30, flags: [] },
          metrics: { browser_cores: TRUTH(sessions) * cost * Math.exp(noise * normal()) },
        };
      })
    )
  );
}

const SIMULATIONS = 300;

/** How often each band of a fleet's fit holds what it says. */
function coverage(fleet: Omit<Fleet, "seed">, fitOf: (workers: WorkerLevel[]) => ReturnType<typeof fitDemand>) {
  const held = { confidence: 0, prediction: 0, upper: 0 };
  for (let seed = 1; seed <= SIMULATIONS; seed++) {
    const at = evaluate(fitOf(simulate({ ...fleet, seed })), 8);
    const normal = draws(100_000 + seed);
    const another = TRUTH(8) * Math.exp(fleet.between * normal() + fleet.noise * normal());
    const holds = ([lower, upper]: [number, number], value: number) => value >= lower && value <= upper ? 1 : 0;
    held.confidence += holds(at.confidence, TRUTH(8)) / SIMULATIONS;
    held.prediction += holds(at.prediction, another) / SIMULATIONS;
    held.upper += (another <= at.sizing_upper ? 1 : 0) / SIMULATIONS;
  }
  return held;
}

/** Three binomial standard errors under 95 %. */
const LEAST = 0.95 - 3 * Math.sqrt(0.95 * 0.05 / SIMULATIONS);
const FLEETS: [string, Omit<Fleet, "seed">][] = [
  ["three workers that differ by 5 %", { workers: 3, between: 0.05, noise: 0.02 }],
  ["two workers that differ by 10 %", { workers: 2, between: 0.1, noise: 0.02 }],
  ["six workers that differ by 5 %", { workers: 6, between: 0.05, noise: 0.02 }],
  ["four equal workers", { workers: 4, between: 0, noise: 0.03 }],
  ["three workers of which the last has twice the share", {
    ...{ workers: 3, between: 0.05, noise: 0.02 },
    shareOf: (level, worker) => worker === 3 ? 2 * level : level,
  }],
];
for (const [sentence, fleet] of FLEETS) {
  Deno.test(`the bands hold another worker 95 % of the time: ${sentence}`, () => {
    const held = coverage(fleet, (workers) => fitWorkers(workers, "browser_cores").fit);
    for (const [band, share] of Object.entries(held)) assert(share >= LEAST, `${band} holds ${share}`);
  });
}

Deno.test("without knowing who used what, bands hold another worker far less often", () => {
  const anonymous = (workers: WorkerLevel[]) =>
    fitDemand(workers.map(({ worker: _, ...level }) => level), "browser_cores");
  const held = coverage({ workers: 3, between: 0.1, noise: 0.02 }, anonymous);
  assert(held.confidence < 0.8, `${held.confidence}`);
});

const ROWS: [string, Fleet, RegExp][] = [
  [
    "equal workers are alike",
    { workers: 3, between: 0, noise: 0.01, seed: 1 },
    /^alike Workers cost the same, within 1 % of /,
  ],
  [
    "workers that differ by far are named",
    { workers: 3, between: 0.3, noise: 0.01, seed: 2 },
    /^different Workers differ: \d+ % to \d+ % .*p < 0\.001.*worker \d most/,
  ],
  [
    "what chance explains is left open",
    { workers: 2, between: 0, noise: 0.25, seed: 5 },
    /^inconclusive Workers cost .*: chance explains that, and a difference under \d\d % would not show/,
  ],
  ["one worker differs from nobody", { workers: 1, between: 0, noise: 0.01, seed: 1 }, /^inconclusive One worker/],
];
for (const [sentence, fleet, expected] of ROWS) {
  Deno.test(`fitWorkers(): ${sentence}`, () => {
    const { verdict } = fitWorkers(simulate(fleet), "browser_cores");
    assert.match(`${verdict.kind} ${verdict.text}`, expected);
  });
}

Deno.test("fitWorkers() finds each worker's own line, and what it costs against all", () => {
  const costs = [1, 1.5, 1 / 1.5];
  const levels = LEVELS.flatMap((sessions) =>
    costs.map((cost, index): WorkerLevel => ({
      ...{ worker: index + 1, level: sessions, replicate: 1, attempt: 1, sessions, window_s: 30, flags: [] },
      metrics: { browser_cores: cost * TRUTH(sessions) },
    }))
  );
  const { by_worker, fit } = fitWorkers(levels, "browser_cores");
  by_worker.forEach(({ base, per_session, ratio, sessions }, index) => {
    assert.equal(sessions, 16);
    const near = (value: number, truth: number) => assert(Math.abs(value / truth - 1) < 1e-6, `${value}, not ${truth}`);
    near(base!.value, 0.4 * costs[index]);
    near(per_session!.value, 0.1 * costs[index]);
    near(ratio, costs[index]);
  });
  const { estimate, prediction, sizing_upper } = evaluate(fit, 16);
  assert(Math.abs(estimate / 2 - 1) < 1e-6, `${estimate}`);
  assert(prediction[1] > 3 && sizing_upper > 3, "the slowest lies within the band");
  // Plain data: what went through JSON reads the same.
  assert.deepEqual(evaluate(JSON.parse(JSON.stringify(fit)), 20), evaluate(fit, 20));
});
