import type { Flag } from "../schema/levels.ts";
import type { Iteration } from "./iterations_of.ts";

const TOLERANCE = 0.03;
const FEWEST = 100;
/** Of the scatter of drawn think times, in standard errors: chance exceeds it once in 16,000 times. */
const SCATTER = 4;

/** What {@linkcode flagInconsistent} compares iterations with. */
export interface LoadModel {
  /** The steady window [ms from the attempt's start]. */
  window: { from_ms: number; to_ms: number };
  /** Time average of live sessions over the window, by the sessions' own events. */
  sessions: number;
  /** Time between two intended starts of a session [ms]; with think time its mean. */
  pace_ms: number;
  /** Sessions wait this long after an iteration instead [ms], on average. */
  think_ms?: number;
}

/**
 * Holds the rows of a closed model against its schedule by Little's law: X(R + Z) = N, within 3 %.
 *
 * What is compared is counted apart: N from the sessions' events, X and response times R from the rows, the wait Z from the plan. Each
 * iteration takes R + Z: whole paces on a grid, or its response and a mean think time; those that are partly in the window count in
 * part. Rows that are missing, sessions that do nothing and clocks that disagree break it. With drawn think times the tolerance allows
 * for their scatter.
 *
 * Source: J. D. C. Little, Operations Research 9 (1961) 383–387.
 *
 * @param iterations Of the whole attempt, in any order.
 * @param model Window, sessions, pace.
 * @returns A flag, excluded from all fits; `undefined` where the law holds, or fewer than 100 iterations ended in the window.
 *
 * @example Rows of one session where two are said to have lived
 * ```ts
 * import { flagInconsistent } from "./flag_inconsistent.ts";
 * import assert from "node:assert/strict";
 *
 * const iterations = Array.from({ length: 120 }, (_, index) => (
 *   { session: 0, scheduled_ms: 100 * index, ended_ms: 100 * index + 20 }
 * ));
 * const model = { window: { from_ms: 0, to_ms: 12_000 }, pace_ms: 100 };
 * assert.equal(flagInconsistent(iterations, { ...model, sessions: 1 }), undefined);
 * assert.match(flagInconsistent(iterations, { ...model, sessions: 2 })!.reason, /50 %/);
 * ```
 */
export function flagInconsistent(iterations: readonly Iteration[], model: LoadModel): Flag | undefined {
  const { window: { from_ms, to_ms }, sessions, pace_ms, think_ms } = model;
  if (sessions === 0) return undefined;
  let [occupied_ms, ended] = [0, 0];
  const waits_ms: number[] = [];
  const lastEnd = new Map<number, number>();
  for (const { session, scheduled_ms, ended_ms } of iterations) {
    const response_ms = ended_ms - scheduled_ms;
    // As the schedule goes on from a slot: at the next one, or at the latest of those that have passed.
    const cycle_ms = think_ms === undefined
      ? pace_ms * Math.max(1, Math.floor(response_ms / pace_ms))
      : response_ms + think_ms;
    occupied_ms += Math.max(0, Math.min(scheduled_ms + cycle_ms, to_ms) - Math.max(scheduled_ms, from_ms));
    if (ended_ms < from_ms || ended_ms > to_ms) continue;
    ended++;
    if (think_ms === undefined) continue;
    if (lastEnd.has(session)) waits_ms.push(scheduled_ms - lastEnd.get(session)!);
    lastEnd.set(session, ended_ms);
  }
  if (ended < FEWEST) return undefined;
  const expected_ms = sessions * (to_ms - from_ms);
  const ratio = occupied_ms / expected_ms;
  const tolerance = think_ms === undefined ? TOLERANCE : Math.max(TOLERANCE, scatter(waits_ms) / expected_ms);
  if (Math.abs(ratio - 1) <= tolerance) return undefined;
  const percent = (100 * ratio).toFixed(ratio > 0.9 && ratio < 1.1 ? 1 : 0);
  return {
    name: "inconsistent",
    reason: `the rows account for ${percent} % of the time of ${sessions.toFixed(1)} sessions (Little's law)`,
    excluded_from: ["demand", "throughput"],
  };
}

/** How far the sum of some drawn times may be from its mean [ms]. */
function scatter(waits_ms: readonly number[]): number {
  const mean = waits_ms.reduce((sum, wait) => sum + wait, 0) / waits_ms.length;
  return SCATTER * Math.sqrt(waits_ms.reduce((sum, wait) => sum + (wait - mean) ** 2, 0));
}
