/** The kernel's CPU clock of a whole process, as clock_getcpuclockid(3) makes it. */
const CPUCLOCK_SCHED = 2;

/**
 * Opens the CPU clocks that the kernel keeps of every process: in nanoseconds, threads that have ended included. Nothing under
 * /proc is both.
 *
 * Source: clock_getcpuclockid(3).
 *
 * @returns Reads the CPU time of a process [ms], `undefined` if there is none of that id; `undefined` where the C library cannot be
 *   called.
 *
 * @example The CPU time of this process
 * ```ts
 * import { openProcessClocks } from "./process_clock.ts";
 * import assert from "node:assert/strict";
 *
 * if (Deno.build.os === "linux") assert(openProcessClocks()?.(Deno.pid)! > 0);
 * ```
 */
export function openProcessClocks(): ((pid: number) => number | undefined) | undefined {
  if (Deno.build.os !== "linux") return undefined;
  let symbols;
  try {
    ({ symbols } = Deno.dlopen(
      "libc.so.6",
      { clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } } as const,
    ));
  } catch {
    return undefined;
  }
  const time = new BigInt64Array(2);
  const bytes = new Uint8Array(time.buffer);
  return (pid) => {
    if (symbols.clock_gettime((~pid << 3) | CPUCLOCK_SCHED, bytes) !== 0) return undefined;
    return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
  };
}
