import { z } from "zod";
import type { Group } from "./plan.ts";

/** How a request, or a step in a browser, ended. */
export type Outcome = typeof OUTCOMES[number];

/** Every {@linkcode Outcome}. */
export const OUTCOMES = [
  "ok",
  "http_error",
  "check_failed",
  "timeout",
  "refused",
  "reset",
  "dns",
  "tls",
  "aborted",
  "blocked_host",
  "browser_lost",
  "step_failed",
] as const;

/**
 * One line of `requests.jsonl`, or of a further agent's `requests.2.jsonl`: a request, or a step of a browser session. Times are
 * monotonic, from the attempt's start.
 */
export interface RequestRow {
  /** Position in the file, from 0, without gaps. */
  seq: number;
  /** Session number, from 0. */
  session: number;
  /** Iteration number of that session, from 0. */
  iteration: number;
  /** Name of the request or browser step. */
  step: string;
  /** The intended start [ms]: the slot for an iteration's first step, the end of the step before for the others. */
  scheduled_ms: number;
  /** The actual start [ms]. */
  started_ms: number;
  /** From the actual start to the last byte, or to the failure [ms]. */
  duration_ms: number;
  /** `ok`, or what went wrong. */
  outcome: Outcome;
  /** HTTP status, 0 where there was none. */
  status: number;
  /** Bytes on the wire towards the session, headers included; in a browser all that the page received since its last row. */
  bytes_in: number;
  /** Bytes on the wire from the session, headers included. */
  bytes_out: number;
  /** Rows of streams: from when on their bytes came, the end of the row before [ms]. Absent where that is `started_ms`. */
  bytes_from_ms?: number;
  /** Rows of streams: until when their bytes came, where the step was told to hold on [ms]. Absent where that is the row's end. */
  bytes_to_ms?: number;
  /** A step of a session's setup or teardown: traffic, and errors, but no iteration and no latency. Absent for all others. */
  phase?: "setup" | "teardown";
}

/** One line of `resources.jsonl`: one group at one time. Counters are cumulative, children that have ended included. */
export interface ResourceRow {
  /** Position in the file, from 0, without gaps. */
  seq: number;
  /** In a merged run, the share on whose machine it was sampled; absent where that is the machine that sampled the target. */
  share?: number;
  /** When it was sampled [ms since the attempt's start]. */
  t_ms: number;
  /** Whose use this is. */
  group: Group;
  /** CPU time used [ms]. On `system` rows the busy time of all cores. */
  cpu_ms: number;
  /** Absent where it was not read at this sample: PSS is read at a lower rate. */
  memory_bytes?: number;
  /** How memory was read: proportional set size, resident set size, the cgroup's own count, or the machine's. */
  memory_kind?: "pss" | "rss" | "cgroup" | "system";
  /** Sum of the processes' resident set sizes: counts a page as often as it is shared. For comparison with PSS. */
  rss_bytes?: number;
  /** Alive at this sample; of a target that is scraped as many as it says, or 1. */
  processes: number;
  /** Sum over the samples of the CPU time of the busiest thread of each interval [ms]. */
  hottest_thread_cpu_ms?: number;
  /** `system` rows, and `target` rows of a whole machine: busy time of each core [ms]. */
  core_busy_ms?: number[];
  /** `system` rows: time that the hypervisor gave to others [ms]. */
  steal_ms?: number;
  /** `system` rows, and `target` rows of a cgroup: time that the cgroup's CPU limit held its tasks back [ms]. */
  throttled_ms?: number;
  /** `system` rows: mean clock of the cores [MHz]. */
  mhz?: number;
  /** `system` rows: total minus available. */
  memory_used_bytes?: number;
  /** `system` rows: what may be taken without swapping. */
  memory_available_bytes?: number;
  /** All interfaces but loopback. */
  network_received_bytes?: number;
  /** All interfaces but loopback. */
  network_sent_bytes?: number;
  /** The loopback interface; it counts each byte both as received and as sent, this is one of the two. */
  network_loopback_bytes?: number;
  /** Whole disks, partitions not counted again. */
  disk_read_bytes?: number;
  /** Whole disks, partitions not counted again. */
  disk_written_bytes?: number;
  /** Bytes that the run has written as artifacts, by kind, from the attempt's start. */
  artifact_bytes?: Record<string, number>;
  /** Time in which some task waited for CPU, memory or I/O [ms]. */
  pressure_cpu_ms?: number;
  /** As `pressure_cpu_ms`, for memory [ms]. */
  pressure_memory_ms?: number;
  /** As `pressure_cpu_ms`, for I/O [ms]. */
  pressure_io_ms?: number;
  /** How late this sample was taken [ms]. */
  late_ms?: number;
  /** `system` rows: samples that could not be taken since the row before, and are not made up. */
  missed?: number;
  /** `system` rows: pages of the target's metrics that could not be read so far, and left no row. */
  scrapes_failed?: number;
  /** CPU time of the sampler itself [ms]. */
  sampler_cpu_ms?: number;
}

