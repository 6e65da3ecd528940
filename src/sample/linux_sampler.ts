import { GroupCpu, type ProcessCpu } from "./group_cpu.ts";
import { type ProcessGroup, processGroups } from "./process_groups.ts";
import type { GroupRoots, Sample, Sampler } from "./sampler.ts";
import { ThreadCpu } from "./thread_cpu.ts";

const TICK_MS = 10;
const PAGE_BYTES = 4096;
// Reading PSS walks page tables in the kernel. It is read as often as costs at most this share of the time.
const PSS_TIME_SHARE = 0.04;
// A short window must not end up without any reading.
const PSS_MOST_MS = 5000;
const GROUPS: ProcessGroup[] = ["target", "browser", "generator"];

interface Stat {
  parent: number;
  started: number;
  ticks_ms: number;
  reaped_ms: number;
  rss_bytes: number;
}

/**
 * Samples /proc and cgroup files. Needs all permissions of Deno: it guards /proc.
 *
 * CPU of the target and the generator comes from nanosecond counters of their threads; a browser has too many
 * threads for that and is counted in ticks, which on its scale are exact enough.
 *
 * @example One sample of this very process
 * ```ts ignore
 * import { LinuxSampler } from "./linux_sampler.ts";
 * const rows = new LinuxSampler().sample({ target: [Deno.pid], generator: [], browser_agents: [] }, 0);
 * ```
 */
export class LinuxSampler implements Sampler {
  readonly kind = "linux";
  #groupCpu = new Map(GROUPS.map((group) => [group, new GroupCpu()]));
  #threads = new Map<string, ThreadCpu>();
  #hottest_ms = new Map<ProcessGroup, number>();
  #pssDue_ms = new Map<ProcessGroup, number>();
  #samples = 0;
  #mhz?: number;

