/** Where a session goes on after an iteration. */
export interface NextSlot {
  /** The slot to start at, or from which the late start is measured [ms]. */
  slot_ms: number;
  /** Slots that passed while the session was busy and are not made up for. */
  undelivered: number;
}

/**
 * The next intended start on a session's fixed grid.
 *
 * A slot that has passed is started at once and measured from the slot. Where several have passed, the latest
 * is started and the others are undelivered load.
 *
 * @param slot_ms the slot of the iteration that just ended.
 * @param now_ms when it ended.
 * @param pace_ms distance of slots.
 *
 * @example An iteration that took 2.5 paces
 * ```ts
 * import { nextSlot } from "./next_slot.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(nextSlot(1000, 3500, 1000), { slot_ms: 3000, undelivered: 1 });
 * ```
 */
export function nextSlot(slot_ms: number, now_ms: number, pace_ms: number): NextSlot {
  const passed = Math.max(1, Math.floor((now_ms - slot_ms) / pace_ms));
  return { slot_ms: slot_ms + passed * pace_ms, undelivered: passed - 1 };
}
