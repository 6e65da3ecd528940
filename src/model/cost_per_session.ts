import type { FittedParameter, MetricFit } from "../schema/mod.ts";

/**
 * What one more session costs: the slope of the straight line through the usable levels, whichever curve is accepted.
 *
 * It is not the average, which charges what the system uses for nobody to the sessions.
 *
 * @param fit A fit of kind `demand`.
 * @returns The slope in the metric's unit a session, with its interval.
 * @throws {RangeError} If there were too few levels for a line.
 *
 * @example 10 a session on top of 100
 * ```ts
 * import { costPerSession, fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8].map((level) => ({ level, replicate: 1, sessions: level, value: 100 + 10 * level }));
 * assert.equal(costPerSession(fitPoints(points, { metric: "target_memory_bytes", kind: "demand" })).value.toFixed(3), "10.000");
 * ```
 */
export function costPerSession(fit: MetricFit): FittedParameter {
  const slope = fit.models.find(({ name }) => name === "linear")?.parameters.slope;
  if (slope) return slope;
  throw new RangeError(
    `Cannot say the cost of a session as ${fit.metric} must have a line fitted: current value is ${fit.models.length} curves`,
  );
}
