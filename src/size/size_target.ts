import type {
  ArtifactRow,
  Assumptions,
  FleetRow,
  ShapeRow,
  SizingMetric,
  SizingRow,
  SloSizing,
  WorkerShape,
} from "../schema/mod.ts";
import { applyRule } from "./apply_rule.ts";
import { keptHours, keptHoursOfAll } from "./artifact_mix.ts";
import { type Part, partsOf, type SizingRun, topMeasuredSessions, useOf } from "./parts.ts";
import { compareShapes, planFleet, type PlannedFleet, roomOf, type TooSmall } from "./plan_fleet.ts";
import type { Demand } from "./read_demand.ts";
import { textbook } from "./textbook.ts";

/** What one target needs. */
export interface TargetSizing {
  rows: SizingRow[];
  /** Absent where nothing can be replicated. */
  fleet?: FleetRow;
  /** What limits it: the largest share of the machine that was measured, or of the chosen shape. */
  binding: { target_sessions: number; metric: SizingMetric; share: number };
}

/**
 * Sizes one target: on one machine within, or up to four times, the measured levels; beyond that, and where a chosen shape or an
 * objective does not carry it, on workers.
 *
 * @param run A run.
 * @param target Sessions.
 * @param assumptions All of them.
 * @param slo What an objective allows.
 * @returns Rows, fleet and what binds; `undefined` where no level is usable, or none keeps the objective.
 * @throws {RangeError} If a shared machine would have to be read beyond four times the top level, and that was not allowed.
 */
export function sizeTarget(
  run: SizingRun,
  target: number,
  assumptions: Assumptions,
  slo?: SloSizing,
): TargetSizing | undefined {
  const shape = assumptions.shapes.find(({ name }) => name === assumptions.shape);
  const parts = partsOf(run, assumptions);
  const needs: { need: Map<SizingMetric, number>; machine: Room }[] = [];
  const { capacity, worker_capacity = capacity, workers } = run.summary;
  let fleet: FleetRow | undefined;
  const rows = parts.map((part): SizingRow[] | undefined => {
    const asShape = part.name === "shared" ? undefined : shape;
    const planned = planFleet(run, part, { target, assumptions, slo, shape: asShape });
    if (!planned) return undefined;
    const isTooSmall = planned.state === "too_small";
    const chosen = isTooSmall ? planFleet(run, part, { target, assumptions, slo }) : planned;
    const fits = chosen?.state === "fits" && part.name !== "shared" ? chosen : undefined;
    fleet ??= fits?.row;
    const isWorkers = part.name === "workers" || (workers && !run.summary.size_groups.includes("target"));
    const machine = isWorkers ? worker_capacity : capacity;
    const measured: Room = (metric) => metric === "cores" || metric === "memory_bytes" ? machine[metric] : Infinity;
    const asked = { run, part, target, assumptions, slo, fleet: fits };
    const basis = basisOf(asked);
    const isFleet = basis === "replicated" && fits !== undefined;
    const bought = isFleet ? replicatedRows(asked, fits) : singleRows(asked);
    needs.push({
      need: isFleet ? fits.need : new Map(bought.map(({ metric, recommended }) => [metric, recommended])),
      machine: asShape && !isTooSmall ? (metric) => roomOf(asShape, metric) : measured,
    });
    return bought.map((row) => {
      // System totals leave out the machines of other workers.
      const isOfSystem = row.metric === "cores" || row.metric === "memory_bytes";
      const figure = parts.length > 1 || (workers && isOfSystem)
        ? null
        : textbook(run.summary, row.metric, { sessions: target * assumptions.peak, assumptions });
      return {
        target_sessions: target,
        ...(part.name === "all" ? {} : { part: part.name }),
        basis,
        textbook: figure,
        ...row,
        // What was never used needs no explanation but that.
        notes: row.model === "none" ? row.notes : [
          ...row.notes,
          ...workerNotes(run, part, row.metric),
          ...(asShape && row.metric === "cores" ? [shapeNote(asShape, planned)] : []),
          ...(parts.length === 1 ? textbookNotes(row.metric, figure) : []),
        ],
      };
    });
  });
  if (rows.length === 0 || rows.some((part) => part === undefined)) return undefined;
  return {
    rows: rows.flatMap((part) => part!),
    ...(fleet ? { fleet } : {}),
    binding: { target_sessions: target, ...bindingOf(needs) },
  };
}