  sample(roots: GroupRoots, t_ms: number): Sample[] {
    const stats = readAllStats();
    const groups = processGroups(new Map([...stats].map(([pid, stat]) => [pid, stat.parent])), roots);
    const rows = GROUPS.filter((group) => hasRoots(group, roots)).map((group) => {
      const pids = [...groups].filter(([, of]) => of === group).map(([pid]) => pid);
      return this.#sampleGroup(group, pids, stats, t_ms);
    });
    const alive = new Set([...stats].map(([pid, stat]) => `${pid}/${stat.started}`));
    for (const key of this.#threads.keys()) if (!alive.has(key)) this.#threads.delete(key);
    if (this.#samples++ % 20 === 0) this.#mhz = readMhz();
    rows.push({
      t_ms,
      group: "system",
      processes: stats.size,
      ...readSystem(),
      ...(this.#mhz ? { mhz: this.#mhz } : {}),
    });
    return rows;
  }

  #sampleGroup(group: ProcessGroup, pids: number[], stats: Map<number, Stat>, t_ms: number): Sample {
    const fine = group !== "browser";
    let hottest_ms = 0;
    const processes: ProcessCpu[] = pids.map((pid) => {
      const { parent, started, ticks_ms, reaped_ms } = stats.get(pid)!;
      let own_ms = ticks_ms;
      const threads_ms = fine ? readThreads(pid) : undefined;
      if (threads_ms) {
        const key = `${pid}/${started}`;
        const first = !this.#threads.has(key);
        if (first) this.#threads.set(key, new ThreadCpu());
        const reading = this.#threads.get(key)!.update(threads_ms, ticks_ms);
        own_ms = reading.own_ms;
        if (!first) hottest_ms = Math.max(hottest_ms, reading.hottest_ms);
      }
      return { pid, parent, started, own_ms, reaped_ms };
    });
    const cpu_ms = round(this.#groupCpu.get(group)!.update(processes));
    const row: Sample = { t_ms, group, cpu_ms, processes: pids.length };
    if (fine) {
      const sum = (this.#hottest_ms.get(group) ?? 0) + hottest_ms;
      this.#hottest_ms.set(group, sum);
      row.hottest_thread_cpu_ms = round(sum);
    }
    if (pids.length > 0 && t_ms >= (this.#pssDue_ms.get(group) ?? 0)) {
      const before = performance.now();
      Object.assign(row, readMemory(pids, stats));
      const cost_ms = performance.now() - before;
      this.#pssDue_ms.set(group, t_ms + Math.min(cost_ms / PSS_TIME_SHARE, PSS_MOST_MS));
    }
    return row;
  }
}

/**
 * Reads the memory of some processes: PSS, or RSS as soon as one of them may not be asked for its PSS.
 *
 * A process that ended meanwhile counts nothing.
 */
function readMemory(pids: number[], stats: Map<number, Stat>): Pick<Sample, "memory_bytes" | "memory_kind"> {
  let pss = 0;
  let rss = 0;
  let denied = false;
  for (const pid of pids) {
    rss += stats.get(pid)!.rss_bytes;
    try {
      const match = /^Pss:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`));
      if (match) pss += Number(match[1]) * 1024;
    } catch (error) {
      // A process that has just ended holds nothing; only a refusal means that PSS may not be had.
      if (error instanceof Deno.errors.PermissionDenied) denied = true;
    }
  }
  return denied ? { memory_bytes: rss, memory_kind: "rss" } : { memory_bytes: pss, memory_kind: "pss" };
}

function readAllStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const text = tryRead(`/proc/${name}/stat`);
    // The name of a program stands in parentheses and may hold spaces and parentheses of its own.
    if (!text) continue;
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    stats.set(Number(name), {
      parent: Number(fields[1]),
      ticks_ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      reaped_ms: (Number(fields[13]) + Number(fields[14])) * TICK_MS,
      started: Number(fields[19]),
      rss_bytes: Number(fields[21]) * PAGE_BYTES,
    });
  }
  return stats;
}

function readThreads(pid: number): Map<string, number> | undefined {
  const threads = new Map<string, number>();
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = tryRead(`/proc/${pid}/task/${name}/schedstat`);
      if (text) threads.set(name, parseInt(text) / 1e6);
    }
  } catch {
    return undefined;
  }
  return threads.size > 0 ? threads : undefined;
}

function readSystem(): Omit<Sample, "t_ms" | "group" | "processes"> {
  const lines = Deno.readTextFileSync("/proc/stat").split("\n");
  const cores = lines.filter((line) => /^cpu\d/.test(line)).map(cpuTimes);
  const all = cpuTimes(lines[0]);
  const memory = memInfo();
  return {
    cpu_ms: all.busy_ms,
    core_busy_ms: cores.map((core) => core.busy_ms),
    steal_ms: all.steal_ms,
    throttled_ms: readThrottled(),
    memory_bytes: memory.used,
    memory_kind: "system",
    memory_used_bytes: memory.used,
    memory_available_bytes: memory.available,
    ...readNetwork(),
    ...readDisk(),
    ...readPressure(),
  };
}

function cpuTimes(line: string): { busy_ms: number; steal_ms: number } {
  const [user, nice, system, , , irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number);
  return { busy_ms: (user + nice + system + irq + softirq) * TICK_MS, steal_ms: (steal ?? 0) * TICK_MS };
}

function memInfo(): { used: number; available: number } {
  const text = Deno.readTextFileSync("/proc/meminfo");
  const kB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;
  const available = kB("MemAvailable");
  return { used: kB("MemTotal") - available, available };
}

function readNetwork(): Partial<Sample> {
  const text = tryRead("/proc/net/dev");
  if (!text) return {};
  let received = 0;
  let sent = 0;
  let loopback = 0;
  for (const line of text.split("\n").slice(2)) {
    const [name, counters] = line.split(":");
    if (!counters) continue;
    const fields = counters.trim().split(/\s+/).map(Number);
    if (name.trim() === "lo") loopback += fields[0];
    else {
      received += fields[0];
      sent += fields[8];
    }
  }
  return { network_received_bytes: received, network_sent_bytes: sent, network_loopback_bytes: loopback };
}

function readDisk(): Partial<Sample> {
  const text = tryRead("/proc/diskstats");
  if (!text) return {};
  let read = 0;
  let written = 0;
  for (const line of text.trim().split("\n")) {
    const fields = line.trim().split(/\s+/);
    // Whole disks only: their partitions, loop devices and memory disks would count bytes twice.
    if (!/^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(fields[2])) continue;
    read += Number(fields[5]) * 512;
    written += Number(fields[9]) * 512;
  }
  return { disk_read_bytes: read, disk_written_bytes: written };
}

function readPressure(): Partial<Sample> {
  const some = (kind: string) => {
    const match = /^some .*total=(\d+)/m.exec(tryRead(`/proc/pressure/${kind}`) ?? "");
    return match ? round(Number(match[1]) / 1000) : undefined;
  };
  const [pressure_cpu_ms, pressure_memory_ms, pressure_io_ms] = ["cpu", "memory", "io"].map(some);
  return { pressure_cpu_ms, pressure_memory_ms, pressure_io_ms };
}

let throttleFile: string | undefined | null;

function readThrottled(): number | undefined {
  if (throttleFile === undefined) {
    const files = ["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"];
    throttleFile = files.find((path) => /throttled_(usec|time)/.test(tryRead(path) ?? "")) ?? null;
  }
  if (throttleFile === null) return undefined;
  const text = tryRead(throttleFile) ?? "";
  const usec = /throttled_usec (\d+)/.exec(text);
  if (usec) return Number(usec[1]) / 1e3;
  const nsec = /throttled_time (\d+)/.exec(text);
  return nsec ? Number(nsec[1]) / 1e6 : undefined;
}

function readMhz(): number | undefined {
  const all = [...(tryRead("/proc/cpuinfo") ?? "").matchAll(/^cpu MHz\s*:\s*([\d.]+)/gm)].map((match) =>
    Number(match[1])
  );
  return all.length > 0 ? Math.round(all.reduce((sum, mhz) => sum + mhz, 0) / all.length) : undefined;
}

function hasRoots(group: ProcessGroup, roots: GroupRoots): boolean {
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

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
