import { z } from "zod";
import type { Extrapolation, Interval } from "./fit.ts";
import { type LimitCondition, limitConditionSchema } from "./limit.ts";

/** A machine that can be had as a worker. */
export interface WorkerShape {
  /** As its provider calls it; each once in a list. */
  name: string;
  /** Who offers it. */
  provider?: string;
  /** What it is made for, for example `general`, `compute`, `memory`. */
  family?: string;
  /** Logical cores. One of them is taken to do what one of the measured machine does. */
  vcpus: number;
  /** All of its memory [GiB]. */
  memory_gib: number;
  /** What its network sustains [Gbit/s, 10⁹]; absent: no limit is known. */
  network_gbit_per_s?: number;
  /** Disk that comes with it [GiB]; absent: disk is bought apart, as much as is needed. */
  disk_gib?: number;
  /** In a currency of your own. */
  price_per_hour?: number;
}

/** A list of machines, as in `data/catalogues/`, or your own. */
export interface ShapeCatalogue {
  /** Version of this format. */
  schema: "plimsoll.shapes/1";
  /** Who offers them. */
  provider?: string;
  /** Where the numbers come from. */
  source?: string;
  /** When they were looked up, `YYYY-MM-DD`. */
  as_of?: string;
  /** What the prices are in, for example `EUR`. */
  currency?: string;
  /** What a reader must know of the numbers. */
  note?: string;
  /** Each name once. */
  shapes: WorkerShape[];
}

/** What a screenshot was found to take, in this run or another one of the same page. */
export interface ScreenshotMeasured {
  /** Encoding. */
  format: "jpeg" | "png";
  /** JPEG quality, 1–100; absent for PNG. */
  quality?: number;
  /** Median at the top usable level [bytes]. */
  bytes_per_snapshot: number;
  /** The run that measured it. */
  run: string;
}

/** What is assumed beside what was measured. Printed with every result. */
export interface Assumptions {
  /** Sessions to size for. */
  targets: number[];
  /** Peak-to-mean: T_peak = target · peak is used everywhere. */
  peak: number;
  /** Factor on the estimate, from 1. */
  safety: number;
  /** Highest CPU utilisation to plan for, 0–1. */
  utilisation: number;
  /** Memory kept free, as a share. */
  memory_headroom: number;
  /** What the operating system takes [bytes]. */
  baseline_os_bytes: number;
  /** Disk that is taken before the first artifact [bytes]. */
  baseline_storage_bytes: number;
  /** How long artifacts are kept [days]. */
  retention_days: number;
  /** At most so many screenshots of a session slot are kept, the newest; absent: as many as the days allow. Other artifacts go by days. */
  retention_count?: number;
  /** Hours a day in which a session slot is in use. */
  session_hours_per_day: number;
  /** Screenshots that one session slot takes in a day. */
  snapshots_per_session: number;
  /** Copies of each artifact. */
  replication: number;
  /** Disk kept free, as a share. */
  free_space: number;
  /** Spare workers in a fleet. */
  spare_workers: number;
  /**
   * `replicated`: all serving groups are bought once a worker. `shared`: all workers share one target, which has rows of its own, read
   * at all sessions; what else serves (browsers) is bought once a worker.
   */
  topology: "replicated" | "shared";
  /** The user allows reading a shared curve beyond four times the top level. */
  extrapolate: boolean;
  /** Machines to choose workers from. */
  shapes: WorkerShape[];
  /** The one of `shapes` that is bought; absent: a worker is as large as the highest measured level needs. */
  shape?: string;
  /** What a worker has to keep at its sessions; empty: nothing. */
  slo: LimitCondition[];
  /** What screenshots take in other formats or qualities, as other runs of the same page measured it. */
  screenshots: ScreenshotMeasured[];
}

/** What a row is about. */
export type SizingMetric = "cores" | "memory_bytes" | "disk_bytes" | "network_bytes_per_s";

