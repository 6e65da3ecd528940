import { mean, variance } from "simple-statistics";
import type { Flag } from "../schema/levels.ts";
import { effectiveSize, mser5 } from "../stats/mod.ts";
import type { Iteration } from "./iterations_of.ts";
import { threeDigits } from "./three_digits.ts";

/** Difference of two means from which on it matters, and from which on chance does not explain it [standard errors]. */
const MATERIAL = 0.2;
const SIGNIFICANT = 3;
/** Response times that differ by less are not worth a word [ms]. */
const NOTICED_MS = 1;

/**
 * Looks for warm-up in the response times of a steady window, by MSER-5.
 *
 * A minimum at the bound alone says little: 8–12 % of 60 values of a steady series have it. So the part to be left out must also
 * differ from the rest by 20 %, 1 ms and 3 standard errors (by effective sample size); no independent series out of 1000 did so in a
 * simulation, whatever its tail. Excludes from nothing: counters of CPU over the window are exact however it began, and levels near
 * saturation, which swing, are what throughput fits need.
 *
 * @param iterations Those that ended in the window, in that order; fewer than 50 are too few to tell.
 * @param from_ms Start of the window [ms from the attempt's start].
 * @returns A flag, or `undefined` for a window that is steady as far as can be told.
 *
 * @example A target that warms up for half of the window
 * ```ts
 * import { flagUnsteady } from "./flag_unsteady.ts";
 * import assert from "node:assert/strict";
 *
 * const iterations = Array.from({ length: 100 }, (_, index) => {
 *   const scheduled_ms = 5000 + 100 * index;
 *   return { session: 0, scheduled_ms, ended_ms: scheduled_ms + (index < 60 ? 90 - index : 30) + index % 3 };
 * });
 * assert.equal(flagUnsteady(iterations, 5000)?.name, "unsteady");
 * ```
 */
export function flagUnsteady(iterations: readonly Iteration[], from_ms: number): Flag | undefined {
  const responses_ms = iterations.map(({ ended_ms, scheduled_ms }) => ended_ms - scheduled_ms);
  if (responses_ms.length < 5) return undefined;
  const { state, truncate } = mser5(responses_ms);
  if (state === "short" || truncate < 5) return undefined;
  const [start, rest] = [responses_ms.slice(0, truncate), responses_ms.slice(truncate)];
  const [before_ms, after_ms] = [mean(start), mean(rest)];
  const difference_ms = Math.abs(before_ms - after_ms);
  const error_ms = Math.sqrt(squaredError(start) + squaredError(rest));
  if (difference_ms < Math.max(MATERIAL * after_ms, NOTICED_MS) || difference_ms < SIGNIFICANT * error_ms) {
    return undefined;
  }
  const [before, after] = [before_ms, after_ms].map(threeDigits);
  // A short start that moves the mean of the whole by less is warm-up that does no harm.
  if (state === "steady") {
    if (Math.abs(mean(responses_ms) - after_ms) < MATERIAL * after_ms) return undefined;
    const late_s = (iterations[truncate].ended_ms - from_ms) / 1000;
    const reason = `the warm-up was too short: response times were ${before} ms for ${late_s.toFixed(1)} s more, ` +
      `then ${after} ms`;
    return { name: "unsteady", reason, excluded_from: [] };
  }
  const reason = `no steady state was reached: response times were ${before} ms in the first half of the window, ` +
    `${after} ms in the second`;
  return { name: "unsteady", reason, excluded_from: [] };
}

function squaredError(values: readonly number[]): number {
  return variance(values as number[]) / effectiveSize(values).size;
}
