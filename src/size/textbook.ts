import type { Assumptions, LevelSummary, RunSummary, SizingMetric } from "../schema/mod.ts";

/**
 * The figure that the usual rule of thumb gives: average ÷ sessions · target · safety, on system totals, the generator
 * included, at the top usable level.
 *
 * It puts the idle baseline into the cost of a session and knows no band; it is shown beside ours for comparison.
 * Cores: ⌈cpu a session · T · safety⌉. Memory: memory a session · T · safety + the system's own. Disk: bytes a snapshot ·
 * T · days kept · snapshots a session-day (at most as many as are kept by count) + what is stored already. Network: bytes a session · T · safety.
 *
 * @param summary Measured levels.
 * @param metric Row to compute.
 * @param options Sessions at the peak, and the assumptions.
 * @returns In the row's unit; `null` where what it needs was not measured.
 */
export function textbook(
  summary: RunSummary,
  metric: SizingMetric,
  options: { sessions: number; assumptions: Assumptions },
): number | null {
  const { sessions, assumptions } = options;
  const times = (cost: number | null) => cost === null ? null : cost * sessions * assumptions.safety;
  if (metric === "cores") {
    const cores = times(perSession(summary, "system_cores") ?? sumOfGroups(summary, "cores"));
    return cores === null ? null : Math.ceil(cores - 1e-9);
  }
  if (metric === "memory_bytes") {
    const memory = times(
      perSession(summary, "system_memory_mean_bytes") ?? perSession(summary, "system_memory_bytes") ??
        sumOfGroups(summary, "memory_bytes"),
    );
    return memory === null ? null : memory + assumptions.baseline_os_bytes;
  }
  if (metric === "network_bytes_per_s") return times(perSession(summary, "network_bytes_per_s"));
  const bytesPerSnapshot = perSession(summary, "bytes_per_snapshot", { divide: false });
  if (bytesPerSnapshot === null) {
    return perSession(summary, "artifact_bytes_per_hour") ? null : assumptions.baseline_storage_bytes;
  }
  const { retention_days, retention_count = Infinity, snapshots_per_session, baseline_storage_bytes } = assumptions;
  const kept = Math.min(retention_days * snapshots_per_session, retention_count);
  return bytesPerSnapshot * sessions * kept + baseline_storage_bytes;
}

/**
 * A metric at the top usable level, divided by the observed concurrency: what the textbook calls the cost of a session.
 *
 * @param summary Measured levels.
 * @param metric Name of the metric.
 * @param options `divide: false` for a metric that is not a total over the sessions.
 * @returns Mean over the level's usable replicates; `null` where no usable level has the metric.
 */
export function perSession(
  summary: RunSummary,
  metric: string,
  options: { /** @default true */ divide?: boolean } = {},
): number | null {
  const usable = summary.levels.filter((level) => isUsable(level) && level.metrics[metric] !== undefined);
  const top = Math.max(...usable.map(({ level }) => level));
  const replicates = usable.filter(({ level }) => level === top);
  if (replicates.length === 0) return null;
  const sum = replicates.reduce((total, { metrics }) => total + metrics[metric], 0);
  const sessions = replicates.reduce((total, level) => total + level.sessions, 0);
  return options.divide === false ? sum / replicates.length : sum / sessions;
}

function isUsable({ flags, sessions }: LevelSummary): boolean {
  return sessions > 0 && !flags.some(({ excluded_from }) => excluded_from.includes("demand"));
}

function sumOfGroups(summary: RunSummary, resource: "cores" | "memory_bytes"): number | null {
  const costs = ["target", "browser", "generator"]
    .map((group) => perSession(summary, `${group}_${resource}`))
    .filter((cost) => cost !== null);
  return costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null;
}