/** One number of a specification. */
export interface SizingRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** Says the unit of the numbers: logical cores, bytes, bytes/s. */
  metric: SizingMetric;
  /** Of which machines, where workers share a target: theirs, or its. Absent where all that serves is bought together. */
  part?: "workers" | "shared";
  /** Where the numbers come from: within the measured levels, beyond them, or many workers at a measured one. */
  basis: "measured" | "extrapolated" | "replicated";
  /** Average ÷ sessions · target · safety, on system totals, generator included. Shown for comparison only. `null` where it has no meaning. */
  textbook: number | null;
  /** Expected use at the peak, without safety. */
  estimate: number;
  /** 95 % prediction interval of `estimate`. */
  interval: Interval;
  /** One-sided 95 % upper bound. */
  upper: number;
  /** What to buy. Whole cores. */
  recommended: number;
  /** The curve that was read, or `measured level`. */
  model: string;
  /** How far outside the measured levels the curve was read. */
  extrapolation: Extrapolation;
  /** What the reader must know of this row; may be empty. */
  notes: string[];
}

/** What may keep a worker from carrying more: a resource, the highest level measured, or one of the limits found in the run. */
export type WorkerLimit = SizingMetric | "top_level" | "knee" | "slo" | "target";

/** What is used, with its band. */
export interface Use {
  /** Expected at the peak, without safety. */
  estimate: number;
  /** 95 % prediction interval. */
  interval: Interval;
  /** One-sided 95 % upper bound. */
  upper: number;
}

/** A target served by several equal machines. */
export interface FleetRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** The chosen shape; absent: workers are as large as they need be. */
  shape?: string;
  /** At most the highest measured level [sessions]. */
  sessions_per_worker: number;
  /** Why not more. */
  binds: WorkerLimit;
  /** Machines to buy, the spare ones included. */
  workers: number;
  /** How many of `workers` may fail. */
  spare: number;
  /** Logical cores, whole. */
  cores_per_worker: number;
  /** Operating system included. */
  memory_bytes_per_worker: number;
  /** For the whole retention, free space included. */
  disk_bytes_per_worker: number;
  /** What all workers together use at the peak, sessions spread evenly over those that are not spare; without the operating system. */
  use: Partial<Record<SizingMetric, Use>>;
  /** Of all workers, where the shape has a price. */
  price_per_hour?: number;
}

/** What a shape would do for a target: a fleet of it, or what one session lacks on it. */
export type ShapeRow =
  | ({ state: "fits"; shape: string } & FleetRow)
  | { state: "too_small"; target_sessions: number; shape: string; binds: SizingMetric };

/** Machines that a sweep at the target needs to drive it. */
export interface GeneratorRow {
  /** Sessions to drive, before the peak factor. */
  target_sessions: number;
  /** Machines of the size that is given here. */
  machines: number;
  /** What one of them drives at most. */
  sessions_per_machine: number;
  /** Logical cores. */
  cores_per_machine: number;
  /** All of its memory. */
  memory_bytes_per_machine: number;
  /** What all of them use [logical cores]. */
  cores: Use;
  /** What all of them use [bytes], without the operating system; absent where it was not measured. */
  memory_bytes?: Use;
  /** Why a machine drives no more. */
  binds: "cores" | "memory_bytes" | "top_level" | "target";
  /** How far outside the measured levels one machine is read. */
  extrapolation: Extrapolation;
  /** What the reader must know; may be empty. */
  notes: string[];
}

/** Disk of one kind of artifact. */
export interface ArtifactRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** `screenshot`, `har`, `trace`. */
  kind: string;
  /** Written by one session in an hour, at the top usable level [bytes]. */
  bytes_per_session_hour: number;
  /** Its part of all artifact bytes at the top usable level, 0–1. */
  share: number;
  /** Kept at the end of the retention, copies included [bytes]. */
  estimate: number;
  /** One-sided 95 % upper bound [bytes]. */
  upper: number;
  /** How far outside the measured levels. */
  extrapolation: Extrapolation;
}

/** Disk if screenshots were taken otherwise, all else kept. */
export interface ScreenshotRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** Time between two screenshots of a session [s]. */
  every_s: number;
  /** Encoding. */
  format: "jpeg" | "png";
  /** JPEG quality; absent for PNG. */
  quality?: number;
  /** As measured in `run` [bytes]. */
  bytes_per_snapshot: number;
  /** The run that measured the bytes. */
  run: string;
  /** Disk to buy, all artifacts together [bytes]. */
  recommended: number;
  /** How far outside the measured levels. */
  extrapolation: Extrapolation;
}

