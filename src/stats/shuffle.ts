/**
 * A copy in random order; every order is equally likely.
 *
 * Source: Durstenfeld, CACM 7 (1964), algorithm 235.
 *
 * @param items Not changed.
 * @param random Gives 0 ≤ value < 1, for example `seededRandom(seed)`.
 * @returns The same items.
 *
 * @example A reproducible order of levels
 * ```ts
 * import { seededRandom, shuffle } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const order = shuffle([1, 2, 4, 8], seededRandom(1));
 * assert.deepEqual(order.toSorted((a, b) => a - b), [1, 2, 4, 8]);
 * ```
 */
export function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const picked = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[picked]] = [shuffled[picked], shuffled[last]];
  }
  return shuffled;
}
