import { z } from "zod";
import type { Imported } from "./imported.ts";
import type { LimitFound } from "./limit.ts";
import type { Plan } from "./plan.ts";

/** What `COMPLETE.json` says of a file of an attempt. */
export interface FileSeal {
  /** Lines. */
  rows: number;
  /** Length of the file. */
  bytes: number;
  /** Hash of the whole file, hexadecimal. */
  sha256: string;
}

/** A part of the sessions of every level: the `k`-th of `of`, from 1. */
export interface Share {
  /** From 1. */
  k: number;
  /** How many there are. */
  of: number;
}

/** What one share of a sweep drove of an attempt, and when it began. */
export interface ShareSeal extends Share {
  /** Sessions of this share. */
  sessions: number;
  /** The start that was planned for all shares, ISO 8601, by this machine's clock. */
  intended_at: string;
  /** How much later this share's last agent began, by the same clock [ms]. */
  start_late_ms: number;
  /** Where a hub said when to begin: its time minus this machine's clock [ms]. */
  hub_offset_ms?: number;
  /** How far off that may be: half of the fastest round trip [ms]. */
  hub_error_ms?: number;
}

/** Which share of a sweep a run is, and when it begins. */
export interface ShareClock extends Share {
  /** When the first part of all shares begins, ISO 8601. */
  start_at: string;
  /** From one attempt's start to the next one's [ms]. */
  slot_ms: number;
  /** The service that keeps this machine's clock; `nobody known` where none was found. */
  clock: string;
  /** The same where shares ran on one machine, until it was started anew; absent where it cannot be told. */
  machine?: string;
}

/** The machine that drove one share of a merged run. */
export interface ShareProvenance
  extends
    Omit<ShareClock, "of" | "start_at" | "slot_ms">,
    Partial<Pick<ShareClock, "of" | "start_at" | "slot_ms">>,
    Pick<
      Provenance,
      | "plimsoll_version"
      | "deno_version"
      | "git_revision"
      | "os"
      | "kernel"
      | "cpu_model"
      | "vcpus"
      | "memory_bytes"
      | "cgroup_limits"
      | "time_source"
      | "sampler"
      | "browser"
    > {
  /** Resources of target and machine in the merged run are this one's. */
  sampled_target: boolean;
  /** Where a hub gave it its shares: its name there. */
  worker?: string;
  /** The most sessions that it takes. */
  capacity?: number;
}

/** `COMPLETE.json`: an attempt, or an idle window, that ended as planned. Its presence decides. */
export interface AttemptSeal {
  /** A level under load, or a window without. */
  kind: "level" | "idle";
  /** Sessions planned; 0 for an idle window. */
  level: number;
  /** From 1; 0 for the run that is thrown away, and for an idle window. */
  replicate: number;
  /** From 1; more after a fault. */
  attempt: number;
  /** `failing`: the breaker ended it early, its rows are whole as far as they go. */
  state: "complete" | "failing";
  /** Wall-clock time of the attempt's start, ISO 8601. */
  started_at: string;
  /** The steady window: what is planned, moved to the samples that begin and end it [ms from the attempt's start]. */
  window: { from_ms: number; to_ms: number };
  /** What this run drove of it, where it is one share of a sweep. */
  share?: ShareSeal;
  /** In a merged run, what each share drove of it. */
  shares?: ShareSeal[];
  /** By name, within the attempt's folder. */
  files: Record<string, FileSeal>;
}

/** One line of `manifest.jsonl`: what happened to the run, in order, with wall-clock time. */
export type ManifestLine =
  & { at: string }
  & (
    | { event: "sweep_started"; plan_sha256: string }
    /** `agents`: how many drive it, 1 where it is absent; `cooldown`: what was waited for before it. */
    | {
      event: "attempt_started";
      level: number;
      replicate: number;
      attempt: number;
      path: string;
      discarded?: boolean;
      cooldown?: CoolDown;
      agents?: number;
    }
    /** `reason`: why it is `failing`, where more than its own requests say so. */
    | {
      event: "attempt_complete";
      level: number;
      replicate: number;
      attempt: number;
      path: string;
      state: string;
      reason?: string;
    }
    /** It is kept, and repeated as the next attempt. `stopped`: the sweep was stopped, or ended, while it ran; it broke nothing. */
    | {
      event: "attempt_failed";
      level: number;
      replicate: number;
      attempt: number;
      path: string;
      reason: string;
      stopped?: boolean;
    }
    /** Of what workers sent for an attempt so many batches became no rows of it: sent twice, or not what its worker may send. */
    | { event: "batches_refused"; path: string; duplicate: number; quarantined: number; reasons: string[] }
    /** A sealed file is not what its seal says: the replicate is open again. */
    | { event: "attempt_damaged"; level: number; replicate: number; attempt: number; path: string; reason: string }
    /** The disk is nearly full: agents write rows only from here on. */
    | { event: "artifacts_dropped"; reason: string }
    | { event: "idle_complete"; path: string }
    | { event: "idle_failed"; path: string; reason: string; stopped?: boolean }
    /** Somebody went on with the run; by what, and on which machine. */
    | ({ event: "resumed"; plan_sha256: string } & Resumer)
    /** It was made of the shares that so many machines drove; resources are those of the one that sampled the target. */
    | { event: "merged"; shares: number; sampled_by: number }
    /** It was made of files that another tool wrote. */
    | { event: "imported"; tool: string; files: number }
    /** The answer of a search for the highest level that holds; the last one counts. */
    | ({ event: "limit_found" } & LimitFound)
    | { event: "sweep_complete" }
    /** It went through to its end, and some replicates have no complete attempt. */
    | { event: "sweep_partial"; reason: string }
    | { event: "sweep_stopped"; reason: string }
  );

