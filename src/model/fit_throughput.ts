import type { LevelSummary, MetricFit } from "../schema/mod.ts";
import { pointsOf } from "./fit_demand.ts";
import { type FitOptions, fitPoints } from "./fit_points.ts";

/**
 * Fits delivered iterations per second against concurrent sessions.
 *
 * Saturated levels belong here: they are where the curve bends. Levels where the generator or a shared machine was the
 * limit do not, and stay in `points` with the reason.
 *
 * @param levels One entry a replicate, in any order; not changed.
 * @param options Where to read the fit, and confidence.
 * @returns Plain data for `evaluate`, metric `throughput` [iterations/s].
 *
 * @example A server that keeps up
 * ```ts
 * import { fitThroughput } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const levels = [1, 2, 4, 8, 16].map((n) => ({
 *   level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [], metrics: { throughput: n },
 * }));
 * assert.equal(fitThroughput(levels).verdict.kind, "linear");
 * ```
 */
export function fitThroughput(levels: readonly LevelSummary[], options: FitOptions = {}): MetricFit {
  return fitPoints(pointsOf(levels, "throughput", "throughput"), {
    ...options,
    metric: "throughput",
    kind: "throughput",
  });
}
