import process from "node:process";
import { Cgroup } from "./cgroup.ts";
import { GroupCpu } from "./group_cpu.ts";
import { LinuxSystem } from "./linux_system.ts";
import type { ProcessGroup } from "./process_groups.ts";
import { type ProcessReading, ProcessTable } from "./process_table.ts";
import type { GroupRoots, Sample, Sampler } from "./sampler.ts";

// Reading PSS walks page tables in the kernel. It is read as often as costs at most this share of the time, and more often
// while the resident set, which costs nothing to see, has changed by more than a part.
const PSS_TIME_SHARE = 0.005;
const PSS_CHANGED_TIME_SHARE = 0.05;
const CHANGE = 0.02;
// What others do to shared pages shows in the PSS of those that sleep.
const PSS_ALL_MS = 30_000;
// The generator comes last: it waits for the processes of the others.
const GROUPS: ProcessGroup[] = ["target", "browser", "generator"];

/** The PSS of a process when it was last read, and its RSS for comparison. */
interface Pss {
  bytes: number;
  rss_bytes: number;
  /** CPU time that the process had used by then [ms]. */
  own_ms: number;
}

/** What is kept of a group between two samples. */
class Group {
  cpu = new GroupCpu();
  hottest_ms = 0;
  pss = new Map<string, Pss>();
  pssDue_ms = 0;
  pssChangedDue_ms = 0;
  pssAllDue_ms = 0;
  /** Resident pages of all processes when PSS was last read. */
  residentThen = 0;
}

/**
 * Samples /proc and cgroup files. Needs all permissions of Deno: it guards /proc.
 *
 * CPU of the target and the generator comes from nanosecond counters of their threads; a browser has too many
 * threads for that and is counted in ticks, which on its scale are exact enough. A target that is a cgroup is counted by it.
 *
 * @example One sample of this very process
 * ```ts ignore
 * import { LinuxSampler } from "./linux_sampler.ts";
 * const rows = new LinuxSampler().sample({ target: [Deno.pid], generator: [], browser_agents: [] }, 0);
 * ```
 */
export class LinuxSampler implements Sampler {
  readonly kind = "linux";
  #groups = new Map(GROUPS.map((group) => [group, new Group()]));
  #processes = new ProcessTable();
  #system = new LinuxSystem();
  #cgroup?: Cgroup;
  #cgroupFirst_ms?: number;
  readonly #memoryEvery_ms: number;

  /** @param memoryEvery_ms How long memory that has not changed may go unread [ms]. @default 5000 */
  constructor(memoryEvery_ms = 5000) {
    this.#memoryEvery_ms = memoryEvery_ms;
  }

