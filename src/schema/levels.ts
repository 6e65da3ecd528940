import { z } from "zod";
import type { LimitFound } from "./limit.ts";

/** The fits that something is left out of. */
type Fits = readonly ("demand" | "throughput")[];

/**
 * Every flag: its words for a reader, what it means, and the fits that what has it is left out of. Resource use at saturation is cut
 * off at the capacity, so it says nothing of demand, and all of throughput; where something else was the limit, neither says anything
 * of the target. `leak`, `drift` and `hysteresis` are found within an attempt's window, or of a sweep as a whole.
 */
export const FLAGS = {
  target_saturated: {
    title: "target saturated",
    meaning:
      "the target had no more to give: its cores, its busiest thread, its CPU limit or its memory were used up, or it " +
      "delivered late on a free machine",
    excluded_from: ["demand"],
  },
  machine_limited: {
    title: "machine limited",
    meaning: "the machine was used up, but not by the target",
    excluded_from: ["demand", "throughput"],
  },
  generator_limited: {
    title: "generator limited",
    meaning: "the load generator could not keep up",
    excluded_from: ["demand", "throughput"],
  },
  failing: {
    title: "failing",
    meaning: "more than 5 % of the requests failed, or the load tool did",
    excluded_from: ["demand", "throughput"],
  },
  inconsistent: {
    title: "inconsistent numbers",
    meaning:
      "the rows contradict each other: more cores than there are, or iterations that do not add up to the sessions' time " +
      "(Little's law)",
    excluded_from: ["demand", "throughput"],
  },
  few_samples: {
    title: "few samples",
    meaning: "too few resource samples in the steady window",
    excluded_from: ["demand"],
  },
  steal: {
    title: "stolen time",
    meaning: "the hypervisor gave the machine's cores to others",
    excluded_from: [],
  },
  unsteady: {
    title: "not steady",
    meaning:
      "response times found no steady state in the window, or only late (MSER-5): a longer warm-up or window is needed",
    excluded_from: [],
  },
  drift: {
    title: "drift",
    meaning: "CPU or response times went one way all the time",
    excluded_from: [],
  },
  leak: {
    title: "memory leak",
    meaning: "the target's memory grew and went on growing, so that what it costs depends on how long it runs",
    excluded_from: [],
  },
  hysteresis: {
    title: "target remembers",
    meaning: "the same level costs something else early and late in the sweep",
    excluded_from: [],
  },
} as const satisfies Record<string, { title: string; meaning: string; excluded_from: Fits }>;

/** The name of a flag, a key of {@linkcode FLAGS}. */
export type FlagName = keyof typeof FLAGS;

/** Why a replicate, or a sweep, is set apart. Flagged is not deleted: it stays in tables and plots, with the reason. */
export interface Flag {
  /** What is wrong with it. */
  name: FlagName;
  /** One sentence with the number that decided. */
  reason: string;
  /** The fits that this replicate is left out of. */
  excluded_from: ("demand" | "throughput")[];
}

/**
 * One replicate of one level, reduced to numbers over its steady window.
 *
 * `metrics` is keyed by the names used everywhere (frames, JSON, plots, `fitDemand`):
 * `<group>_cores` [logical cores], `<group>_memory_bytes` [peak], `<group>_memory_mean_bytes`,
 * `<group>_rss_bytes` [peak, shared pages counted once a process],
 * `serving_cores`, `serving_memory_bytes`, `network_bytes_per_s`, `artifact_bytes_per_hour`,
 * `throughput` [iterations/s], `latency_ms_p50|p95|p99`, `error_ratio`, `undelivered_ratio`,
 * `bytes_per_snapshot` and, by kind of artifact, `screenshot_bytes_per_hour`, `har_bytes_per_hour`, `trace_bytes_per_hour`. A metric that was not measured is absent.
 *
 * `latency_ms_p50|p95|p99_low` and `_high` are 95 % intervals; a bound for which there are too few requests is absent:
 * without `_high` nothing says how large the quantile is at most. `effective_requests` is the number of independent requests
 * that would tell as much, `outlier_samples` how many of the `samples` of the target's CPU stand out from their neighbours;
 * they count like the others, and 4 or 5 of 60 ordinary ones do.
 */
