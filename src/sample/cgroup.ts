import { CGROUP_ROOT } from "./cgroup_paths.ts";
import { KeptFile } from "./kept_file.ts";

/** Folders under the root of version 1 that hold the CPU's use. */
const CPU_V1 = ["cpuacct", "cpu,cpuacct", "cpu"];

/**
 * A cgroup of this machine, version 1 or 2, as far as its files tell: what all processes in it and below it use.
 *
 * On a machine with both versions each file is taken from where it is.
 *
 * @example A container
 * ```ts ignore
 * import { Cgroup } from "./cgroup.ts";
 * using web = new Cgroup("/system.slice/web.service");
 * web.cpu_ms(); // undefined, if there is no such cgroup
 * ```
 */
export class Cgroup implements Disposable {
  #usage?: KeptFile;
  #cpuacct?: KeptFile;
  #memory?: KeptFile;
  #memoryStat?: KeptFile;
  #throttled?: KeptFile;
  #folders: string[];
  /** As `/proc/<pid>/cgroup` names it. */
  readonly path: string;

  /**
   * @param path as `/proc/<pid>/cgroup` names it, or the folder itself.
   * @param root where cgroups are mounted.
   */
  constructor(path: string, root = CGROUP_ROOT) {
    const inner = innerPath(path, root);
    this.path = inner || "/";
    const folderOf = (controller: string) => `${root}${controller === "" ? "" : `/${controller}`}${inner}`;
    const find = (controllers: string[], file: string, holds = /./) =>
      controllers.map(folderOf).find((folder) => holds.test(read(`${folder}/${file}`) ?? ""));
    const keep = (folder: string | undefined, file: string) =>
      folder === undefined ? undefined : new KeptFile(`${folder}/${file}`);
    this.#cpuacct = keep(find(CPU_V1, "cpuacct.usage"), "cpuacct.usage");
    if (!this.#cpuacct) this.#usage = keep(find(["", "unified"], "cpu.stat", /^usage_usec /m), "cpu.stat");
    const memory = find([""], "memory.current");
    const memoryV1 = find(["memory"], "memory.usage_in_bytes");
    this.#memory = keep(memory, "memory.current") ?? keep(memoryV1, "memory.usage_in_bytes");
    this.#memoryStat = keep(memory ?? memoryV1, "memory.stat");
    this.#throttled = keep(find(["", "cpu", "cpu,cpuacct"], "cpu.stat", /^throttled_(usec|time) /m), "cpu.stat");
    this.#folders = ["", "memory", ...CPU_V1, "pids", "systemd", "unified"].map(folderOf)
      .filter((folder) => read(`${folder}/cgroup.procs`) !== undefined);
  }

  /** CPU time used since it was made [ms]; `undefined` if there is no such cgroup. */
  cpu_ms(): number | undefined {
    const ns = this.#cpuacct?.text();
    if (ns !== undefined) return Number(ns) / 1e6;
    const usec = /^usage_usec (\d+)/m.exec(this.#usage?.text() ?? "")?.[1];
    return usec === undefined ? undefined : Number(usec) / 1e3;
  }

  /** Its working set: memory without the file pages that are the first to go. `undefined` if nobody counts it. */
  memory_bytes(): number | undefined {
    const used = this.#memory?.text();
    if (used === undefined) return undefined;
    const stat = this.#memoryStat?.text() ?? "";
    const inactive = /^total_inactive_file (\d+)/m.exec(stat) ?? /^inactive_file (\d+)/m.exec(stat);
    return Math.max(0, Number(used) - Number(inactive?.[1] ?? 0));
  }

  /** Time that its CPU limit held its tasks back [ms]; `undefined` if nobody counts it. */
  throttled_ms(): number | undefined {
    const [, unit, time] = /^throttled_(usec|time) (\d+)/m.exec(this.#throttled?.text() ?? "") ?? [];
    return unit === undefined ? undefined : Number(time) / (unit === "usec" ? 1e3 : 1e6);
  }

  /** Ids of the processes in it and below it, as far as they are to be seen from here. */
  pids(): number[] {
    for (const folder of this.#folders) {
      const pids = allProcesses(folder);
      if (pids.length > 0) return pids;
    }
    return [];
  }

  [Symbol.dispose](): void {
    for (const file of [this.#usage, this.#cpuacct, this.#memory, this.#memoryStat, this.#throttled]) {
      file?.[Symbol.dispose]();
    }
  }
}

/** The path below the mount of a hierarchy, with its leading slash and without one at its end. */
function innerPath(path: string, root: string): string {
  let parts = path.split("/").filter((part) => part !== "");
  const mount = root.split("/").filter((part) => part !== "");
  if (mount.every((part, index) => parts[index] === part)) {
    parts = parts.slice(mount.length);
    // Below the mount of version 1 comes the controller.
    if (read(`${root}/cgroup.controllers`) === undefined) parts = parts.slice(1);
  }
  return parts.map((part) => `/${part}`).join("");
}

function allProcesses(folder: string): number[] {
  const pids = (read(`${folder}/cgroup.procs`) ?? "").split("\n").map(Number).filter((pid) => pid > 0);
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (isDirectory) pids.push(...allProcesses(`${folder}/${name}`));
    }
  } catch { /* it is gone */ }
  return pids;
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
