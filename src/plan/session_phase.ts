import type { Plan } from "../schema/plan.ts";
import { mixSeed, seededRandom } from "../stats/mod.ts";

/**
 * When a session's first slot is, from the attempt's start: spread over one pace, so that sessions do not march in step.
 *
 * The phase depends on the seed, the level, the replicate and the session alone: whoever drives the session
 * computes the same.
 *
 * @returns milliseconds in [0, `pace_ms`).
 *
 * @example The same session, the same phase
 * ```ts
 * import { sessionPhase } from "./session_phase.ts";
 * import assert from "node:assert/strict";
 *
 * const phase_ms = () => sessionPhase({ seed: 1, pace_ms: 1000 }, { level: 8, replicate: 1, session: 3 });
 * assert(phase_ms() === phase_ms() && phase_ms() >= 0 && phase_ms() < 1000);
 * ```
 */
export function sessionPhase(
  plan: Pick<Plan, "seed" | "pace_ms">,
  of: { level: number; replicate: number; session: number },
): number {
  // Stratified: session k falls into the k-th of `level` equal parts of the pace, at a random place in it.
  const random = seededRandom(mixSeed(plan.seed, of.level, of.replicate, of.session));
  return plan.pace_ms * (of.session % of.level + random()) / of.level;
}
