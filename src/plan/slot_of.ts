import type { Plan } from "../schema/plan.ts";
import { attemptLength } from "./attempt_length.ts";

/** Sessions have at most this long for the iteration under way, once an attempt has ended. */
const MOST_DRAIN_MS = 5000;
/** To write what is left, and to get processes ready for the next attempt, on a machine that is slow. */
const READY_MS = { http: 3500, playwright: 6000, command: 10_000 };
/** To open the page of a browser session, again for a slow machine. */
const OPEN_MS = 1000;

/** The grid of a sweep that several machines drive: each attempt has its slot, whatever the machine. */
export interface Slot {
  /** From one attempt's start to the next one's [ms]. */
  slot_ms: number;
  /** Of it, what lies between two attempts [ms]. */
  gap_ms: number;
}

/**
 * The slots of a sweep that several machines drive without talking to each other: part `i`, idle windows and the run that is
 * thrown away among them, starts `i × slot_ms` after the common start.
 *
 * @param plan the same on every machine, and so are its slots.
 *
 * @example Half a minute of load, and five seconds before it
 * ```ts
 * import { makePlan } from "plimsoll";
 * import { slotOf } from "./slot_of.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1:8080/", warmup_ms: 5000, duration_ms: 30_000 });
 * assert.deepEqual(slotOf(plan), { slot_ms: 48_500, gap_ms: 13_500 });
 * ```
 */
export function slotOf(plan: Plan): Slot {
  const longest_ms = Math.max(plan.idle_ms, attemptLength(plan).length_ms);
  const open_ms = plan.mode === "playwright" ? OPEN_MS * Math.max(...plan.levels) : 0;
  const drain_ms = plan.mode === "http" ? Math.min(MOST_DRAIN_MS, plan.timeout_ms) : MOST_DRAIN_MS;
  const gap_ms = drain_ms + (plan.cooldown_ms ?? 0) + READY_MS[plan.mode] + open_ms;
  return { slot_ms: longest_ms + gap_ms, gap_ms };
}
