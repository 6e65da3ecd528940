import type { Plan, ThinkTime } from "../schema/plan.ts";
import { mixSeed, normalQuantile, seededRandom } from "../stats/mod.ts";

/** Spread where none is given: uniform from 0 to twice the mean, lognormal with a standard deviation as large as the mean. */
const USUAL_CV = { uniform: 1 / Math.sqrt(3), lognormal: 1 };

/**
 * How long a session thinks after one of its iterations.
 *
 * It depends on the seed, the level, the replicate, the session and the iteration alone: whoever drives the session thinks
 * for as long, and so does a repetition.
 *
 * @param think the distribution.
 * @param of whose thought it is.
 * @returns milliseconds, not negative.
 *
 * @example The same thought takes as long again
 * ```ts
 * import { thinkTime } from "./think_time.ts";
 * import assert from "node:assert/strict";
 *
 * const think = { distribution: "exponential", mean_ms: 1000 } as const;
 * const of = { seed: 1, level: 8, replicate: 1, session: 3, iteration: 7 };
 * assert.equal(thinkTime(think, of), thinkTime(think, of));
 * ```
 */
export function thinkTime(
  think: ThinkTime,
  of: Pick<Plan, "seed"> & { level: number; replicate: number; session: number; iteration: number },
): number {
  const { distribution, mean_ms } = think;
  if (distribution === "constant") return mean_ms;
  const draw = seededRandom(mixSeed(of.seed, of.level, of.replicate, of.session, of.iteration))();
  if (distribution === "exponential") return -mean_ms * Math.log(1 - draw);
  const cv = think.cv ?? USUAL_CV[distribution];
  if (distribution === "uniform") return Math.max(0, mean_ms * (1 + cv * Math.sqrt(3) * (2 * draw - 1)));
  // ln X is normal with variance ln(1 + cv²): then X has that mean and that coefficient of variation.
  const variance = Math.log(1 + cv ** 2);
  const z = normalQuantile(draw + 2 ** -33);
  return mean_ms * Math.exp(Math.sqrt(variance) * z - variance / 2);
}
