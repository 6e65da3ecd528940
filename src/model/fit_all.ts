import type { FitReport, RunSummary, WorkerLevel, WorkersFit } from "../schema/mod.ts";
import { fitDemand } from "./fit_demand.ts";
import type { FitOptions } from "./fit_points.ts";
import { fitThroughput } from "./fit_throughput.ts";
import { fitWorkers } from "./fit_workers.ts";

/** The metrics that {@linkcode fitAll} fits where a run has them, in the order of its report. */
export const DEMAND_METRICS: readonly string[] = [
  "serving_cores",
  "serving_memory_bytes",
  "target_cores",
  "target_memory_bytes",
  "browser_cores",
  "browser_memory_bytes",
  "generator_cores",
  "system_cores",
  "network_bytes_per_s",
  "artifact_bytes_per_hour",
];

/**
 * Fits every metric of a run that sizing and reports read.
 *
 * @param summary A run, reduced to levels.
 * @param options Where to read the fits, and confidence.
 * @returns One fit a metric that is present in at least one level; `throughput` is last. Where workers drove it, what one
 *   uses stands in `workers`, and sums over them in neither.
 *
 * @example The metrics of a run
 * ```ts
 * import { fitAll } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const report = fitAll({
 *   run: "data/runs/a", mode: "http", url: "http://127.0.0.1:8000/", size_groups: ["target"],
 *   capacity: { cores: 2, memory_bytes: 8e9 },
 *   baseline: { os_cores: 0.01, os_memory_bytes: 4e8, drift_cores: 0 },
 *   levels: [1, 2, 4].map((n) => ({
 *     level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *     metrics: { target_cores: 0.1 * n, throughput: n },
 *   })),
 *   warnings: [],
 * });
 * assert.deepEqual(Object.keys(report.metrics), ["target_cores", "throughput"]);
 * ```
 */
export function fitAll(summary: RunSummary, options: FitOptions = {}): FitReport {
  const has = (metric: string) => summary.levels.some(({ metrics }) => metrics[metric] !== undefined);
  const demand = DEMAND_METRICS.filter((metric) => has(metric) && !isOfWorkers(summary, metric)).map((
    metric,
  ) => [metric, fitDemand(summary.levels, metric, options)]);
  const throughput = has("throughput") ? [["throughput", fitThroughput(summary.levels, options)]] : [];
  return {
    schema: "plimsoll.fit/1",
    source: summary.run,
    metrics: Object.fromEntries([...demand, ...throughput]),
    ...(summary.workers ? { workers: fitAllWorkers(summary.workers, options) } : {}),
  };
}

/** A sum over workers gains a base with each that a level brings in: what grows so is no curve of the sessions. */
function isOfWorkers({ workers, size_groups }: RunSummary, metric: string): boolean {
  const driven = (group: string) => ["browser", "generator"].includes(group);
  const [group] = metric.split("_");
  return workers !== undefined && (group === "serving" ? size_groups.some(driven) : driven(group));
}

/** Generators and browsers are all that workers run. */
const WORKER_METRICS = ["browser_cores", "browser_memory_bytes", "generator_cores", "generator_memory_bytes"];

function fitAllWorkers(workers: readonly WorkerLevel[], options: FitOptions): Record<string, WorkersFit> {
  const had = WORKER_METRICS.filter((metric) => workers.some(({ metrics }) => metrics[metric] !== undefined));
  return Object.fromEntries(had.map((metric) => [metric, fitWorkers(workers, metric, options)]));
}
