import { z } from "zod";
import type { Extrapolation, Interval } from "./fit.ts";

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
  /** Whether the serving groups are bought once a worker, or shared by all. */
  topology: "replicated" | "shared";
  /** The user allows reading a shared curve beyond four times the top level. */
  extrapolate: boolean;
}

/** What a row is about. */
export type SizingMetric = "cores" | "memory_bytes" | "disk_bytes" | "network_bytes_per_s";

/** One number of a specification. */
export interface SizingRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** Says the unit of the numbers: logical cores, bytes, bytes/s. */
  metric: SizingMetric;
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

/** A target served by several equal machines. */
export interface FleetRow {
  /** Sessions to size for, before the peak factor. */
  target_sessions: number;
  /** A measured level [sessions]. */
  sessions_per_worker: number;
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
  /** One a target. */
  fleet: FleetRow[];
  /** For each target, the metric that needs the largest share of the machine that was measured. */
  binding: { target_sessions: number; metric: SizingMetric; share: number }[];
  /** All of them, defaults included. */
  assumptions: Assumptions;
  /** Only changes that change a recommendation. */
  sensitivity: SensitivityRow[];
}

const metric = z.enum(["cores", "memory_bytes", "disk_bytes", "network_bytes_per_s"]);

/** Validates {@linkcode Assumptions}. */
export const assumptionsSchema = z.object({
  targets: z.array(z.int().min(1).max(100_000_000)).min(1),
  peak: z.number().min(1).max(100),
  safety: z.number().min(1).max(100),
  utilisation: z.number().gt(0).max(1),
  memory_headroom: z.number().min(0).max(10),
  baseline_os_bytes: z.number().min(0),
  baseline_storage_bytes: z.number().min(0),
  retention_days: z.number().min(0).max(36_500),
  session_hours_per_day: z.number().min(0).max(24),
  snapshots_per_session: z.number().min(0),
  replication: z.number().min(1).max(100),
  free_space: z.number().min(0).lt(1),
  spare_workers: z.int().min(0),
  topology: z.enum(["replicated", "shared"]),
  extrapolate: z.boolean(),
}) satisfies z.ZodType<Assumptions>;

/** Validates {@linkcode Sizing}. */
export const sizingSchema = z.object({
  schema: z.literal("plimsoll.sizing/1"),
  source: z.string(),
  answer: z.string(),
  rows: z.array(z.object({
    target_sessions: z.number(),
    metric,
    basis: z.enum(["measured", "extrapolated", "replicated"]),
    textbook: z.number().nullable(),
    estimate: z.number(),
    interval: z.tuple([z.number(), z.number()]),
    upper: z.number(),
    recommended: z.number(),
    model: z.string(),
    extrapolation: z.enum(["none", "2x", "4x", "beyond"]),
    notes: z.array(z.string()),
  })),
  fleet: z.array(z.object({
    target_sessions: z.number(),
    sessions_per_worker: z.number(),
    workers: z.number(),
    spare: z.number(),
    cores_per_worker: z.number(),
    memory_bytes_per_worker: z.number(),
    disk_bytes_per_worker: z.number(),
  })),
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
  })),
}) satisfies z.ZodType<Sizing>;
