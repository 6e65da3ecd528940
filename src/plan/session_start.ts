import type { Plan } from "../schema/plan.ts";
import { sessionPhase } from "./session_phase.ts";

/**
 * A session's first intended start, from the attempt's start: its phase, or with a ramp the first of its slots once its turn
 * has come. Turns come evenly over the ramp, in an order in which phases that are near are not near in turn.
 *
 * @returns milliseconds from 0 to less than `ramp_ms` + `pace_ms`.
 *
 * @example One of ten sessions, ramped up over a minute: its turn is the third
 * ```ts
 * import { sessionStart } from "./session_start.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = { seed: 1, pace_ms: 1000, ramp_ms: 60_000 };
 * const start_ms = sessionStart(plan, { level: 10, replicate: 1, session: 2 });
 * assert(start_ms >= 24_000 && start_ms < 25_000);
 * ```
 */
export function sessionStart(
  plan: Pick<Plan, "seed" | "pace_ms" | "ramp_ms">,
  of: { level: number; replicate: number; session: number },
): number {
  const phase_ms = sessionPhase(plan, of);
  const turn_ms = (plan.ramp_ms ?? 0) * (of.session * stride(of.level) % of.level) / of.level;
  return phase_ms + Math.max(0, Math.ceil((turn_ms - phase_ms) / plan.pace_ms)) * plan.pace_ms;
}

/** Near the golden section of `count`, and without a common divisor: its multiples visit all parts, each far from the last. */
function stride(count: number): number {
  let stride = Math.max(1, Math.round(count * 0.618034));
  while (commonDivisor(stride, count) > 1) stride++;
  return stride;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