/** The wait for a quiet machine before an attempt. */
export interface CoolDown {
  /** How long it took [ms]. */
  waited_ms: number;
  /** Whether the machine had become as quiet as at rest. */
  quiet: boolean;
  /** What all of the machine used when the wait ended [logical cores]. */
  busy_cores: number;
  /** What it used at rest, before the sweep [logical cores]. */
  rest_cores: number;
}

/** What went on with a run: the fields of {@linkcode Provenance} that tell whether that was the same program and machine. */
export type Resumer = Pick<
  Provenance,
  "plimsoll_version" | "deno_version" | "git_revision" | "kernel" | "cpu_model" | "vcpus"
>;

/** `provenance.json`: what a reader needs to judge, or repeat, the run. No secrets, no values of environment variables. */
export interface Provenance {
  /** Of the program that measured. */
  plimsoll_version: string;
  /** Of the runtime that it ran on. */
  deno_version: string;
  /** Hash of `deno.lock`, hexadecimal. */
  lockfile_sha256: string;
  /** Commit of the source; `unknown` outside a clone. */
  git_revision: string;
  /** Wall-clock time of the sweep's start, ISO 8601. */
  started_at: string;
  /** For example `Linux`. */
  os: string;
  /** Release of the operating system's kernel. */
  kernel: string;
  /** As the processor names itself. */
  cpu_model: string;
  /** What tells the machine from others while it is up; absent where it cannot be told. */
  machine?: string;
  /** Logical cores; 0 where nobody knows, as of an imported run. */
  vcpus: number;
  /** 2 where logical cores share a physical one. */
  threads_per_core: number;
  /** How the kernel sets the CPU clock; `unknown` where it cannot be read. */
  governor: string;
  /** All of the machine's; 0 where nobody knows, as of an imported run. */
  memory_bytes: number;
  /** Limits of the cgroup that the run is in; absent where there are none. */
  cgroup_limits: { cores?: number; memory_bytes?: number };
  /**
   * What the target may use: its cgroup's limits [cores, bytes], or those of its page of metrics; `shared` where its cgroup is the
   * run's own. Absent where nobody knows.
   */
  target_limits?: { cores?: number; memory_bytes?: number; shared?: boolean };
  /** The kernel's clock source; `unknown` where it cannot be read. */
  time_source: string;
  /** What read the resource rows; nothing in an imported run. */
  sampler: "linux" | "portable" | "none";
  /** What drove the sessions in `playwright` mode: executable, version, where it was found, sandbox on or off. */
  browser?: { path: string; version: string; source: string; sandboxed: boolean };
  /** The URL without query and credentials. */
  target: string;
  /** IP addresses of the target's host. */
  resolved_addresses: string[];
  /** The host that the user said may be loaded, where it is not loopback. */
  consent?: string;
  /** The plan's. */
  seed: number;
  /** Hash of the plan, hexadecimal: equal where two runs did the same. */
  plan_sha256: string;
  /** Where this run is one share of a sweep: which, and on what clock. */
  share?: ShareClock;
  /** In a run of several machines, the machine of each share; the fields above are those of the one that sampled the target. */
  shares?: ShareProvenance[];
  /** Names of the environment variables that were read. */
  environment: string[];
  /** Where something else than a sweep measured: the tool and its files. */
  imported?: Imported;
}

/** Everything on disk about a run that is not rows. */
export interface RunInfo {
  /** The run directory, absolute. */
  path: string;
  /** From `plan.json`. */
  plan: Plan;
  /** From `provenance.json`. */
  provenance: Provenance;
  /** From `manifest.jsonl`, in order. */
  manifest: ManifestLine[];
}

const shareSealSchema = z.object({
  k: z.int().min(1),
  of: z.int().min(1),
  sessions: z.int().min(0),
  intended_at: z.string(),
  start_late_ms: z.number(),
  hub_offset_ms: z.number().optional(),
  hub_error_ms: z.number().optional(),
}) satisfies z.ZodType<ShareSeal>;

/** Validates an {@linkcode AttemptSeal}. */
export const attemptSealSchema = z.object({
  kind: z.enum(["level", "idle"]),
  level: z.int().min(0),
  replicate: z.int().min(0),
  attempt: z.int().min(1),
  state: z.enum(["complete", "failing"]),
  started_at: z.string(),
  window: z.object({ from_ms: z.number(), to_ms: z.number() }),
  share: shareSealSchema.optional(),
  shares: z.array(shareSealSchema).optional(),
  files: z.record(
    z.string(),
    z.object({ rows: z.int().min(0), bytes: z.int().min(0), sha256: z.string().length(64) }),
  ),
}) satisfies z.ZodType<AttemptSeal>;
