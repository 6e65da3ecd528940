import type { CgroupLimits } from "./cgroup_limits.ts";
import type { ExpositionSample } from "./parse_exposition.ts";
import type { Sample } from "./sampler.ts";

/** What a page of metrics says of a target. */
export interface TargetMetrics {
  /** Whether it is a whole machine, a container, or the program that serves the page. */
  kind: "machine" | "container" | "process";
  /** A row without its time; counters as they stand on the page. */
  row: Omit<Sample, "t_ms" | "group">;
  /** What it may use, as far as the page says. */
  limits: CgroupLimits;
}

const MACHINE = [
  "node_cpu_seconds_total",
  "node_memory_MemTotal_bytes",
  "node_memory_MemAvailable_bytes",
  "node_network_receive_bytes_total",
  "node_network_transmit_bytes_total",
  "node_disk_read_bytes_total",
  "node_disk_written_bytes_total",
  "node_processes_pids",
];
const CONTAINER = [
  "container_cpu_usage_seconds_total",
  "container_memory_working_set_bytes",
  "container_processes",
  "container_spec_cpu_quota",
  "container_spec_cpu_period",
  "container_spec_memory_limit_bytes",
  "machine_cpu_cores",
  "machine_memory_bytes",
];
const PROCESS = ["process_cpu_seconds_total", "process_resident_memory_bytes"];

/** Names of all metrics that {@linkcode readTargetMetrics} reads. */
export const TARGET_METRICS: ReadonlySet<string> = new Set([...MACHINE, ...CONTAINER, ...PROCESS]);

/** Modes of a core in which it does no work of ours; time of guests is in `user` already. */
const NOT_BUSY = new Set(["idle", "iowait", "steal", "guest", "guest_nice"]);

/**
 * Finds the target in a page of metrics: a machine (node_exporter), else a container (cAdvisor), else the program itself, by the
 * names that Prometheus' client libraries give.
 *
 * Of a machine busy cores are its CPU time and MemTotal − MemAvailable its memory; of a container the working set; of a program the
 * resident set.
 *
 * @param samples what `parseExposition` read.
 * @param labels only series with all of these labels; they choose one container of several, or one machine of a federation.
 * @throws {RangeError} If nothing there is a target, or several containers are.
 *
 * @example A program
 * ```ts
 * import { readTargetMetrics } from "./read_target_metrics.ts";
 * import assert from "node:assert/strict";
 *
 * const page = [{ name: "process_cpu_seconds_total", labels: {}, value: 1.5 }];
 * const { kind, row } = readTargetMetrics(page);
 * assert.deepEqual([kind, row.cpu_ms], ["process", 1500]);
 * ```
 */
export function readTargetMetrics(
  samples: readonly ExpositionSample[],
  labels: Readonly<Record<string, string>> = {},
): TargetMetrics {
  const asked = Object.entries(labels);
  const page = new Map<string, ExpositionSample[]>();
  for (const sample of samples) {
    if (!asked.every(([name, value]) => sample.labels[name] === value) && !sample.name.startsWith("machine_")) continue;
    if (!Number.isFinite(sample.value)) continue;
    if (!page.has(sample.name)) page.set(sample.name, []);
    page.get(sample.name)!.push(sample);
  }
  if (page.has("node_cpu_seconds_total")) return machine(page);
  if (page.has("container_cpu_usage_seconds_total")) return container(page, asked.length > 0);
  if (page.has("process_cpu_seconds_total")) return program(page);
  throw new RangeError(
    "Cannot find a target in a page of metrics: it must have node_cpu_seconds_total, container_cpu_usage_seconds_total or process_cpu_seconds_total",
  );
}

type Page = ReadonlyMap<string, ExpositionSample[]>;

