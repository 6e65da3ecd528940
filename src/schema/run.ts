import { z } from "zod";
import type { Plan } from "./plan.ts";

/** What `COMPLETE.json` says of a file of an attempt. */
export interface FileSeal {
  rows: number;
  bytes: number;
  sha256: string;
}

/** `COMPLETE.json`: an attempt, or an idle window, that ended as planned. Its presence decides. */
export interface AttemptSeal {
  kind: "level" | "idle";
  /** Sessions planned; 0 for an idle window. */
  level: number;
  replicate: number;
  attempt: number;
  /** `failing`: the breaker ended it early, its rows are whole as far as they go. */
  state: "complete" | "failing";
  /** Wall-clock time of the attempt's start, ISO 8601. */
  started_at: string;
  /** The planned steady window [ms from the attempt's start]. */
  window: { from_ms: number; to_ms: number };
  files: Record<string, FileSeal>;
}

/** One line of `manifest.jsonl`: what happened to the run, in order, with wall-clock time. */
export type ManifestLine =
  & { at: string }
  & (
    | { event: "sweep_started"; plan_sha256: string }
    | { event: "attempt_started"; level: number; replicate: number; attempt: number; path: string; discarded?: boolean }
    | { event: "attempt_complete"; level: number; replicate: number; attempt: number; path: string; state: string }
    | { event: "attempt_failed"; level: number; replicate: number; attempt: number; path: string; reason: string }
    | { event: "idle_complete"; path: string }
    | { event: "sweep_complete" }
    | { event: "sweep_stopped"; reason: string }
  );

/** `provenance.json`: what a reader needs to judge, or repeat, the run. No secrets, no values of environment variables. */
export interface Provenance {
  plimsoll_version: string;
  deno_version: string;
  lockfile_sha256: string;
  git_revision: string;
  started_at: string;
  os: string;
  kernel: string;
  cpu_model: string;
  /** Logical cores. */
  vcpus: number;
  threads_per_core: number;
  governor: string;
  memory_bytes: number;
  /** Limits of the cgroup that the run is in; absent where there are none. */
  cgroup_limits: { cores?: number; memory_bytes?: number };
  time_source: string;
  sampler: "linux" | "portable";
  memory_kind: "pss" | "rss";
  browser?: { path: string; version: string; source: string; sandboxed: boolean };
  /** The URL without query and credentials. */
  target: string;
  resolved_addresses: string[];
  /** The host that the user said may be loaded, where it is not loopback. */
  consent?: string;
  seed: number;
  plan_sha256: string;
  /** Names of the environment variables that were read. */
  environment: string[];
}

/** Everything on disk about a run that is not rows. */
export interface RunInfo {
  path: string;
  plan: Plan;
  provenance: Provenance;
  manifest: ManifestLine[];
}

/** Validates an {@linkcode AttemptSeal}. */
export const attemptSealSchema = z.object({
  kind: z.enum(["level", "idle"]),
  level: z.int().min(0),
  replicate: z.int().min(0),
  attempt: z.int().min(1),
  state: z.enum(["complete", "failing"]),
  started_at: z.string(),
  window: z.object({ from_ms: z.number(), to_ms: z.number() }),
  files: z.record(
    z.string(),
    z.object({ rows: z.int().min(0), bytes: z.int().min(0), sha256: z.string().length(64) }),
  ),
}) satisfies z.ZodType<AttemptSeal>;
