import { InputError } from "../schema/input_error.ts";

const HIGHEST = 100_000;
const MOST = 100;
const FINEST = 1.01;
const RIGHT =
  `whole numbers of sessions from 1 to ${HIGHEST}, for example 1,2,4,8, or 1..64, which doubles, or 1..64x1.5`;

/**
 * Reads levels: a list such as `1,2,4,8`, a geometric range such as `1..64`, or both, `1..16,24,32`.
 *
 * `LOW..HIGH` doubles from LOW on, `LOW..HIGHxFACTOR` multiplies by another factor from 1.01 on, rounded to whole sessions; HIGH
 * is always the last.
 *
 * @param text whole numbers from 1, or ranges of them, separated by commas.
 * @param field the flag or field that it was given for, named in the error.
 * @returns the levels [sessions], ascending, each once.
 * @throws {InputError} If one of them is no whole number from 1 to 100,000, a range is none, or there are more than 100.
 *
 * @example Sorted and without repeats, and a range
 * ```ts
 * import { parseLevels } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseLevels("4,1,2,2"), [1, 2, 4]);
 * assert.deepEqual(parseLevels("1..50"), [1, 2, 4, 8, 16, 32, 50]);
 * assert.deepEqual(parseLevels("4..20x1.5"), [4, 6, 9, 14, 20]);
 * ```
 */
export function parseLevels(text: string, field = "--levels"): number[] {
  const levels = new Set(text.split(",").flatMap((part) => parsePart(part.trim(), field)));
  if (levels.size > MOST) throw new InputError(field, text, `at most ${MOST} levels: these are ${levels.size}`);
  return [...levels].sort((a, b) => a - b);
}

function parsePart(part: string, field: string): number[] {
  const [, low, high = low, factor = "2"] = /^(\d+)(?:\.\.(\d+)(?:x(\d+(?:\.\d+)?))?)?$/.exec(part) ?? [];
  const [from, to, by] = [low, high, factor].map(Number);
  if (!(from >= 1 && to <= HIGHEST && from <= to && by >= FINEST)) throw new InputError(field, part, RIGHT);
  const levels = [to];
  for (let level = from; level < to; level *= by) levels.push(Math.round(level));
  return levels;
}
