import { InputError } from "../schema/input_error.ts";

/**
 * Reads a list of levels such as `1,2,4,8`.
 *
 * @param text whole numbers from 1, separated by commas.
 * @param field the flag or field that it was given for, named in the error.
 * @returns the levels [sessions], ascending, each once.
 * @throws {InputError} If one of them is no whole number from 1 to 100,000.
 *
 * @example Sorted and without repeats
 * ```ts
 * import { parseLevels } from "./parse_levels.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseLevels("4,1,2,2"), [1, 2, 4]);
 * ```
 */
export function parseLevels(text: string, field = "--levels"): number[] {
  const levels = text.split(",").map((part) => {
    const trimmed = part.trim();
    const level = Number(trimmed);
    if (!/^\d+$/.test(trimmed) || level < 1 || level > 100_000) {
      throw new InputError(field, trimmed, "whole numbers of sessions from 1 to 100000, for example 1,2,4,8");
    }
    return level;
  });
  return [...new Set(levels)].sort((a, b) => a - b);
}
