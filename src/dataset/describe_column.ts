import { type FlagName, FLAGS } from "../schema/levels.ts";
import { OUTCOMES } from "../schema/rows.ts";

/** What is true of every value, in the words of Table Schema. */
export interface FieldConstraints {
  required?: true;
  minimum?: number;
  maximum?: number;
  enum?: string[];
}

/** A column in words. */
export interface ColumnDescription {
  description: string;
  unit?: string;
  constraints?: FieldConstraints;
}

const count = { required: true, minimum: 0 } as const;

/** Columns of one meaning wherever they stand. */
const COLUMNS: Record<string, ColumnDescription> = {
  level: { description: "Sessions planned", unit: "sessions", constraints: { required: true, minimum: 1 } },
  replicate: { description: "Repetition of the level, from 1; 0 is the run that is thrown away", constraints: count },
  attempt: { description: "Attempt at the replicate, from 1", constraints: { required: true, minimum: 1 } },
  discarded: { description: "Whether it is the run that is thrown away", constraints: { required: true } },
  steady: { description: "Whether it lies in the steady window", constraints: { required: true } },
  seq: { description: "Position in its file, from 0", constraints: count },
  share: {
    description:
      "Where several machines drove, the share on whose machine it was sampled; 0 is the machine that sampled the target",
  },
  session: { description: "Session, from 0", constraints: count },
  iteration: { description: "Iteration of the session, from 0", constraints: count },
  step: { description: "Name of the request or step", constraints: { required: true } },
  scheduled_ms: { description: "Intended start, from the attempt's start", constraints: count },
  started_ms: { description: "Actual start, from the attempt's start", constraints: count },
  duration_ms: { description: "From the actual start to the end", constraints: count },
  latency_ms: { description: "From the intended start to the end; empty in setup and teardown" },
  outcome: { description: "How it ended", constraints: { required: true, enum: [...OUTCOMES] } },
  status: { description: "HTTP status, 0 where there was none", constraints: count },
  bytes_in: { description: "Bytes towards the session", unit: "bytes", constraints: count },
  bytes_out: { description: "Bytes from the session", unit: "bytes", constraints: count },
  bytes_from_ms: { description: "From when on a stream's bytes came; empty where that is the start" },
  bytes_to_ms: { description: "Until when a stream's bytes came; empty where that is the end" },
  phase: {
    description: "Step of a session's setup or teardown; empty for all others",
    constraints: { enum: ["setup", "teardown"] },
  },
  t_ms: { description: "When it was sampled, from the attempt's start", constraints: count },
  group: {
    description: "Whose use it is",
    constraints: { required: true, enum: ["target", "browser", "generator", "system"] },
  },
  cpu_ms: { description: "CPU time used so far, children's included", constraints: count },
  memory_bytes: { description: "Memory; empty where it was not read at this sample", constraints: { minimum: 0 } },
  memory_kind: { description: "How memory was read", constraints: { enum: ["pss", "rss", "cgroup", "system"] } },
  rss_bytes: { description: "Sum of resident sets: counts shared pages once a process" },
  processes: { description: "Processes alive", constraints: count },
  hottest_thread_cpu_ms: { description: "CPU time of the busiest thread of each interval, so far" },
  steal_ms: { description: "Time that the hypervisor gave to others, so far" },
  throttled_ms: { description: "Time that the CPU limit held tasks back, so far" },
  mhz: { description: "Mean clock of the cores", unit: "MHz" },
  memory_used_bytes: { description: "Memory of the machine, total minus available" },
  memory_available_bytes: { description: "Memory of the machine that may be taken without swapping" },
  network_received_bytes: { description: "All interfaces but loopback, so far" },
  network_sent_bytes: { description: "All interfaces but loopback, so far" },
  network_loopback_bytes: { description: "The loopback interface, one way, so far" },
  disk_read_bytes: { description: "Whole disks, so far" },
  disk_written_bytes: { description: "Whole disks, so far" },
  artifact_bytes: { description: "Written as artifacts so far, all kinds" },
  pressure_cpu_ms: { description: "Time in which some task waited for CPU, so far" },
  pressure_memory_ms: { description: "Time in which some task waited for memory, so far" },
  pressure_io_ms: { description: "Time in which some task waited for I/O, so far" },
  late_ms: { description: "How late the sample was taken" },
  missed: { description: "Samples that could not be taken since the row before" },
  scrapes_failed: { description: "Pages of the target's metrics that could not be read so far" },
  sampler_cpu_ms: { description: "CPU time of the sampler itself, so far" },
  sessions: { description: "Observed concurrency: the x of every fit", unit: "sessions", constraints: count },
  window_s: { description: "Length of the steady window; 0 where it is not known", constraints: count },
  requests: { description: "Requests that ended in the window", constraints: count },
  throughput: { description: "Iterations that ended well", unit: "iterations/s" },
  network_bytes_per_s: { description: "Bytes of requests and streams, both ways" },
  artifact_bytes_per_hour: { description: "Growth of artifacts" },
  bytes_per_snapshot: { description: "Median size of a screenshot", unit: "bytes" },
  error_ratio: { description: "Requests that failed, of all", constraints: { minimum: 0, maximum: 1 } },
  undelivered_ratio: {
    description: "Iterations that should have started and did not, of all",
    constraints: { minimum: 0, maximum: 1 },
  },
  samples: { description: "Samples of the target's CPU" },
  outlier_samples: { description: "Samples of the target's CPU that stand out from their neighbours" },
  effective_requests: { description: "Independent requests that would tell as much" },
  flags: { description: "Names of its flags, with spaces between" },
  flag_reasons: { description: "Why it is flagged" },
  excluded_from_demand: { description: "Left out of fits of resources", constraints: { required: true } },
  excluded_from_throughput: { description: "Left out of fits of throughput", constraints: { required: true } },
};

