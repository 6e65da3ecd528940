import { Cgroup } from "./cgroup.ts";
import { CGROUP_ROOT, cgroupPaths } from "./cgroup_paths.ts";
import { KeptFile } from "./kept_file.ts";
import type { Sample } from "./sampler.ts";

const TICK_MS = 10;
/** The clock of the cores is read once in so many samples: on a large machine that disturbs each of them. */
const MHZ_EVERY = 20;
/** Partitions, loop devices and memory disks would count bytes twice. */
const WHOLE_DISK = /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;

/**
 * Reads what the machine as a whole uses. Files that this system lacks leave their fields out.
 *
 * @example Busy time of each core
 * ```ts ignore
 * import { LinuxSystem } from "./linux_system.ts";
 * new LinuxSystem().read().core_busy_ms;
 * ```
 */
export class LinuxSystem {
  #stat = new KeptFile("/proc/stat");
  #load = new KeptFile("/proc/loadavg");
  #memory = new KeptFile("/proc/meminfo");
  #network = new KeptFile("/proc/net/dev");
  #disk = new KeptFile("/proc/diskstats");
  #pressure = ["cpu", "memory", "io"].map((kind) => new KeptFile(`/proc/pressure/${kind}`))
    .filter((file) => file.text() !== undefined);
  #cgroups = ownCgroups().map((path) => new Cgroup(path)).filter((cgroup) => cgroup.throttled_ms() !== undefined);
  #mhz?: number;
  #reads = 0;

  /**
   * Changes whenever a process or thread comes or goes, as of the last reading: how many have been started, and how many
   * there are. `undefined` where that cannot be read.
   */
  generation?: string;

  /** One reading; everything but `processes` of a `system` row. */
  read(): Omit<Sample, "t_ms" | "group" | "processes"> {
    if (this.#reads++ % MHZ_EVERY === 0) this.#mhz = readMhz();
    const stat = this.#stat.text() ?? "";
    const started = /^processes (\d+)/m.exec(stat)?.[1];
    const [, alive] = /\/(\d+) /.exec(this.#load.text() ?? "") ?? [];
    this.generation = started && alive ? `${started}/${alive}` : undefined;
    const lines = stat.split("\n", 4096);
    const cores = lines.filter((line) => /^cpu\d/.test(line)).map(cpuTimes);
    const all = cpuTimes(lines[0]);
    const { used, available } = memoryOf(this.#memory.text() ?? "");
    return {
      cpu_ms: all.busy_ms,
      core_busy_ms: cores.map((core) => core.busy_ms),
      steal_ms: all.steal_ms,
      ...this.#throttled(),
      memory_bytes: used,
      memory_kind: "system",
      memory_used_bytes: used,
      memory_available_bytes: available,
      ...networkOf(this.#network.text()),
      ...diskOf(this.#disk.text()),
      ...this.#readPressure(),
      ...(this.#mhz ? { mhz: this.#mhz } : {}),
    };
  }

  /** A limit may sit on any cgroup from our own upwards. */
  #throttled(): Pick<Sample, "throttled_ms"> {
    if (this.#cgroups.length === 0) return {};
    return { throttled_ms: this.#cgroups.reduce((sum, cgroup) => sum + (cgroup.throttled_ms() ?? 0), 0) };
  }

  #readPressure(): Partial<Sample> {
    return Object.fromEntries(this.#pressure.flatMap((file) => {
      const total = /^some .*total=(\d+)/m.exec(file.text() ?? "")?.[1];
      const kind = file.path.slice(file.path.lastIndexOf("/") + 1);
      return total === undefined ? [] : [[`pressure_${kind}_ms`, Number(total) / 1000]];
    }));
  }
}

/** This process's cgroup as far as it has to do with CPU, and those above it; only the root, if that is all there is to see. */
function ownCgroups(): string[] {
  const paths = cgroupPaths();
  const parts = (paths.get("cpu") ?? paths.get("") ?? "/").split("/").filter((part) => part !== "");
  const chain = parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`);
  return [...chain, CGROUP_ROOT];
}

function cpuTimes(line: string): { busy_ms: number; steal_ms: number } {
  const [user, nice, system, , , irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number);
  return { busy_ms: (user + nice + system + irq + softirq) * TICK_MS, steal_ms: (steal ?? 0) * TICK_MS };
}

function memoryOf(text: string): { used: number; available: number } {
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;
  const available = bytes("MemAvailable");
  return { used: bytes("MemTotal") - available, available };
}

function networkOf(text: string | undefined): Partial<Sample> {
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

function diskOf(text: string | undefined): Partial<Sample> {
  if (!text) return {};
  let read = 0;
  let written = 0;
  for (const line of text.trim().split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (!WHOLE_DISK.test(fields[2])) continue;
    read += Number(fields[5]) * 512;
    written += Number(fields[9]) * 512;
  }
  return { disk_read_bytes: read, disk_written_bytes: written };
}

function readMhz(): number | undefined {
  using file = new KeptFile("/proc/cpuinfo");
  const all = [...(file.text() ?? "").matchAll(/^cpu MHz\s*:\s*([\d.]+)/gm)].map(([, mhz]) => Number(mhz));
  return all.length > 0 ? Math.round(all.reduce((sum, mhz) => sum + mhz, 0) / all.length) : undefined;
}