/** What each candidate shape would do for a target. */
export function shapesFor(
  run: SizingRun,
  target: number,
  assumptions: Assumptions,
  slo?: SloSizing,
): ShapeRow[] {
  const part = partsOf(run, assumptions).find(({ name }) => name !== "shared");
  return part ? compareShapes(run, part, { target, assumptions, slo }) : [];
}

/** Disk of one target by kind of artifact. */
export function artifactsOf(run: SizingRun, { rows }: TargetSizing, assumptions: Assumptions): ArtifactRow[] {
  const disk = rows.find(({ metric }) => metric === "disk_bytes");
  const all = keptHoursOfAll(run.mix, assumptions);
  if (!disk || disk.estimate === 0) return [];
  return run.mix.kinds.map(({ kind, share, bytes_per_session_hour }) => {
    const part = share * keptHours(kind, run.mix, assumptions) / all;
    return {
      target_sessions: disk.target_sessions,
      kind,
      bytes_per_session_hour,
      share,
      estimate: disk.estimate * part,
      upper: disk.upper * part,
      extrapolation: disk.extrapolation,
    };
  });
}

type Room = (metric: SizingMetric) => number;
type RowCore = Pick<
  SizingRow,
  "metric" | "estimate" | "interval" | "upper" | "recommended" | "model" | "extrapolation" | "notes"
>;

interface Asked {
  run: SizingRun;
  part: Part;
  target: number;
  assumptions: Assumptions;
  slo?: SloSizing;
  /** Of this part, where it may be replicated. */
  fleet?: PlannedFleet;
}

function demandsOf({ run, part, target, assumptions }: Asked): [SizingMetric, Demand][] {
  const sessions = target * assumptions.peak;
  return [...part.fits.keys()].map((metric) => [metric, useOf(run, part, metric, { sessions, assumptions })]);
}

function basisOf(asked: Asked): SizingRow["basis"] {
  const { part, target, assumptions, fleet } = asked;
  const sessions = target * assumptions.peak;
  const isBounded = fleet?.row.shape !== undefined || asked.slo !== undefined;
  if (fleet && isBounded && fleet.row.sessions_per_worker < sessions) return "replicated";
  const demands = demandsOf(asked).map(([, demand]) => demand);
  const reach = demands.map(({ extrapolation }) => extrapolation);
  if (reach.every((label) => label === "none")) return "measured";
  if (!reach.includes("beyond")) return "extrapolated";
  const readable = demands.every(({ model, extrapolation }) =>
    !model.includes("measured level") || extrapolation === "none"
  );
  if (assumptions.extrapolate && readable) return "extrapolated";
  if (fleet) return "replicated";
  const top = topMeasuredSessions(part)!;
  throw new RangeError(
    `Cannot size ${target} sessions on ${
      part.name === "shared" ? "a shared machine" : "one machine"
    } as ${sessions} must be at most 4 × the top usable level, unless extrapolate is set: current value is ${
      (sessions / top).toPrecision(3)
    } × ${top}`,
  );
}

function singleRows(asked: Asked): RowCore[] {
  const { target, assumptions, slo, part } = asked;
  const unshown = slo && target * assumptions.peak > slo.sessions
    ? [`The objective was shown to hold up to ${slo.sessions} sessions only.`]
    : [];
  return demandsOf(asked).map(([metric, { estimate, interval, upper, model, extrapolation, notes }]) => {
    const label = extrapolation === "none" ? [] : [
      extrapolation === "beyond"
        ? "Read at more than four times the measured levels: a guess with a band."
        : `Extrapolated to ${
          extrapolation === "2x" ? "at most twice" : "two to four times"
        } the measured levels; measure there before buying.`,
    ];
    return {
      metric,
      estimate,
      interval,
      upper,
      recommended: applyRule(metric, { estimate, upper }, assumptions),
      model,
      extrapolation,
      notes: [
        ...label,
        ...(part.name === "shared" && asked.run.summary.size_groups.length > 1
          ? ["One target that all workers share."]
          : []),
        ...unshown,
        ...notes,
      ],
    };
  });
}