export interface LevelSummary {
  /** Sessions planned. */
  level: number;
  /** From 1. */
  replicate: number;
  /** From 1; more after a fault. */
  attempt: number;
  /**
   * Observed concurrency: time average of live sessions over the steady window. The x of every fit. In the open model the
   * offered load: a session is one iteration a pace, so arrivals in the window × pace ÷ window.
   */
  sessions: number;
  /** Length of the steady window [s]. */
  window_s: number;
  /** Rows of `requests.jsonl` in the window. */
  requests: number;
  /** By name, in the unit of that name. */
  metrics: Record<string, number>;
  /** Empty where nothing sets it apart. */
  flags: Flag[];
}

/**
 * What one worker used for its share of one replicate: `level` and `sessions` are the share's, `metrics` those of its browsers and
 * its generator, named as in {@linkcode LevelSummary}. The line through many of them has what a worker costs without sessions.
 */
export interface WorkerLevel
  extends Pick<LevelSummary, "level" | "replicate" | "attempt" | "sessions" | "window_s" | "metrics" | "flags"> {
  /** Number of the worker in its run. */
  worker: number;
}

/** What the machine uses while nothing is driven: from the idle windows before and after the sweep. */
export interface Baseline {
  /** System minus target, browser and generator [logical cores]. */
  os_cores: number;
  /** System minus target, browser and generator [bytes]. */
  os_memory_bytes: number;
  /** After minus before [logical cores]: the drift of the machine. */
  drift_cores: number;
}

/** A run, reduced: what models, sizing, plots and reports work on. Plain data. */
export interface RunSummary {
  /** Path of the run directory. */
  run: string;
  /** Whether sessions were HTTP clients or browsers. */
  mode: "http" | "playwright" | "command";
  /** The target's URL, redacted. */
  url: string;
  /** What makes sessions start their iterations, in words: closed or open model, pace, think time, ramp. */
  load?: string;
  /** The groups summed as `serving_*`. */
  size_groups: string[];
  /** Logical cores, and memory [bytes], of the machine, cgroup limits applied. */
  capacity: { cores: number; memory_bytes: number };
  /** The idle machine. */
  baseline: Baseline;
  /** One a replicate, ascending by level, the discarded run left out. */
  levels: LevelSummary[];
  /** Where several machines drove it, what each used for its share, ascending by the share's sessions. */
  workers?: WorkerLevel[];
  /** What the smallest of those machines has, limits applied. */
  worker_capacity?: { cores: number; memory_bytes: number };
  /** What sets the sweep apart as a whole: what is seen only by comparing its attempts. Absent in documents of older versions. */
  flags?: Flag[];
  /** How screenshots were encoded, where browsers could take them. */
  screenshots?: { format: "jpeg" | "png"; quality?: number };
  /** The answer of a search for the highest level that holds, where there was one. */
  limit?: LimitFound;
  /** What the reader must know: partial attempts, repaired files, missing samples. */
  warnings: string[];
}

/** Validates a {@linkcode Flag}. */
export const flagSchema = z.object({
  name: z.enum(Object.keys(FLAGS) as FlagName[]),
  reason: z.string(),
  excluded_from: z.array(z.enum(["demand", "throughput"])),
}) satisfies z.ZodType<Flag>;

/** Validates a {@linkcode WorkerLevel}. */
export const workerLevelSchema = z.object({
  level: z.number(),
  replicate: z.number(),
  attempt: z.number(),
  sessions: z.number(),
  window_s: z.number(),
  metrics: z.record(z.string(), z.number()),
  flags: z.array(flagSchema),
  worker: z.number(),
}) satisfies z.ZodType<WorkerLevel>;

/** Validates a {@linkcode LevelSummary}. */
export const levelSummarySchema = z.object({
  level: z.number(),
  replicate: z.number(),
  attempt: z.number(),
  sessions: z.number(),
  window_s: z.number(),
  requests: z.number(),
  metrics: z.record(z.string(), z.number()),
  flags: z.array(flagSchema),
}) satisfies z.ZodType<LevelSummary>;
