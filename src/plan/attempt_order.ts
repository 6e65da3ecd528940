import type { Plan } from "../schema/plan.ts";
import { longestSearch } from "./next_limit_level.ts";
import { seededRandom, shuffle } from "../stats/mod.ts";

/** One level to be run once. */
export interface PlannedReplicate {
  /** Concurrent sessions. */
  level: number;
  /** From 1; 0 for the run that is thrown away. */
  replicate: number;
  /** Run only to warm up. */
  discarded: boolean;
}

/**
 * In which order levels and replicates are run: each replicate is one pass over all levels in an order of its own,
 * so that a machine that drifts does not look like scaling. The lowest level goes first, once, and is thrown away:
 * compilers and caches warm up on it.
 *
 * A search for a limit runs its levels as their results ask for, each all replicates in a row: what is returned is the
 * longest that it may become.
 *
 * @returns `levels × replicates + 1` entries; the same for the same seed.
 *
 * @example Two levels, once each, after the run that is thrown away
 * ```ts
 * import { attemptOrder } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const order = attemptOrder({ levels: [1, 2], replicates: 1, seed: 1 });
 * assert.deepEqual(order.map(({ discarded }) => discarded), [true, false, false]);
 * ```
 */
export function attemptOrder(plan: Pick<Plan, "levels" | "replicates" | "seed" | "find_limit">): PlannedReplicate[] {
  const random = seededRandom(plan.seed);
  const order: PlannedReplicate[] = [{ level: Math.min(...plan.levels), replicate: 0, discarded: true }];
  if (plan.find_limit !== undefined) {
    const replicates = Array.from({ length: plan.replicates }, (_, index) => index + 1);
    const search = longestSearch(plan).flatMap((level) =>
      replicates.map((replicate) => ({ level, replicate, discarded: false }))
    );
    return [...order, ...search];
  }
  for (let replicate = 1; replicate <= plan.replicates; replicate++) {
    for (const level of shuffle(plan.levels, random)) order.push({ level, replicate, discarded: false });
  }
  return order;
}
