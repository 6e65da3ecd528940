import { fitDemand, type FittedLevel } from "../model/mod.ts";
import type { Assumptions, FitReport, MetricFit, RunSummary, SizingMetric, SizingRow } from "../schema/mod.ts";
import { type ArtifactMix, artifactMix, keptHoursOfAll } from "./artifact_mix.ts";
import { addDemands, type Demand, readDemand, readMeasured, scaleUse, topLevelOf } from "./read_demand.ts";

/** A run, as sizing reads it. */
export interface SizingRun {
  summary: RunSummary;
  fits: FitReport;
  mix: ArtifactMix;
}

/** Machines that carry some of what serves, and what they use. */
export interface Part {
  name: "all" | NonNullable<SizingRow["part"]>;
  /**
   * In the order of the rows: the fits whose sum is used, none where nothing was written or measured. Metrics that are not bought
   * for this part are absent.
   */
  fits: Map<SizingMetric, readonly MetricFit[]>;
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
 * What workers ran is read of one of them: their sum, against all sessions, has as often as there were workers what one costs
 * without a session. A metric that no level has is left out, so that nobody buys nothing for it; disk stays, as it may be taken
 * already.
 *
 * @param run A run.
 * @param topology See `Assumptions`.
 */
export function partsOf(run: SizingRun, { topology }: Assumptions): Part[] {
  const { summary, fits } = run;
  const part = (name: Part["name"], metrics: Partial<Record<SizingMetric, readonly MetricFit[]>>): Part => ({
    name,
    fits: new Map(
      SIZING_METRICS.filter((metric) => metrics[metric] && (metric === "disk_bytes" || metrics[metric].length > 0))
        .map((metric) => [metric, metrics[metric] ?? []]),
    ),
  });
  const fitted = (name: string) => fits.metrics[name] ? [fits.metrics[name]] : [];
  const disk_bytes = fitted(METRIC_BEHIND.disk_bytes);
  const network_bytes_per_s = fitted(METRIC_BEHIND.network_bytes_per_s);
  const replicated = summary.size_groups.filter((group) => group !== "target");
  const isSplit = replicated.length < summary.size_groups.length && replicated.length > 0;
  const sumOf = (groups: readonly string[]) => ({
    cores: fitGroups(run, groups, "cores"),
    memory_bytes: fitGroups(run, groups, "memory_bytes"),
  });
  const whole = summary.workers && replicated.length > 0
    ? sumOf(summary.size_groups)
    : { cores: fitted(METRIC_BEHIND.cores), memory_bytes: fitted(METRIC_BEHIND.memory_bytes) };
  const all = { ...whole, disk_bytes, network_bytes_per_s };
  if (topology === "replicated" || replicated.length === summary.size_groups.length) return [part("all", all)];
  const [workers, target] = isSplit ? [sumOf(replicated), sumOf(["target"])] : [];
  // Only the target serves, or nobody told the groups apart.
  if (!workers || !target || workers.cores.length === 0 || target.cores.length === 0) return [part("shared", all)];
  // What workers send arrives at the target, and grows with all sessions: it is read there.
  return [part("workers", { ...workers, disk_bytes }), part("shared", { ...target, network_bytes_per_s })];
}

/** Groups that run on the machines that drive. */
const DRIVING = ["browser", "generator"];

/**
 * The fits whose sum is what some groups use: one where all levels have all of them; where workers drove, what one of these uses
 * beside what the target uses. None where a group was not measured.
 */
export function fitGroups(
  run: Pick<SizingRun, "summary" | "fits">,
  groups: readonly string[],
  what: "cores" | "memory_bytes",
): MetricFit[] {
  const { summary, fits } = run;
  if (!summary.workers) return fitSum(summary.levels, groups, { what, known: fits.metrics });
  const [driving, others] = [true, false].map((is) => groups.filter((group) => DRIVING.includes(group) === is));
  const known = Object.fromEntries(Object.entries(fits.workers ?? {}).map(([name, { fit }]) => [name, fit]));
  const parts = [
    ...(driving.length > 0 ? [fitSum(summary.workers, driving, { what, known })] : []),
    ...(others.length > 0 ? [fitSum(summary.levels, others, { what, known: fits.metrics })] : []),
  ];
  return parts.some((part) => part.length === 0) ? [] : parts.flat();
}

/** The sum of some groups, fitted; as it is where there is one and a fit of it. */
function fitSum(
  levels: readonly FittedLevel[],
  groups: readonly string[],
  { what, known }: { what: "cores" | "memory_bytes"; known: Readonly<Record<string, MetricFit>> },
): MetricFit[] {
  const names = groups.map((group) => `${group}_${what}`);
  if (names.length === 1 && known[names[0]]) return [known[names[0]]];
  const name = names.length === 1 ? names[0] : `${groups.join("_and_")}_${what}`;
  const summed = levels.flatMap((level) => {
    const values = names.map((each) => level.metrics[each]);
    if (values.some((value) => value === undefined)) return [];
    return [{ ...level, metrics: { [name]: values.reduce((sum, value) => sum + value, 0) } }];
  });
  return summed.length > 0 ? [fitDemand(summed, name)] : [];
}

/** What a part uses, in the row's unit: of disk the bytes kept. */
export function useOf(
  run: SizingRun,
  { fits }: Part,
  metric: SizingMetric,
  { sessions, assumptions, measured = false }: { sessions: number; assumptions: Assumptions; measured?: boolean },
): Demand {
  const read = measured ? readMeasured : readDemand;
  const summed = fits.get(metric) ?? [];
  const demand = summed.length === 0
    ? read(undefined, metric, sessions)
    : addDemands(summed.map((fit) => read(fit, metric, sessions)));
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
