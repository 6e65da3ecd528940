/**
 * The use below which a metric is as good as absent: a thousandth of a core, a byte, a byte a second.
 *
 * @param metric Name of the metric; its ending says the unit.
 * @returns In the metric's unit; zero for metrics of other units.
 *
 * @example A CPU clock with ticks of 10 ms cannot see less
 * ```ts
 * import { negligible } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(negligible("target_cores"), 0.001);
 * ```
 */
export function negligible(metric: string): number {
  return metric.endsWith("_cores") ? 1e-3 : metric.includes("bytes") ? 1 : 0;
}
