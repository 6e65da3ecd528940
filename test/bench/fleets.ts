import { evaluate, fitDemand, fitWorkers } from "../../src/model/mod.ts";
import type { MetricFit, WorkerLevel } from "../../src/schema/mod.ts";
import { normalQuantile, seededRandom } from "../../src/stats/mod.ts";

/** What a worker costs on average, on a line. */
export const COST = (sessions: number) => 0.4 + 0.1 * sessions;
const BENT = (sessions: number) => 0.4 + 0.02 * sessions ** 1.6;
/** Sessions of the first worker, twice each. */
export const SHARES = [1, 2, 4, 8, 16];

/** Workers that are drawn, and what they are measured to cost. */
export interface SimulatedFleet {
  workers: number;
  /** Standard deviation of ln of what a worker costs at all levels. */
  between: number;
  /** Of each run. */
  noise: number;
  /** The last worker has so many times the share of the others. @default 1 */
  last?: number;
  /** What they cost on average. @default a line */
  cost?: (sessions: number) => number;
}

/** Fleets whose bands are tried, in words. */
export const FLEETS: readonly [string, SimulatedFleet][] = [
  ["2 that differ by 10 %", { workers: 2, between: 0.1, noise: 0.02 }],
  ["3 that differ by 5 %", { workers: 3, between: 0.05, noise: 0.02 }],
  ["3, the last with twice the share", { workers: 3, between: 0.05, noise: 0.02, last: 2 }],
  ["6 that differ by 5 %", { workers: 6, between: 0.05, noise: 0.02 }],
  ["4 that are equal", { workers: 4, between: 0, noise: 0.03 }],
  ["2 that are equal on a bent curve, the last with three times the share", {
    ...{ workers: 2, between: 0, noise: 0.02, last: 3, cost: BENT },
  }],
];

function draws(seed: number): () => number {
  const random = seededRandom(seed);
  // One half cell keeps 0 out, where the quantile is infinite.
  return () => normalQuantile(random() + 2 ** -33);
}

/** Levels of one fleet, two runs each. */
export function simulateFleet(
  { workers, between, noise, last = 1, cost = COST }: SimulatedFleet,
  seed: number,
): WorkerLevel[] {
  const normal = draws(seed);
  const costs = Array.from({ length: workers }, () => Math.exp(between * normal()));
  return SHARES.flatMap((share) =>
    [1, 2].flatMap((replicate) =>
      costs.map((times, index): WorkerLevel => {
        const sessions = index === workers - 1 ? last * share : share;
        return {
          ...{ worker: index + 1, level: sessions, replicate, attempt: 1, sessions, window_s: 30, flags: [] },
          metrics: { browser_cores: cost(sessions) * times * Math.exp(noise * normal()) },
        };
      })
    )
  );
}

/** How often 95 % bands of what a worker costs at eight sessions hold the mean of all workers, and a run of another. */
export function measureFleet(
  fleet: SimulatedFleet,
  simulations: number,
  options: { /** Whether the fit is told who used what. @default true */ told?: boolean } = {},
): Record<"confidence" | "prediction" | "upper", number> {
  const held = { confidence: 0, prediction: 0, upper: 0 };
  const { cost = COST } = fleet;
  for (let seed = 1; seed <= simulations; seed++) {
    const at = evaluate(fitOf(simulateFleet(fleet, seed), options), 8);
    const normal = draws(1_000_000 + seed);
    const another = cost(8) * Math.exp(fleet.between * normal() + fleet.noise * normal());
    const holds = ([lower, upper]: [number, number], value: number) => Number(value >= lower && value <= upper);
    held.confidence += holds(at.confidence, cost(8)) / simulations;
    held.prediction += holds(at.prediction, another) / simulations;
    held.upper += Number(another <= at.sizing_upper) / simulations;
  }
  return held;
}

function fitOf(workers: WorkerLevel[], { told = true }): MetricFit {
  if (told) return fitWorkers(workers, "browser_cores").fit;
  return fitDemand(workers.map(({ worker: _, ...level }) => level), "browser_cores");
}
