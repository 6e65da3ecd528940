/** Where a sample lies on its grid. */
export interface SampleSlot {
  /** The slot that the sample belongs to [ms]. */
  due_ms: number;
  /** How long after its slot it is taken [ms]. */
  late_ms: number;
  /** Slots that have passed without a sample. */
  missed: number;
}

/**
 * The slot that a sample belongs to which is taken now: the last one that has passed. Those before it are missed, not made up.
 *
 * @param due_ms the slot that was waited for.
 * @param now_ms when the sample is taken.
 * @param interval_ms the grid.
 *
 * @example Two seconds late on a grid of half a second
 * ```ts
 * import { sampleSlot } from "./sample_slot.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(sampleSlot(1000, 3010, 500), { due_ms: 3000, late_ms: 10, missed: 4 });
 * ```
 */
export function sampleSlot(due_ms: number, now_ms: number, interval_ms: number): SampleSlot {
  const missed = Math.max(0, Math.floor((now_ms - due_ms) / interval_ms));
  const slot_ms = due_ms + missed * interval_ms;
  return { due_ms: slot_ms, late_ms: Math.max(0, now_ms - slot_ms), missed };
}