  sample(roots: GroupRoots, t_ms: number, clock: () => number = () => t_ms): Sample[] {
    if (roots.target_cgroup !== undefined) this.#cgroup ??= new Cgroup(roots.target_cgroup);
    const inCgroup = this.#cgroup?.pids() ?? [];
    const before_ms = clock();
    const system = this.#system.read();
    const system_ms = between(before_ms, clock());
    this.#processes.update(roots, inCgroup, this.#system.generation);
    const rows = GROUPS.filter((group) => hasRoots(group, roots)).map((group) => this.#sampleGroup(group, t_ms, clock));
    if (this.#cgroup && rows[0]) Object.assign(rows[0], this.#countCgroup(this.#cgroup, inCgroup.length));
    rows.push({ t_ms: system_ms, group: "system", processes: this.#processes.size, ...system });
    return rows;
  }

  #sampleGroup(name: ProcessGroup, t_ms: number, clock: () => number): Sample {
    const group = this.#groups.get(name)!;
    const fine = name !== "browser";
    const readings: ProcessReading[] = [];
    let hottest_ms = 0;
    const before_ms = clock();
    for (const pid of this.#processes.members(name)) {
      const reading = this.#processes.read(pid, fine);
      if (!reading) continue;
      readings.push(reading);
      hottest_ms = Math.max(hottest_ms, reading.hottest_ms);
    }
    const alive = readings.filter(({ ended }) => !ended);
    const row: Sample = {
      // Busy machines interrupt a sampler: the time of the reading itself is what its counters belong to.
      t_ms: between(before_ms, clock()),
      group: name,
      cpu_ms: round(group.cpu.update(readings.map(({ cpu }) => cpu), this.#creditedWithOthers())),
      processes: alive.length,
    };
    if (fine) {
      group.hottest_ms += hottest_ms;
      row.hottest_thread_cpu_ms = round(group.hottest_ms);
    }
    const counted = name === "target" && this.#cgroup?.memory_bytes() !== undefined;
    const resident = sum(alive.map(({ resident_pages }) => resident_pages));
    const changed = Math.abs(resident - group.residentThen) > CHANGE * group.residentThen;
    const due_ms = changed ? group.pssChangedDue_ms : group.pssDue_ms;
    if (!counted && alive.length > 0 && t_ms >= due_ms) {
      const before = cpuTime();
      Object.assign(row, readMemory(group, alive, t_ms));
      const cost_ms = cpuTime() - before;
      group.residentThen = resident;
      group.pssChangedDue_ms = t_ms + Math.min(cost_ms / PSS_CHANGED_TIME_SHARE, this.#memoryEvery_ms);
      group.pssDue_ms = t_ms + Math.min(cost_ms / PSS_TIME_SHARE, this.#memoryEvery_ms);
    }
    return row;
  }

  /** A browser that ends is credited to the agent that waited for it: that is not the generator's cost. */
  #creditedWithOthers(): Set<number> {
    return new Set([...this.#groups.values()].flatMap(({ cpu }) => [...cpu.creditedOutside]));
  }

  /** The cgroup counts what its processes alone do not show: those that came and went, and the memory of its files. */
  #countCgroup(cgroup: Cgroup, processes: number): Partial<Sample> {
    const cpu_ms = cgroup.cpu_ms();
    if (cpu_ms !== undefined) this.#cgroupFirst_ms ??= cpu_ms;
    const memory_bytes = cgroup.memory_bytes();
    const throttled_ms = cgroup.throttled_ms();
    return {
      ...(cpu_ms === undefined ? {} : { cpu_ms: round(cpu_ms - this.#cgroupFirst_ms!) }),
      ...(memory_bytes === undefined ? {} : { memory_bytes, memory_kind: "cgroup" }),
      ...(throttled_ms === undefined ? {} : { throttled_ms }),
      processes,
    };
  }
}

/**
 * Reads the memory of some processes: PSS, or RSS as soon as one of them may not be asked for its PSS.
 *
 * While nobody comes or goes, only those are read again that have run since. A process that ended meanwhile counts nothing.
 */
function readMemory(
  group: Group,
  readings: ProcessReading[],
  t_ms: number,
): Pick<Sample, "memory_bytes" | "memory_kind" | "rss_bytes"> {
  const keys = readings.map(({ cpu }) => `${cpu.pid}/${cpu.started}`);
  const same = keys.length === group.pss.size && keys.every((key) => group.pss.has(key)) && t_ms < group.pssAllDue_ms;
  if (!same) group.pssAllDue_ms = t_ms + PSS_ALL_MS;
  const before = same ? group.pss : new Map<string, Pss>();
  group.pss = new Map();
  try {
    for (const [index, { cpu: { pid, own_ms } }] of readings.entries()) {
      const known = before.get(keys[index]);
      group.pss.set(keys[index], known?.own_ms === own_ms ? known : { ...readPss(pid), own_ms });
    }
  } catch {
    group.pss.clear();
    const rss = readings.map(({ cpu }) => kilobytes(tryRead(`/proc/${cpu.pid}/status`), /^VmRSS:\s+(\d+) kB/m));
    return { memory_bytes: sum(rss), memory_kind: "rss", rss_bytes: sum(rss) };
  }
  const all = [...group.pss.values()];
  return {
    memory_bytes: sum(all.map(({ bytes }) => bytes)),
    memory_kind: "pss",
    rss_bytes: sum(all.map(({ rss_bytes }) => rss_bytes)),
  };
}

/** @throws {Deno.errors.PermissionDenied} If this process may not be asked. */
function readPss(pid: number): Pick<Pss, "bytes" | "rss_bytes"> {
  let text;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  } catch (error) {
    // A process that has just ended holds nothing; only a refusal means that PSS may not be had.
    if (error instanceof Deno.errors.PermissionDenied) throw error;
  }
  return { bytes: kilobytes(text, /^Pss:\s+(\d+) kB/m), rss_bytes: kilobytes(text, /^Rss:\s+(\d+) kB/m) };
}

function kilobytes(text: string | undefined, field: RegExp): number {
  return Number(field.exec(text ?? "")?.[1] ?? 0) * 1024;
}

function hasRoots(group: ProcessGroup, roots: GroupRoots): boolean {
  if (group === "target" && (roots.target_name ?? roots.target_cgroup) !== undefined) return true;
  return (group === "browser" ? roots.browser_agents : roots[group]).length > 0;
}

// A process that has ended between listing and reading is normal.
function tryRead(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** CPU time, since a busy machine makes everything take longer [ms]. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function between(before_ms: number, after_ms: number): number {
  return round((before_ms + after_ms) / 2);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