function replicatedRows({ run, part, assumptions }: Asked, { row: fleet }: PlannedFleet): RowCore[] {
  const active = fleet.workers - fleet.spare;
  return [...part.fits.keys()].map((metric) => {
    const use = fleet.use[metric]!;
    const spread = fleet.target_sessions * assumptions.peak / active;
    const { model, extrapolation, notes } = useOf(run, part, metric, { sessions: spread, assumptions, measured: true });
    const bought: Record<SizingMetric, number> = {
      cores: fleet.workers * fleet.cores_per_worker,
      memory_bytes: fleet.workers * fleet.memory_bytes_per_worker,
      disk_bytes: fleet.workers * fleet.disk_bytes_per_worker,
      network_bytes_per_s: applyRule(metric, use, assumptions),
    };
    return {
      metric,
      ...use,
      recommended: bought[metric],
      model,
      extrapolation,
      notes: [
        metric === "network_bytes_per_s"
          ? "All workers together."
          : `${fleet.workers} workers, ${fleet.spare} of them spare, each at up to ${fleet.sessions_per_worker} sessions.`,
        ...splitNotes(run, part, { metric, sessions: fleet.sessions_per_worker }),
        ...notes,
      ],
    };
  });
}

/** Where several machines drove, what was read of one of them. */
function workerNotes({ summary }: SizingRun, { fits, name }: Part, metric: SizingMetric): string[] {
  if (!fits.get(metric)!.some(({ points }) => points.some(({ worker }) => worker !== undefined))) return [];
  const count = new Set(summary.workers!.map(({ worker }) => worker)).size;
  const groups = summary.size_groups.filter((group) => group !== "target").join(" and ");
  return [
    `${
      count === 1 ? "One worker" : `${count} workers`
    } drove the sweep: what the ${groups} needs is read of one worker, and ` +
    `its base is paid once a machine${
      name === "all" && summary.size_groups.includes("target") ? "; so is the target's" : ""
    }.`,
  ];
}

/** What replication takes for granted, where that may be wrong. */
function splitNotes(
  { summary }: SizingRun,
  part: Part,
  { metric, sessions }: { metric: SizingMetric; sessions: number },
): string[] {
  const grows = part.fits.get(metric)!.some(({ verdict }) => verdict.kind === "superlinear");
  if (!grows && (summary.mode !== "http" || part.name === "workers")) return [];
  return [
    `Assumes that the sessions split into independent groups of ${sessions}: what workers share (a database, one chat room) does not replicate${
      grows ? ", and this metric grows faster than the sessions" : ""
    }.`,
  ];
}

function shapeNote(shape: WorkerShape, planned: PlannedFleet | TooSmall): string {
  return planned.state === "too_small"
    ? `${shape.name} is too small for one session: its ${planned.binds} binds. Workers are as large as they need be.`
    : `A vCPU of ${shape.name} is taken to do what a core of the measured machine did.`;
}

function textbookNotes(metric: SizingMetric, figure: number | null): string[] {
  if (metric !== "disk_bytes") return [];
  return figure === null
    ? ["No textbook figure: the size of a snapshot was not measured."]
    : ["Textbook: bytes a snapshot × sessions × days kept × snapshots a session-day + what is stored already."];
}

/** The largest share of a machine; a limit that nobody knows binds nothing. */
function bindingOf(
  needs: { need: Map<SizingMetric, number>; machine: Room }[],
): { metric: SizingMetric; share: number } {
  const shares = needs.flatMap(({ need, machine }) =>
    [...need].map(([metric, needed]) => ({ metric, share: machine(metric) > 0 ? needed / machine(metric) : 0 }))
  );
  return shares.reduce((most, next) => next.share > most.share ? next : most);
}
