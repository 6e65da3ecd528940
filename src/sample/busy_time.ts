import { cpus } from "node:os";

/**
 * CPU time that all of this machine has used so far, on any system.
 *
 * @returns milliseconds, summed over its logical cores; only differences mean anything.
 *
 * @example It only grows
 * ```ts
 * import { busyTime } from "./busy_time.ts";
 * import assert from "node:assert/strict";
 *
 * const before_ms = busyTime();
 * assert(busyTime() >= before_ms);
 * ```
 */
export function busyTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
