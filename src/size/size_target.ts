import type { Assumptions, FitReport, FleetRow, RunSummary, SizingMetric, SizingRow } from "../schema/mod.ts";
import { applyRule } from "./apply_rule.ts";
import { inKeptBytes, planFleet, topMeasuredSessions, useAt } from "./plan_fleet.ts";
import { type Demand, METRIC_BEHIND, readDemand } from "./read_demand.ts";
import { textbook } from "./textbook.ts";

/** The rows of a specification, in the order that they are printed. */
export const SIZING_METRICS: readonly SizingMetric[] = ["cores", "memory_bytes", "disk_bytes", "network_bytes_per_s"];

/** What one target needs. */
export interface TargetSizing {
  rows: SizingRow[];
  fleet: FleetRow;
  /** What limits it: the larger share of the machine that was measured, or of one worker's. */
  binding: { target_sessions: number; metric: SizingMetric; share: number };
}

/**
 * Sizes one target: on one machine within, or up to four times, the measured levels; beyond that on workers.
 *
 * @param run A run's summary and its fits.
 * @param target Sessions.
 * @param assumptions All of them.
 * @returns Rows, fleet and what binds; `undefined` where no level is usable.
 * @throws {RangeError} If a shared machine would have to be read beyond four times the top level, and that was not allowed.
 */
export function sizeTarget(
  run: { summary: RunSummary; fits: FitReport },
  target: number,
  assumptions: Assumptions,
): TargetSizing | undefined {
  const { summary, fits } = run;
  const fleet = planFleet(fits, target, assumptions);
  if (!fleet) return undefined;
  const sessions = target * assumptions.peak;
  const demands = SIZING_METRICS.map((metric) => readDemand(fits, metric, sessions));
  const basis = basisOf(demands, { target, sessions, fits, assumptions });
  const rows = SIZING_METRICS.map((metric, index): SizingRow => {
    const figure = textbook(summary, metric, { sessions, assumptions });
    const row = basis === "replicated"
      ? replicatedRow(run, metric, { fleet, sessions, assumptions })
      : singleRow(metric, demands[index], assumptions);
    return {
      target_sessions: target,
      metric,
      basis,
      textbook: figure,
      ...row,
      // What was never used needs no explanation but that.
      notes: row.model === "none" ? demands[index].notes : [...row.notes, ...textbookNotes(metric, figure)],
    };
  });
  return { rows, fleet, binding: bindingOf(rows, { fleet, summary, target }) };
}

type RowCore = Pick<SizingRow, "estimate" | "interval" | "upper" | "recommended" | "model" | "extrapolation" | "notes">;

function basisOf(
  demands: readonly Demand[],
  { target, sessions, fits, assumptions }: {
    target: number;
    sessions: number;
    fits: FitReport;
    assumptions: Assumptions;
  },
): SizingRow["basis"] {
  const reach = demands.map(({ extrapolation }) => extrapolation);
  if (reach.every((label) => label === "none")) return "measured";
  if (!reach.includes("beyond")) return "extrapolated";
  const readable = demands.every(({ model, extrapolation }) => model !== "measured level" || extrapolation === "none");
  if (assumptions.extrapolate && readable) return "extrapolated";
  if (assumptions.topology === "replicated") return "replicated";
  const top = topMeasuredSessions(fits);
  throw new RangeError(
    `Cannot size ${target} sessions on a shared machine as ${sessions} must be at most 4 × the top usable level, unless extrapolate is set: current value is ${
      (sessions / top!).toPrecision(3)
    } × ${top}`,
  );
}

function singleRow(metric: SizingMetric, demand: Demand, assumptions: Assumptions): RowCore {
  const { model, extrapolation, ...use } = metric === "disk_bytes" ? inKeptBytes(demand, assumptions) : demand;
  const label = extrapolation === "none" ? [] : [
    extrapolation === "beyond"
      ? "Read at more than four times the measured levels: a guess with a band."
      : `Extrapolated to ${
        extrapolation === "2x" ? "at most twice" : "two to four times"
      } the measured levels; measure there before buying.`,
  ];
  return {
    ...use,
    recommended: applyRule(metric, use, assumptions),
    model,
    extrapolation,
    notes: [...label, ...use.notes],
  };
}

function replicatedRow(
  { summary, fits }: { summary: RunSummary; fits: FitReport },
  metric: SizingMetric,
  { fleet, sessions, assumptions }: { fleet: FleetRow; sessions: number; assumptions: Assumptions },
): RowCore {
  const worker = useAt(fits, metric, { sessions: fleet.sessions_per_worker, assumptions });
  const copies = sessions / fleet.sessions_per_worker;
  const bought: Record<SizingMetric, number> = {
    cores: fleet.workers * fleet.cores_per_worker,
    memory_bytes: fleet.workers * fleet.memory_bytes_per_worker,
    disk_bytes: fleet.workers * fleet.disk_bytes_per_worker,
    network_bytes_per_s: copies * applyRule(metric, worker, assumptions),
  };
  return {
    estimate: copies * worker.estimate,
    interval: [copies * worker.interval[0], copies * worker.interval[1]],
    upper: copies * worker.upper,
    recommended: bought[metric],
    model: worker.model,
    extrapolation: "none",
    notes: [
      metric === "network_bytes_per_s"
        ? "All workers together."
        : `${fleet.workers} workers, ${fleet.spare} of them spare, each at ${fleet.sessions_per_worker} sessions.`,
      ...sharedNotes(summary, fits, { metric, sessions: fleet.sessions_per_worker }),
      ...worker.notes,
    ],
  };
}

/** What replication takes for granted, where that may be wrong. */
function sharedNotes(
  summary: RunSummary,
  fits: FitReport,
  { metric, sessions }: { metric: SizingMetric; sessions: number },
): string[] {
  const grows = fits.metrics[METRIC_BEHIND[metric]]?.verdict.kind === "superlinear";
  if (!grows && summary.mode !== "http") return [];
  return [
    `Assumes that the sessions split into independent groups of ${sessions}: what workers share (a database, one chat room) does not replicate${
      grows ? ", and this metric grows faster than the sessions" : ""
    }.`,
  ];
}

function textbookNotes(metric: SizingMetric, figure: number | null): string[] {
  if (metric !== "disk_bytes") return [];
  return figure === null
    ? ["No textbook figure: the size of a snapshot was not measured."]
    : ["Textbook: bytes a snapshot × sessions × days kept × snapshots a session-day + what is stored already."];
}

/** Cores and memory only: the disk and the network of the measured machine have no known limit. */
function bindingOf(
  rows: readonly SizingRow[],
  { fleet, summary, target }: { fleet: FleetRow; summary: RunSummary; target: number },
): TargetSizing["binding"] {
  const needed = (metric: "cores" | "memory_bytes") => {
    const row = rows.find((candidate) => candidate.metric === metric)!;
    if (row.basis !== "replicated") return row.recommended;
    return metric === "cores" ? fleet.cores_per_worker : fleet.memory_bytes_per_worker;
  };
  const cores = needed("cores") / summary.capacity.cores;
  const memory = needed("memory_bytes") / summary.capacity.memory_bytes;
  return cores >= memory
    ? { target_sessions: target, metric: "cores", share: cores }
    : { target_sessions: target, metric: "memory_bytes", share: memory };
}