const UNITS: [ending: RegExp, unit: string][] = [
  [/_bytes_per_s$/, "bytes/s"],
  [/_bytes_per_hour$/, "bytes/h"],
  [/_bytes$/, "bytes"],
  [/_ms(_|$)/, "ms"],
  [/_cores$/, "logical cores"],
  [/_ratio$/, "1"],
  [/_s$/, "s"],
];
const WHAT: Record<string, string> = {
  cores: "CPU",
  memory_bytes: "Memory, peak",
  memory_mean_bytes: "Memory, mean",
  rss_bytes: "Resident sets, peak: shared pages count once a process",
};

/**
 * Says what a column of an exported frame is, in which unit, and what holds for all its values.
 *
 * @param name Of the column.
 * @param frame Of the frame that it is in.
 *
 * @example Cores of the target
 * ```ts
 * import { describeColumn } from "./describe_column.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(describeColumn("target_cores", "levels"), { description: "CPU of target", unit: "logical cores" });
 * ```
 */
export function describeColumn(name: string, frame: string): ColumnDescription {
  const unit = UNITS.find(([ending]) => ending.test(name))?.[1];
  const known = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : described(name);
  const withUnit = { ...(unit ? { unit } : {}), ...known };
  // What is thrown away is in the raw frames only.
  return name === "replicate" && frame !== "requests" && frame !== "resources"
    ? { ...withUnit, constraints: { required: true, minimum: 1 } }
    : withUnit;
}

function described(name: string): ColumnDescription {
  if (name.startsWith("flag_")) {
    const flag = FLAGS[name.slice("flag_".length) as FlagName];
    return { description: capital(flag?.meaning ?? name), constraints: { required: true } };
  }
  const [, group, what] = /^(serving|target|browser|generator|system)_(.+)$/.exec(name) ?? [];
  if (what in WHAT) return { description: `${WHAT[what]} of ${group}` };
  const [, percent, end] = /^latency_ms_p(\d+)(_low|_high)?$/.exec(name) ?? [];
  if (percent) {
    const bound = end ? `, ${end === "_low" ? "lower" : "upper"} end of its 95 % interval` : "";
    return { description: `Latency that ${percent} % of the requests kept below${bound}` };
  }
  return { description: capital(name.replaceAll("_", " ")) };
}

function capital(words: string): string {
  return words[0].toUpperCase() + words.slice(1);
}
