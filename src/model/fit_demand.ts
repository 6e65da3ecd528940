import type { FitPoint, LevelSummary, MetricFit, WorkerLevel } from "../schema/mod.ts";
import { type FitOptions, fitPoints } from "./fit_points.ts";

/** What a fit reads of a replicate, or of a worker's share of it. */
export type FittedLevel =
  & Pick<LevelSummary, "level" | "replicate" | "sessions" | "metrics" | "flags">
  & Partial<Pick<WorkerLevel, "worker">>;

/**
 * Fits what a metric costs against concurrent sessions.
 *
 * Levels whose flags exclude them from demand fits stay in `points`, with the reason: a saturated target's use is
 * capped, and would bend the curve down.
 *
 * @param levels One entry a replicate, in any order; not changed. The x is `sessions`, the observed concurrency.
 * @param metric For example `"target_cores"`; replicates that lack it are passed over.
 * @param options Where to read the fit, and confidence.
 * @returns Plain data for `evaluate`.
 * @throws {TypeError} If `levels` is no array.
 * @throws {RangeError} If there are levels, and none has the metric.
 *
 * @example Memory of a server
 * ```ts
 * import { fitDemand } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const levels = [1, 2, 4, 8, 16].map((n) => ({
 *   level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *   metrics: { target_memory_bytes: 1e8 + 2e6 * n },
 * }));
 * assert.equal(fitDemand(levels, "target_memory_bytes").verdict.kind, "linear");
 * ```
 */
export function fitDemand(
  levels: readonly FittedLevel[],
  metric: string,
  options: FitOptions = {},
): MetricFit {
  return fitPoints(pointsOf(levels, metric, "demand"), { ...options, metric, kind: "demand" });
}

/** The replicates that have the metric, as points. */
export function pointsOf(
  levels: readonly FittedLevel[],
  metric: string,
  kind: "demand" | "throughput",
): FitPoint[] {
  // Cells of a notebook are not checked for types.
  if (!Array.isArray(levels as unknown)) {
    throw new TypeError(
      "Cannot fit this as it must be levels, as summarise(dataset).levels: current value is no array",
    );
  }
  const known = new Set(levels.flatMap(({ metrics }) => Object.keys(metrics)));
  if (levels.length > 0 && !known.has(metric)) {
    const names = [...known].join(", ");
    throw new RangeError(`Cannot fit the metric as it must be one of ${names}: current value is ${metric}`);
  }
  return levels.flatMap(({ level, replicate, sessions, metrics, flags, worker }) => {
    const value = metrics[metric];
    if (value === undefined) return [];
    const flag = flags.find(({ excluded_from }) => excluded_from.includes(kind));
    return [{
      ...{ sessions, value, level, replicate },
      ...(worker === undefined ? {} : { worker }),
      ...(flag ? { excluded: `${flag.name}: ${flag.reason}` } : {}),
    }];
  });
}
