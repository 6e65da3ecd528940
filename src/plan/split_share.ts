import type { Share } from "../schema/run.ts";

/** All of a level. */
export const WHOLE: Share = { k: 1, of: 1 };

/**
 * Splits a share among agents: each gets a share of the whole level, smaller by that number.
 *
 * @param share what they drive together.
 * @param agents how many they are.
 * @returns a share for each, the first agent's first.
 *
 * @example The second of three machines, with two agents
 * ```ts
 * import { splitShare } from "./split_share.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(splitShare({ k: 2, of: 3 }, 2), [{ k: 2, of: 6 }, { k: 5, of: 6 }]);
 * ```
 */
export function splitShare({ k, of }: Share, agents: number): Share[] {
  return Array.from({ length: agents }, (_, agent) => ({ k: k + agent * of, of: of * agents }));
}
