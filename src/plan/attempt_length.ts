import type { Plan } from "../schema/plan.ts";

/**
 * The parts of an attempt: what comes before its steady window, and all of it.
 *
 * @returns milliseconds from the attempt's start.
 *
 * @example A ramp and a warm-up
 * ```ts
 * import { attemptLength } from "./attempt_length.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(attemptLength({ ramp_ms: 10_000, warmup_ms: 5000, duration_ms: 30_000 }), { lead_ms: 15_000, length_ms: 45_000 });
 * ```
 */
export function attemptLength(
  plan: Pick<Plan, "ramp_ms" | "warmup_ms" | "duration_ms">,
): { lead_ms: number; length_ms: number } {
  const lead_ms = (plan.ramp_ms ?? 0) + plan.warmup_ms;
  return { lead_ms, length_ms: lead_ms + plan.duration_ms };
}