/** The most sessions at which an objective was shown to hold. */
export interface SloSizing {
  /** What is to be kept. */
  conditions: LimitCondition[];
  /** The highest level that keeps all of them by their upper bounds, below any that is broken; 0 where none does. */
  sessions: number;
  /** The lowest level that breaks one of them even by its lower bound; absent where none does: the limit may lie anywhere above. */
  below?: number;
  /** What was found of every level, ascending. */
  levels: { level: number; state: "kept" | "open" | "broken"; reason: string }[];
  /** All of it in one sentence. */
  text: string;
}

/** One assumption changed, everything else kept. */
export interface SensitivityRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** Field of {@linkcode Assumptions}. */
  assumption: string;
  /** As assumed. */
  from: number;
  /** As tried. */
  to: number;
  /** What is recommended differently; says the unit. */
  metric: SizingMetric;
  /** What to buy as assumed. */
  recommended_from: number;
  /** What to buy as tried. */
  recommended_to: number;
  /** How far outside the measured levels what is tried is read. */
  extrapolation: Extrapolation;
}

/** What `plimsoll size --json` prints. */
export interface Sizing {
  /** Version of this format. */
  schema: "plimsoll.sizing/1";
  /** The run directory or file that was sized from. */
  source: string;
  /** The one-sentence answer. */
  answer: string;
  /** One a target and metric. Empty where no level may be used. */
  rows: SizingRow[];
  /** One a target; empty where nothing can be replicated. */
  fleet: FleetRow[];
  /** One a target and candidate shape; where they have prices the cheapest fleet first, else that with the fewest cores. */
  shapes: ShapeRow[];
  /** One a target; empty where the generator's use was not measured. */
  generators: GeneratorRow[];
  /** One a target and kind of artifact. */
  artifacts: ArtifactRow[];
  /** One a target, period and measured encoding; empty where no screenshots were taken. */
  screenshots: ScreenshotRow[];
  /** Absent where nothing was asked for. */
  slo?: SloSizing;
  /** For each target, the metric that needs the largest share of the machine that was measured, or of the chosen shape. */
  binding: { target_sessions: number; metric: SizingMetric; share: number }[];
  /** All of them, defaults included. */
  assumptions: Assumptions;
  /** Only changes that change a recommendation. */
  sensitivity: SensitivityRow[];
}

const metric = z.enum(["cores", "memory_bytes", "disk_bytes", "network_bytes_per_s"]);
const extrapolation = z.enum(["none", "2x", "4x", "beyond"]);
const use = z.object({ estimate: z.number(), interval: z.tuple([z.number(), z.number()]), upper: z.number() });

/** Validates a {@linkcode WorkerShape}. */
export const workerShapeSchema = z.strictObject({
  name: z.string().min(1).max(100),
  provider: z.string().max(100).optional(),
  family: z.string().max(100).optional(),
  vcpus: z.number().gt(0).max(100_000),
  memory_gib: z.number().gt(0).max(1_000_000),
  network_gbit_per_s: z.number().gt(0).max(1_000_000).optional(),
  disk_gib: z.number().gt(0).max(1e9).optional(),
  price_per_hour: z.number().min(0).max(1e9).optional(),
}) satisfies z.ZodType<WorkerShape>;

const shapes = z.array(workerShapeSchema).max(1000).refine(
  (all) => new Set(all.map(({ name }) => name)).size === all.length,
  "shapes with different names",
);

/** Validates a {@linkcode ShapeCatalogue}. */
export const shapeCatalogueSchema = z.strictObject({
  schema: z.literal("plimsoll.shapes/1"),
  provider: z.string().max(100).optional(),
  source: z.string().max(1000).optional(),
  as_of: z.iso.date().optional(),
  currency: z.string().max(20).optional(),
  note: z.string().max(1000).optional(),
  shapes: shapes.min(1),
}) satisfies z.ZodType<ShapeCatalogue>;

const screenshotMeasured = z.strictObject({
  format: z.enum(["jpeg", "png"]),
  quality: z.int().min(1).max(100).optional(),
  bytes_per_snapshot: z.number().gt(0),
  run: z.string(),
}) satisfies z.ZodType<ScreenshotMeasured>;

