/**
 * The word that was probably meant, as far as spelling tells: that with the fewest letters to insert, remove or change, at most
 * a third of them.
 *
 * @returns nothing where none is near.
 *
 * @example A letter too few
 * ```ts
 * import { nearest } from "./nearest.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(nearest("--workes", ["--hub", "--workers"]), "--workers");
 * assert.equal(nearest("--frobnicate", ["--hub", "--workers"]), undefined);
 * ```
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known.map((one) => ({ one, edits: editsBetween(word, one) })).sort((a, b) => a.edits - b.edits);
  return best && best.edits <= word.replace(/^-+/, "").length / 3 ? best.one : undefined;
}

/** Levenshtein's distance, row by row. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length];
}
