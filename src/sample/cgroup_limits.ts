import { cpus } from "node:os";
import { CGROUP_ROOT, cgroupFolders, cgroupPaths } from "./cgroup_paths.ts";

/** What the cgroup of a process allows; absent where it sets no limit. */
export interface CgroupLimits {
  /** Logical cores. */
  cores?: number;
  memory_bytes?: number;
}

/**
 * Reads the limits of the cgroup that a process is in, version 1 or 2, and of those above it: inside a container these are the
 * machine.
 *
 * @param root where cgroups are mounted.
 * @param paths the process's cgroups; this process's own if left out.
 * @returns the least of each: CPU quota or set of cores, memory.
 *
 * @example In a container of two cores and 4 GiB
 * ```ts ignore
 * import { cgroupLimits } from "./cgroup_limits.ts";
 * cgroupLimits(); // { cores: 2, memory_bytes: 4294967296 }
 * ```
 */
export function cgroupLimits(root = CGROUP_ROOT, paths: ReadonlyMap<string, string> = cgroupPaths()): CgroupLimits {
  const limits: CgroupLimits = {};
  const atMost = (name: keyof CgroupLimits, value: number) => {
    if (value < (limits[name] ?? Infinity)) limits[name] = value;
  };
  for (const folder of cgroupFolders("cpu", paths, root)) {
    const [quota, period] = (read(`${folder}/cpu.max`) ?? "").split(" ").map(Number);
    const quotaV1 = Number(read(`${folder}/cpu.cfs_quota_us`) ?? -1);
    const periodV1 = Number(read(`${folder}/cpu.cfs_period_us`) ?? 0);
    if (quota > 0 && period > 0) atMost("cores", quota / period);
    else if (quotaV1 > 0 && periodV1 > 0) atMost("cores", quotaV1 / periodV1);
  }
  for (const folder of cgroupFolders("cpuset", paths, root)) {
    const list = read(`${folder}/cpuset.cpus.effective`) ?? read(`${folder}/cpuset.effective_cpus`);
    const cores = list ? coresOf(list) : 0;
    if (cores > 0 && cores < cpus().length) atMost("cores", cores);
  }
  for (const folder of cgroupFolders("memory", paths, root)) {
    const memory = Number(read(`${folder}/memory.max`) ?? read(`${folder}/memory.limit_in_bytes`) ?? NaN);
    // Version 1 writes "no limit" as a number close to 2^63.
    if (memory > 0 && memory < 2 ** 60) atMost("memory_bytes", memory);
  }
  return limits;
}

/** How many cores a list such as `0-3,8` names. */
function coresOf(list: string): number {
  return list.split(",").reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
