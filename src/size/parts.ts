import { fitDemand } from "../model/mod.ts";
import type { Assumptions, FitReport, MetricFit, RunSummary, SizingMetric, SizingRow } from "../schema/mod.ts";
import { type ArtifactMix, artifactMix, keptHoursOfAll } from "./artifact_mix.ts";
import { type Demand, readDemand, readMeasured, scaleUse, topLevelOf } from "./read_demand.ts";

/** A run, as sizing reads it. */
export interface SizingRun {
  summary: RunSummary;
  fits: FitReport;
  mix: ArtifactMix;
}

/** Machines that carry some of what serves, and what they use. */
export interface Part {
  name: "all" | NonNullable<SizingRow["part"]>;
  /** In the order of the rows; `undefined` where nothing was written or measured. Metrics that are not bought for this part are absent. */
  fits: Map<SizingMetric, MetricFit | undefined>;
}

/** The rows of a specification, in the order that they are printed. */
export const SIZING_METRICS: readonly SizingMetric[] = ["cores", "memory_bytes", "disk_bytes", "network_bytes_per_s"];

/** The fitted metric behind each row of a specification. */
const METRIC_BEHIND: Readonly<Record<SizingMetric, string>> = {
  cores: "serving_cores",
  memory_bytes: "serving_memory_bytes",
  disk_bytes: "artifact_bytes_per_hour",
  network_bytes_per_s: "network_bytes_per_s",
};

/** A run with what sizing asks of it again and again. */
export function sizingRun(summary: RunSummary, fits: FitReport): SizingRun {
  return { summary, fits, mix: artifactMix(summary) };
}

/**
 * What is bought apart: all that serves, or, where workers share the target, the workers and that target.
 *
 * A metric that no level has is left out, so that nobody buys nothing for it; disk stays, as it may be taken already.
 *
 * @param run A run.
 * @param topology See `Assumptions`.
 */
export function partsOf(run: SizingRun, { topology }: Assumptions): Part[] {
  const { summary, fits } = run;
  const part = (name: Part["name"], metrics: Partial<Record<SizingMetric, MetricFit | undefined>>): Part => ({
    name,
    fits: new Map(
      SIZING_METRICS.filter((metric) => metric in metrics && (metrics[metric] !== undefined || metric === "disk_bytes"))
        .map((metric) => [metric, metrics[metric]]),
    ),
  });
  const disk_bytes = fits.metrics[METRIC_BEHIND.disk_bytes];
  const network_bytes_per_s = fits.metrics[METRIC_BEHIND.network_bytes_per_s];
  const serving = {
    cores: fits.metrics[METRIC_BEHIND.cores],
    memory_bytes: fits.metrics[METRIC_BEHIND.memory_bytes],
  };
  const all = { ...serving, disk_bytes, network_bytes_per_s };
  if (topology === "replicated") return [part("all", all)];
  const replicated = summary.size_groups.filter((group) => group !== "target");
  if (replicated.length === summary.size_groups.length) return [part("all", all)];
  const [workers, target] = [replicated, ["target"]].map((groups) => ({
    cores: groups.length > 0 ? fitGroups(ofWorkers(run, groups), groups, "cores") : undefined,
    memory_bytes: groups.length > 0 ? fitGroups(ofWorkers(run, groups), groups, "memory_bytes") : undefined,
  }));
  // Only the target serves, or nobody told the groups apart.
  if (!workers.cores || !target.cores) return [part("shared", all)];
  // What workers send arrives at the target, and grows with all sessions: it is read there.
  return [part("workers", { ...workers, disk_bytes }), part("shared", { ...target, network_bytes_per_s })];
}

/** Where several workers drove the sweep, what a worker carries is read of each of them: the sum has its base as often as they were. */
function ofWorkers(run: SizingRun, groups: readonly string[]): Pick<SizingRun, "fits"> & { summary: FittedLevels } {
  const { workers } = run.summary;
  if (!workers || groups.includes("target")) return run;
  return { summary: { levels: workers }, fits: { ...run.fits, metrics: {} } };
}

/** Levels, as far as a demand is fitted to them. */
type FittedLevels = { levels: readonly Parameters<typeof fitDemand>[0][number][] };

/** The sum of some groups, fitted; as it is where there is one and a fit of it. */
export function fitGroups(
  { summary, fits }: Pick<SizingRun, "fits"> & { summary: FittedLevels },
  groups: readonly string[],
  what: "cores" | "memory_bytes",
): MetricFit | undefined {
  const names = groups.map((group) => `${group}_${what}`);
  if (names.length === 1 && fits.metrics[names[0]]) return fits.metrics[names[0]];
  const name = names.length === 1 ? names[0] : `${groups.join("_and_")}_${what}`;
  const levels = summary.levels.flatMap((level) => {
    const values = names.map((each) => level.metrics[each]);
    if (values.some((value) => value === undefined)) return [];
    return [{ ...level, metrics: { [name]: values.reduce((sum, value) => sum + value, 0) } }];
  });
  return levels.length > 0 ? fitDemand(levels, name) : undefined;
}

/** What a part uses, in the row's unit: of disk the bytes kept. */
export function useOf(
  run: SizingRun,
  { fits }: Part,
  metric: SizingMetric,
  { sessions, assumptions, measured = false }: { sessions: number; assumptions: Assumptions; measured?: boolean },
): Demand {
  const demand = (measured ? readMeasured : readDemand)(fits.get(metric), metric, sessions);
  if (metric !== "disk_bytes") return demand;
  return { ...demand, ...scaleUse(demand, keptHoursOfAll(run.mix, assumptions)) };
}

/** The highest level that cores and memory of a part may be read at; `undefined` where neither was measured, or no level is usable. */
export function topMeasuredSessions({ fits }: Part): number | undefined {
  const known = (["cores", "memory_bytes"] as const).flatMap((metric) => fits.get(metric) ?? []);
  const tops = known.map(topLevelOf);
  if (tops.length === 0 || tops.some((top) => top === undefined)) return undefined;
  return Math.min(...tops as number[]);
}
