/** What the cgroup of this process allows; absent where it sets no limit. */
export interface CgroupLimits {
  /** Logical cores. */
  cores?: number;
  memory_bytes?: number;
}

/**
 * Reads the limits of the cgroup that this process is in, version 1 or 2: inside a container these are the machine.
 *
 * @param root where cgroups are mounted.
 *
 * @example In a container of two cores and 4 GiB
 * ```ts ignore
 * import { cgroupLimits } from "./cgroup_limits.ts";
 * cgroupLimits(); // { cores: 2, memory_bytes: 4294967296 }
 * ```
 */
export function cgroupLimits(root = "/sys/fs/cgroup"): CgroupLimits {
  const limits: CgroupLimits = {};
  const [quota, period] = (read(`${root}/cpu.max`) ?? "").split(" ").map(Number);
  const quotaV1 = Number(read(`${root}/cpu/cpu.cfs_quota_us`) ?? -1);
  const periodV1 = Number(read(`${root}/cpu/cpu.cfs_period_us`) ?? 0);
  if (quota > 0 && period > 0) limits.cores = quota / period;
  else if (quotaV1 > 0 && periodV1 > 0) limits.cores = quotaV1 / periodV1;
  const memory = Number(read(`${root}/memory.max`) ?? read(`${root}/memory/memory.limit_in_bytes`) ?? NaN);
  // Version 1 writes "no limit" as a number close to 2^63.
  if (memory > 0 && memory < 2 ** 60) limits.memory_bytes = memory;
  return limits;
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