/** Validates {@linkcode Assumptions}. */
export const assumptionsSchema = z.strictObject({
  targets: z.array(z.int().min(1).max(100_000_000)).min(1),
  peak: z.number().min(1).max(100),
  safety: z.number().min(1).max(100),
  utilisation: z.number().min(0.01).max(1),
  memory_headroom: z.number().min(0).max(10),
  baseline_os_bytes: z.number().min(0).max(1e15),
  baseline_storage_bytes: z.number().min(0).max(1e18),
  retention_days: z.number().min(0).max(36_500),
  retention_count: z.int().min(0).max(1e9).optional(),
  session_hours_per_day: z.number().min(0).max(24),
  snapshots_per_session: z.number().min(0).max(1e9),
  replication: z.number().min(1).max(100),
  free_space: z.number().min(0).max(0.99),
  spare_workers: z.int().min(0).max(1_000_000),
  topology: z.enum(["replicated", "shared"]),
  extrapolate: z.boolean(),
  shapes,
  shape: z.string().optional(),
  slo: z.array(limitConditionSchema).max(5),
  screenshots: z.array(screenshotMeasured).max(100),
}) satisfies z.ZodType<Assumptions>;

const fleetFields = {
  target_sessions: z.number(),
  shape: z.string().optional(),
  sessions_per_worker: z.number(),
  binds: z.enum(["cores", "memory_bytes", "disk_bytes", "network_bytes_per_s", "top_level", "knee", "slo", "target"]),
  workers: z.number(),
  spare: z.number(),
  cores_per_worker: z.number(),
  memory_bytes_per_worker: z.number(),
  disk_bytes_per_worker: z.number(),
  use: z.partialRecord(metric, use),
  price_per_hour: z.number().optional(),
};

/** Validates {@linkcode Sizing}. */
export const sizingSchema = z.object({
  schema: z.literal("plimsoll.sizing/1"),
  source: z.string(),
  answer: z.string(),
  rows: z.array(z.object({
    target_sessions: z.number(),
    metric,
    part: z.enum(["workers", "shared"]).optional(),
    basis: z.enum(["measured", "extrapolated", "replicated"]),
    textbook: z.number().nullable(),
    estimate: z.number(),
    interval: z.tuple([z.number(), z.number()]),
    upper: z.number(),
    recommended: z.number(),
    model: z.string(),
    extrapolation,
    notes: z.array(z.string()),
  })),
  fleet: z.array(z.object(fleetFields)),
  shapes: z.array(z.discriminatedUnion("state", [
    z.object({ ...fleetFields, state: z.literal("fits"), shape: z.string() }),
    z.object({ state: z.literal("too_small"), target_sessions: z.number(), shape: z.string(), binds: metric }),
  ])),
  generators: z.array(z.object({
    target_sessions: z.number(),
    machines: z.number(),
    sessions_per_machine: z.number(),
    cores_per_machine: z.number(),
    memory_bytes_per_machine: z.number(),
    cores: use,
    memory_bytes: use.optional(),
    binds: z.enum(["cores", "memory_bytes", "top_level", "target"]),
    extrapolation,
    notes: z.array(z.string()),
  })),
  artifacts: z.array(z.object({
    target_sessions: z.number(),
    kind: z.string(),
    bytes_per_session_hour: z.number(),
    share: z.number(),
    estimate: z.number(),
    upper: z.number(),
    extrapolation,
  })),
  screenshots: z.array(z.object({
    target_sessions: z.number(),
    every_s: z.number(),
    format: z.enum(["jpeg", "png"]),
    quality: z.number().optional(),
    bytes_per_snapshot: z.number(),
    run: z.string(),
    recommended: z.number(),
    extrapolation,
  })),
  slo: z.object({
    conditions: z.array(limitConditionSchema),
    sessions: z.number(),
    below: z.number().optional(),
    levels: z.array(z.object({ level: z.number(), state: z.enum(["kept", "open", "broken"]), reason: z.string() })),
    text: z.string(),
  }).optional(),
  binding: z.array(z.object({ target_sessions: z.number(), metric, share: z.number() })),
  assumptions: assumptionsSchema,
  sensitivity: z.array(z.object({
    target_sessions: z.number(),
    assumption: z.string(),
    from: z.number(),
    to: z.number(),
    metric,
    recommended_from: z.number(),
    recommended_to: z.number(),
    extrapolation,
  })),
}) satisfies z.ZodType<Sizing>;
