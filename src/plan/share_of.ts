import type { Share } from "../schema/run.ts";

/**
 * The sessions of one share of a level: every `of`-th, from the `k`-th on. Whoever drives a share computes it alone.
 *
 * @param level sessions of the whole level.
 * @param share which part of it.
 * @returns session numbers, ascending; none where there are more shares than sessions.
 *
 * @example Seven sessions in three shares
 * ```ts
 * import { shareOf } from "./share_of.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([1, 2, 3].map((k) => shareOf(7, { k, of: 3 })), [[0, 3, 6], [1, 4], [2, 5]]);
 * ```
 */
export function shareOf(level: number, share: Share): number[] {
  const sessions: number[] = [];
  for (let session = share.k - 1; session < level; session += share.of) sessions.push(session);
  return sessions;
}
