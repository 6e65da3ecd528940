import { InputError } from "../schema/input_error.ts";

const DAY_MS = 86_400_000;
const MOST_DAYS = 7;

/**
 * Reads the time at which all shares of a sweep begin: ISO 8601, or `HH:MM:SS` of today.
 *
 * @param text the time; without a zone it is this machine's.
 * @param now_ms the time now [ms since 1970].
 * @param field the flag that it was given for, named in the error.
 * @returns milliseconds since 1970.
 * @throws {InputError} If it is no time, or one that has passed.
 *
 * @example Ten seconds ahead
 * ```ts
 * import { parseStart } from "./parse_start.ts";
 * import assert from "node:assert/strict";
 *
 * const now_ms = Date.parse("2026-11-22T12:00:00Z");
 * assert.equal(parseStart("2026-11-22T12:00:10Z", now_ms) - now_ms, 10_000);
 * ```
 */
export function parseStart(text: string, now_ms: number, field = "--start-at"): number {
  const start_ms = read(text, now_ms);
  if (!Number.isFinite(start_ms)) {
    throw new InputError(field, text, "a time as 2026-11-22T14:30:00Z, or of today as 14:30:00");
  }
  if (start_ms <= now_ms) {
    const now = new Date(now_ms).toISOString().slice(0, 19);
    throw new InputError(field, text, `a time to come, the same on every machine: it is ${now}Z now`);
  }
  if (start_ms > now_ms + MOST_DAYS * DAY_MS) throw new InputError(field, text, `a time within ${MOST_DAYS} days`);
  return start_ms;
}

function read(text: string, now_ms: number): number {
  const [, hours, minutes, seconds] = (/^(\d\d):(\d\d):(\d\d)$/.exec(text) ?? []).map(Number);
  if (hours <= 23 && minutes <= 59 && seconds <= 59) return new Date(now_ms).setHours(hours, minutes, seconds, 0);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(text) ? Date.parse(text) : NaN;
}
