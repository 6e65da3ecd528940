/** Steps between two looks at the clock: a few microseconds, so that the overshoot stays small. */
const STEPS = 2000;

let residue = 1;

/**
 * Uses CPU time, not wall time: a thread that is preempted goes on until it has had its share.
 *
 * @param cpu_ms CPU time to use [ms]; 0 uses none.
 * @param cpuClock Cumulative CPU time [ms] of the calling thread or process.
 * @param meanwhile Called every few microseconds of the work.
 * @returns CPU time used, by the same clock [ms].
 *
 * @example Half a millisecond, by the clock of the process
 * ```ts
 * import { burnCpu } from "./burn_cpu.ts";
 * import assert from "node:assert/strict";
 * import process from "node:process";
 *
 * const cpuClock = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
 * assert(burnCpu(0.5, cpuClock) >= 0.5);
 * ```
 */
export function burnCpu(cpu_ms: number, cpuClock: () => number, meanwhile?: () => void): number {
  if (cpu_ms <= 0) return 0;
  const start = cpuClock();
  let used = 0;
  while (used < cpu_ms) {
    // The result outlives the call, else the compiler may drop the loop.
    for (let i = 0; i < STEPS; i++) residue = (Math.imul(residue, 1_664_525) + 1_013_904_223) | 0;
    meanwhile?.();
    used = cpuClock() - start;
  }
  return used;
}