function machine(page: Page): TargetMetrics {
  const cores = new Map<string, number>();
  let steal_ms = 0;
  for (const { labels: { cpu = "", mode = "" }, value } of page.get("node_cpu_seconds_total")!) {
    cores.set(cpu, (cores.get(cpu) ?? 0) + (NOT_BUSY.has(mode) ? 0 : 1000 * value));
    if (mode === "steal") steal_ms += 1000 * value;
  }
  const core_busy_ms = [...cores].sort(([a], [b]) => Number(a) - Number(b)).map(([, ms]) => ms);
  const total = sum(page, "node_memory_MemTotal_bytes");
  const available = sum(page, "node_memory_MemAvailable_bytes");
  const used = total !== undefined && available !== undefined ? total - available : undefined;
  const outside = ({ labels: { device } }: ExpositionSample) => device !== "lo";
  return {
    kind: "machine",
    row: {
      cpu_ms: core_busy_ms.reduce((all, ms) => all + ms, 0),
      core_busy_ms,
      steal_ms,
      ...(used === undefined ? {} : {
        memory_bytes: used,
        memory_kind: "system",
        memory_used_bytes: used,
        memory_available_bytes: available,
      }),
      processes: sum(page, "node_processes_pids") ?? 1,
      ...present("network_received_bytes", sum(page, "node_network_receive_bytes_total", outside)),
      ...present("network_sent_bytes", sum(page, "node_network_transmit_bytes_total", outside)),
      ...present("disk_read_bytes", sum(page, "node_disk_read_bytes_total", wholeDisk)),
      ...present("disk_written_bytes", sum(page, "node_disk_written_bytes_total", wholeDisk)),
    },
    limits: { cores: cores.size, ...present("memory_bytes", total) },
  };
}

function container(page: Page, chosen: boolean): TargetMetrics {
  const all = page.get("container_cpu_usage_seconds_total")!;
  // Series without a name are the cgroups around the containers, or the sandbox that Kubernetes puts around each.
  const named = all.filter(({ labels }) => nameOf(labels) !== undefined && labels.container !== "POD");
  const candidates = named.length > 0 ? named : all;
  const ids = new Set(candidates.map(({ labels }) => idOf(labels)));
  if (ids.size > 1 && (!chosen || named.length === 0)) {
    const some = [...new Set(named.map(({ labels }) => nameOf(labels)))].slice(0, 10).join(", ");
    throw new RangeError(
      `Cannot choose one of ${ids.size} containers: labels must do so${some && ` (names: ${some})`}`,
    );
  }
  const ours = ({ labels }: ExpositionSample) => ids.has(idOf(labels));
  // Some have a series for each core, and one for all of them.
  const whole = candidates.filter(({ labels: { cpu } }) => cpu === undefined || cpu === "" || cpu === "total");
  const cpu_ms = 1000 * (whole.length > 0 ? whole : candidates).reduce((total, { value }) => total + value, 0);
  const memory = sum(page, "container_memory_working_set_bytes", ours);
  const quota = sum(page, "container_spec_cpu_quota", ours);
  const period = page.get("container_spec_cpu_period")?.find(ours)?.value;
  const cores = quota && period ? quota / period : sum(page, "machine_cpu_cores");
  // A container without a limit says 0, or a number close to 2^63.
  const limit = sum(page, "container_spec_memory_limit_bytes", ours) ?? 0;
  const limited = limit > 0 && limit < 2 ** 60 ? limit : sum(page, "machine_memory_bytes");
  return {
    kind: "container",
    row: {
      cpu_ms,
      ...(memory === undefined ? {} : { memory_bytes: memory, memory_kind: "cgroup" }),
      processes: sum(page, "container_processes", ours) ?? ids.size,
    },
    limits: { ...present("cores", cores), ...present("memory_bytes", limited) },
  };
}

function program(page: Page): TargetMetrics {
  const memory = sum(page, "process_resident_memory_bytes");
  return {
    kind: "process",
    row: {
      cpu_ms: 1000 * sum(page, "process_cpu_seconds_total")!,
      ...(memory === undefined ? {} : { memory_bytes: memory, memory_kind: "rss" }),
      processes: page.get("process_cpu_seconds_total")!.length,
    },
    limits: {},
  };
}

function nameOf(labels: Record<string, string>): string | undefined {
  return labels.container || labels.container_name || labels.name || undefined;
}

function idOf(labels: Record<string, string>): string {
  return labels.id ?? JSON.stringify([labels.namespace, labels.pod, nameOf(labels)]);
}

/** Partitions would count bytes twice, and so would what is laid over disks. */
function wholeDisk({ labels: { device = "" } }: ExpositionSample): boolean {
  return /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(device);
}

function sum(page: Page, name: string, which: (sample: ExpositionSample) => boolean = () => true): number | undefined {
  const found = page.get(name)?.filter(which);
  return found?.length ? found.reduce((total, { value }) => total + value, 0) : undefined;
}

function present<Name extends string>(name: Name, value: number | undefined): { [K in Name]?: number } {
  return value === undefined ? {} : { [name]: value } as { [K in Name]?: number };
}
