import { compareRuns } from "../../src/size/mod.ts";
import type { Design } from "../model/simulate.ts";
import { SERVER, simulateRun, type Truths } from "../size/simulate_run.ts";

/** Sweeps as they are made by default. */
export const SWEEP: Pick<Design, "levels" | "replicates"> = { levels: [1, 2, 4, 8, 16, 32], replicates: 3 };

/** Errors of the runs that are compared. */
export const ERRORS: Record<string, Pick<Design, "noise" | "levelEffect">> = {
  "3 % a run": { noise: 0.03 },
  "3 % a level, 1 % a run": { noise: 0.01, levelEffect: 0.03 },
  "1 % a run": { noise: 0.01 },
};

/** Changes that are looked for. */
export const CHANGES: Record<string, Truths> = {
  none: SERVER,
  "CPU a session +10 %": { ...SERVER, serving_cores: (n) => 0.05 + 0.044 * n },
  "CPU a session +15 %": { ...SERVER, serving_cores: (n) => 0.05 + 0.046 * n },
  "CPU a session +20 %": { ...SERVER, serving_cores: (n) => 0.05 + 0.048 * n },
  "CPU a session +30 %": { ...SERVER, serving_cores: (n) => 0.05 + 0.052 * n },
  "memory at rest +30 MB": { ...SERVER, serving_memory_bytes: (n) => 120e6 + 2e6 * n },
  "throughput full at 45/s, 30 % less at the top": { ...SERVER, throughput: (n) => Math.min(2 * n, 45) },
};

/** The share of simulated comparisons that are called a regression, and an improvement. */
export function verdictRates(
  change: Truths,
  { errors, simulations, tolerance, seed = 1 }: {
    errors: Pick<Design, "noise" | "levelEffect">;
    simulations: number;
    tolerance?: number;
    seed?: number;
  },
): { regression: number; improvement: number } {
  const verdicts = Array.from({ length: simulations }, (_, index) => {
    const design = (offset: number) => ({ ...SWEEP, ...errors, seed: 2 * (index + seed * simulations) + offset });
    return compareRuns(simulateRun(SERVER, design(0)), simulateRun(change, design(1)), { tolerance }).verdict;
  });
  const share = (verdict: string) => verdicts.filter((one) => one === verdict).length / simulations;
  return { regression: share("regression"), improvement: share("improvement") };
}
