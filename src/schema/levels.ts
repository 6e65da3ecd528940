import { z } from "zod";

/** Why a replicate is set apart. Flagged is not deleted: it stays in tables and plots, with the reason. */
export interface Flag {
  /** What is wrong with it. */
  name:
    | "target_saturated"
    | "machine_limited"
    | "generator_limited"
    | "failing"
    | "inconsistent"
    | "steal"
    | "few_samples";
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
 * `bytes_per_snapshot`. A metric that was not measured is absent.
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
  /** What the reader must know: partial attempts, repaired files, missing samples. */
  warnings: string[];
}

/** Validates a {@linkcode LevelSummary}. */
export const levelSummarySchema = z.object({
  level: z.number(),
  replicate: z.number(),
  attempt: z.number(),
  sessions: z.number(),
  window_s: z.number(),
  requests: z.number(),
  metrics: z.record(z.string(), z.number()),
  flags: z.array(z.object({
    name: z.enum([
      "target_saturated",
      "machine_limited",
      "generator_limited",
      "failing",
      "inconsistent",
      "steal",
      "few_samples",
    ]),
    reason: z.string(),
    excluded_from: z.array(z.enum(["demand", "throughput"])),
  })),
}) satisfies z.ZodType<LevelSummary>;
