import { InputError } from "../schema/input_error.ts";
import type { LimitCondition } from "../schema/limit.ts";

const METRICS: Record<string, LimitCondition["metric"]> = {
  p50: "latency_ms_p50",
  p95: "latency_ms_p95",
  p99: "latency_ms_p99",
  errors: "error_ratio",
  undelivered: "undelivered_ratio",
};
const HOUR_MS = 3_600_000;
const RIGHT =
  "p50, p95 or p99 below a time in ms or s, errors or undelivered below a share in %, with commas between " +
  "them, each once: p95<500ms,errors<1%";

/**
 * Reads what a level has to keep, such as `p95<500ms,errors<1%`.
 *
 * @param text conditions, with commas between them; each with its unit.
 * @param field the flag or field that it was given for, named in the error.
 * @returns the conditions, in the order given; shares as 0–1.
 * @throws {InputError} If one of them is none, lacks its unit, or is there twice.
 *
 * @example A time and a share
 * ```ts
 * import { parseLimit } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseLimit("p95<0.5s, errors<1%"), [
 *   { metric: "latency_ms_p95", below: 500 },
 *   { metric: "error_ratio", below: 0.01 },
 * ]);
 * ```
 */
export function parseLimit(text: string, field = "--find-limit"): LimitCondition[] {
  const conditions = text.split(",").map((part): LimitCondition => {
    const [, name, number, unit] = /^\s*([a-z]+\d*)\s*<\s*(\d+(?:\.\d+)?)\s*(ms|s|%)\s*$/.exec(part) ?? [];
    const metric = Object.hasOwn(METRICS, name ?? "") ? METRICS[name] : undefined;
    const isTime = metric?.startsWith("latency_ms") ?? false;
    const below = Number(number) * (unit === "s" ? 1000 : 1) / (isTime ? 1 : 100);
    if (!metric || isTime === (unit === "%") || !(below > 0) || below > (isTime ? HOUR_MS : 1)) {
      throw new InputError(field, part.trim(), RIGHT);
    }
    return { metric, below };
  });
  if (new Set(conditions.map(({ metric }) => metric)).size < conditions.length) {
    throw new InputError(field, text, RIGHT);
  }
  return conditions;
}
