import type { FitPoint } from "../../src/schema/mod.ts";
import { normalQuantile, seededRandom } from "../../src/stats/mod.ts";

/** Levels of a simulated sweep. */
export interface Design {
  levels: readonly number[];
  replicates: number;
  /** Standard deviation of ln(value) of each run. */
  noise: number;
  /** Standard deviation of ln(value) that the replicates of a level share. @default 0 */
  levelEffect?: number;
}

/** Six doublings, twice each. */
export const SIX_LEVELS: Pick<Design, "levels" | "replicates"> = { levels: [1, 2, 4, 8, 16, 32], replicates: 2 };

/** Runs of a sweep over a known truth, with normal errors on the logarithm. */
export function simulate(truth: (sessions: number) => number, design: Design & { seed: number }): FitPoint[] {
  const random = seededRandom(design.seed);
  // One half cell keeps 0 out, where the quantile is infinite.
  const normal = () => normalQuantile(random() + 2 ** -33);
  return design.levels.flatMap((level) => {
    const shared = (design.levelEffect ?? 0) * normal();
    return Array.from({ length: design.replicates }, (_, index) => ({
      level,
      replicate: index + 1,
      sessions: level,
      value: truth(level) * Math.exp(shared + design.noise * normal()),
    }));
  });
}