/** One line of `events.jsonl`, by the agent. */
export type EventRow =
  & { seq: number; t_ms: number }
  & (
    | { event: "session_start"; session: number }
    | { event: "session_end"; session: number }
    /** Slots that passed while the session was busy: iterations that should have started and did not. */
    | { event: "undelivered"; session: number; slots: number }
    /** Open model: iterations that were to start from `from_ms` to now, and those of them for which no session was free. */
    | { event: "arrivals"; from_ms: number; offered: number; undelivered: number }
    /** `path` is relative to the run. What grew all the time and was written at the end says from when on it `covers_from_ms`. */
    | { event: "artifact"; session: number; kind: string; bytes: number; path: string; covers_from_ms?: number }
    /** The disk is nearly full: no artifact is written from here on. */
    | { event: "artifacts_dropped" }
    /** The user's load generator ended: its exit code, `null` after a signal, and whether before its time. */
    | { event: "command_end"; code: number | null; early: boolean }
    /** How the generator kept up over the steady window. */
    | { event: "generator"; loop_lag_p99_ms: number; start_late_p99_ms: number }
    /** A session lost its page, or its browser with all its pages; it goes on in a new one. */
    | { event: "browser_lost"; session: number; reason: string }
    /** A browser was started in place of one that ended: the how-manieth of this attempt. */
    | { event: "browser_respawned"; respawn: number }
    /** What pages asked for and did not get: an origin that is not the target's, a popup, a download, a dialog. */
    | {
      event: "refused";
      session: number;
      what: "host" | "popup" | "download" | "dialog";
      count: number;
      origin?: string;
    }
    /** What came and went on a stream between its last row and its session's end. */
    | {
      event: "stream_end";
      session: number;
      step: string;
      bytes_in: number;
      bytes_out: number;
      bytes_from_ms: number;
    }
    /** Why a step failed, its first line, once a step and outcome; of a browser once a session. */
    | { event: "step_failed"; session: number; step: string; outcome: Outcome; reason: string }
  );

const row = { seq: z.int().min(0) };
const at = z.number().min(0);

/** Validates a {@linkcode RequestRow}. */
export const requestRowSchema = z.object({
  ...row,
  session: z.int().min(0),
  iteration: z.int().min(0),
  step: z.string(),
  scheduled_ms: at,
  started_ms: at,
  duration_ms: at,
  outcome: z.enum(OUTCOMES),
  status: z.int().min(0),
  bytes_in: z.number().min(0),
  bytes_out: z.number().min(0),
  bytes_from_ms: at.optional(),
  bytes_to_ms: at.optional(),
  phase: z.enum(["setup", "teardown"]).optional(),
}) satisfies z.ZodType<RequestRow>;

/** Validates a {@linkcode ResourceRow}. */
export const resourceRowSchema = z.object({
  ...row,
  t_ms: at,
  share: z.int().min(1).optional(),
  group: z.enum(["target", "browser", "generator", "system"]),
  cpu_ms: at,
  memory_bytes: at.optional(),
  memory_kind: z.enum(["pss", "rss", "cgroup", "system"]).optional(),
  rss_bytes: at.optional(),
  processes: z.int().min(0),
  hottest_thread_cpu_ms: at.optional(),
  core_busy_ms: z.array(at).optional(),
  steal_ms: at.optional(),
  throttled_ms: at.optional(),
  mhz: at.optional(),
  memory_used_bytes: at.optional(),
  memory_available_bytes: at.optional(),
  network_received_bytes: at.optional(),
  network_sent_bytes: at.optional(),
  network_loopback_bytes: at.optional(),
  disk_read_bytes: at.optional(),
  disk_written_bytes: at.optional(),
  artifact_bytes: z.record(z.string(), at).optional(),
  pressure_cpu_ms: at.optional(),
  pressure_memory_ms: at.optional(),
  pressure_io_ms: at.optional(),
  late_ms: at.optional(),
  missed: z.int().min(0).optional(),
  scrapes_failed: z.int().min(0).optional(),
  sampler_cpu_ms: at.optional(),
}) satisfies z.ZodType<ResourceRow>;
