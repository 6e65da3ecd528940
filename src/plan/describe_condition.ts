import type { LimitCondition } from "../schema/limit.ts";

const NAMES: Record<LimitCondition["metric"], string> = {
  latency_ms_p50: "p50",
  latency_ms_p95: "p95",
  latency_ms_p99: "p99",
  error_ratio: "errors",
  undelivered_ratio: "undelivered",
};

/**
 * A metric of a condition with a value, for a sentence: `p95 612 ms`, `errors < 1 %`.
 *
 * @param metric The metric.
 * @param value In its unit: milliseconds, or 0–1.
 * @param relation What stands between the two.
 *
 * @example A condition, and what was measured
 * ```ts
 * import { describeCondition } from "./describe_condition.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(describeCondition("error_ratio", 0.01, "<"), "errors < 1 %");
 * assert.equal(describeCondition("latency_ms_p95", 612.3), "p95 612 ms");
 * ```
 */
export function describeCondition(metric: LimitCondition["metric"], value: number, relation?: string): string {
  const isTime = metric.startsWith("latency_ms");
  // At least the digits that tell a value from a bound beside it.
  const digits = (number: number) =>
    String(Number(number.toPrecision(Math.max(3, Math.round(number).toString().length))));
  const shown = isTime ? `${digits(value)} ms` : `${digits(100 * value)} %`;
  return [NAMES[metric], ...(relation ? [relation] : []), shown].join(" ");
}
