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
    console.log(sentence, held);
    for (const [band, share] of Object.entries(held)) assert(share >= LEAST, `${band} holds ${share}`);
  });
}

Deno.test("without knowing who used what, bands hold another worker far less often", () => {
  const anonymous = (workers: WorkerLevel[]) =>
    fitDemand(workers.map(({ worker: _, ...level }) => level), "browser_cores");
  const held = coverage({ workers: 3, between: 0.1, noise: 0.02 }, anonymous);
  console.log(held);
  assert(held.confidence < 0.8, `${held.confidence}`);
});
