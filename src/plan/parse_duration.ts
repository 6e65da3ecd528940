import { InputError } from "../schema/input_error.ts";

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration such as `500ms`, `30s`, `1.5m` or `2h`.
 *
 * @param text the duration, a number with its unit.
 * @param field the flag or field that it was given for, named in the error.
 * @returns whole milliseconds.
 * @throws {InputError} If it is no positive number with one of the four units.
 *
 * @example Seconds
 * ```ts
 * import { parseDuration } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(parseDuration("1.5s", "--pace"), 1500);
 * ```
 */
export function parseDuration(text: string, field: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!parts) throw new InputError(field, text, "a number with its unit ms, s, m or h, for example 30s");
  return Math.round(Number(parts[1]) * UNIT_MS[parts[2]]);
}
