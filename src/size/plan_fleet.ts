import type {
  Assumptions,
  FitReport,
  FleetRow,
  ShapeRow,
  SizingMetric,
  SloSizing,
  WorkerLimit,
  WorkerShape,
} from "../schema/mod.ts";
import { applyRule } from "./apply_rule.ts";
import { type Part, type SizingRun, topMeasuredSessions, useOf } from "./parts.ts";
import { scaleUse } from "./read_demand.ts";

/** A fleet, and what one of its workers needs of each resource. */
export interface PlannedFleet {
  state: "fits";
  row: FleetRow;
  need: Map<SizingMetric, number>;
}

/** One session needs more of a resource than the shape has. */
export interface TooSmall {
  state: "too_small";
  binds: SizingMetric;
}

/**
 * Equal machines that carry a target together, each at a concurrency that was measured.
 *
 * A worker carries at most the top usable level, what the objective and the knee of throughput allow, and, of a given shape, as many
 * sessions as its cores, memory, disk and network carry by the rules of {@linkcode applyRule}; or the whole target where that is
 * less. The operating system and what a part uses for nobody are paid on each.
 *
 * @param run A run.
 * @param part What the workers carry.
 * @param options Target, assumptions, and what bounds a worker.
 * @returns Workers, the spare ones included; `undefined` where no level is usable, or none keeps the objective.
 */
export function planFleet(
  run: SizingRun,
  part: Part,
  { target, assumptions, slo, shape }: {
    target: number;
    assumptions: Assumptions;
    slo?: SloSizing;
    shape?: WorkerShape;
  },
): PlannedFleet | TooSmall | undefined {
  const top = topMeasuredSessions(part);
  if (top === undefined || slo?.sessions === 0) return undefined;
  const peakSessions = target * assumptions.peak;
  const needAt = (sessions: number) =>
    new Map([...part.fits.keys()].map((metric) => {
      const use = useOf(run, part, metric, { sessions, assumptions, measured: true });
      return [metric, applyRule(metric, use, assumptions)];
    }));
  let { sessions, binds } = lowestLimit([
    [top, "top_level"],
    [kneeOf(run.fits) ?? Infinity, "knee"],
    [slo?.sessions ?? Infinity, "slo"],
    [Math.ceil(peakSessions - 1e-9), "target"],
  ]);
  if (shape) {
    const lacking = (tried: number) => [...needAt(tried)].find(([metric, need]) => need > roomOf(shape, metric))?.[0];
    const most = largest(sessions, (tried) => lacking(tried) === undefined);
    if (most === 0) return { state: "too_small", binds: lacking(1)! };
    if (most < sessions) binds = lacking(most + 1)!;
    sessions = most;
  }
  const active = Math.ceil(peakSessions / sessions - 1e-9);
  const workers = active + assumptions.spare_workers;
  const need = needAt(sessions);
  return {
    state: "fits",
    need,
    row: {
      target_sessions: target,
      ...(shape ? { shape: shape.name } : {}),
      sessions_per_worker: sessions,
      binds,
      workers,
      spare: assumptions.spare_workers,
      cores_per_worker: shape?.vcpus ?? need.get("cores") ?? 0,
      memory_bytes_per_worker: shape ? roomOf(shape, "memory_bytes") : need.get("memory_bytes") ?? 0,
      disk_bytes_per_worker: shape?.disk_gib === undefined ? need.get("disk_bytes") ?? 0 : roomOf(shape, "disk_bytes"),
      use: Object.fromEntries([...part.fits.keys()].map((metric) => {
        const one = useOf(run, part, metric, { sessions: peakSessions / active, assumptions, measured: true });
        return [metric, scaleUse(one, active)];
      })),
      ...(shape?.price_per_hour === undefined ? {} : { price_per_hour: workers * shape.price_per_hour }),
    },
  };
}

/** What each candidate shape would do for a target: the cheapest fleet first, without prices that with the fewest cores; then what is too small. */
export function compareShapes(
  run: SizingRun,
  part: Part,
  options: { target: number; assumptions: Assumptions; slo?: SloSizing },
): ShapeRow[] {
  const { target, assumptions } = options;
  const rows = assumptions.shapes.flatMap((shape): ShapeRow[] => {
    const fleet = planFleet(run, part, { ...options, shape });
    if (!fleet) return [];
    if (fleet.state === "too_small") {
      return [{ state: "too_small", target_sessions: target, shape: shape.name, binds: fleet.binds }];
    }
    return [{ state: "fits", ...fleet.row, shape: shape.name }];
  });
  const keys = (row: ShapeRow) =>
    row.state === "too_small" ? [Infinity, 0, 0] : [
      row.price_per_hour ?? Number.MAX_VALUE,
      row.workers * row.cores_per_worker,
      row.workers * row.memory_bytes_per_worker,
    ];
  return rows.toSorted((a, b) => {
    const [left, right] = [keys(a), keys(b)];
    const differs = left.findIndex((key, index) => key !== right[index]);
    return differs < 0 ? 0 : left[differs] - right[differs];
  });
}

/** How much of a resource a shape has, in the row's unit. */
export function roomOf(shape: WorkerShape, metric: SizingMetric): number {
  switch (metric) {
    case "cores":
      return shape.vcpus;
    case "memory_bytes":
      return shape.memory_gib * 2 ** 30;
    case "disk_bytes":
      return (shape.disk_gib ?? Infinity) * 2 ** 30;
    case "network_bytes_per_s":
      return (shape.network_gbit_per_s ?? Infinity) * 1e9 / 8;
  }
}

/** Where throughput stops growing with sessions, if it does: past it a worker only makes its sessions wait. */
function kneeOf({ metrics: { throughput } }: FitReport): number | undefined {
  const parameters = throughput?.models.find(({ name }) => name === throughput.accepted)?.parameters;
  if (throughput?.accepted === "knee") return Math.floor(parameters!.limit.value / parameters!.lambda.value);
  if (throughput?.accepted !== "usl" || !(parameters!.kappa.value > 0)) return undefined;
  return Math.floor(Math.sqrt((1 - parameters!.sigma.value) / parameters!.kappa.value));
}

function lowestLimit(limits: [number, WorkerLimit][]): { sessions: number; binds: WorkerLimit } {
  const [sessions, binds] = limits.reduce((lowest, next) => next[0] < lowest[0] ? next : lowest);
  return { sessions: Math.max(1, sessions), binds };
}

/** The largest whole number from 1 to `most` that is right, where all below a right one are; 0 where none is. */
export function largest(most: number, isRight: (tried: number) => boolean): number {
  if (isRight(most)) return most;
  let [right, wrong] = [0, most];
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    if (isRight(middle)) right = middle;
    else wrong = middle;
  }
  return right;
}
