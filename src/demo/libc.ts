/** The three functions of the C library that the Streamer's costs are made of. */
export interface Libc {
  /** CPU time of the calling thread [ms], from `clock_gettime(CLOCK_THREAD_CPUTIME_ID)`. */
  threadCpuMs(): number;
  /** Anonymous private pages, from `mmap`; `null` where the system has none left. */
  mapPages(bytes: number): Deno.PointerObject | null;
  unmapPages(pages: Deno.PointerObject, bytes: number): void;
}

const SYSTEMS: Partial<Record<typeof Deno.build.os, { library: string; threadClock: number; mapFlags: number }>> = {
  linux: { library: "libc.so.6", threadClock: 3, mapFlags: 0x22 },
  darwin: { library: "libSystem.B.dylib", threadClock: 16, mapFlags: 0x1002 },
};

const READ_AND_WRITE = 3;

/**
 * Opens the system's C library.
 *
 * @returns The functions, or `null` on systems other than Linux and macOS, or without permission.
 */
export function openLibc(): Libc | null {
  const system = SYSTEMS[Deno.build.os];
  if (!system) return null;
  let symbols;
  try {
    ({ symbols } = Deno.dlopen(
      system.library,
      {
        clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
        mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
        munmap: { parameters: ["pointer", "usize"], result: "i32" },
      } as const,
    ));
  } catch {
    return null;
  }
  const time = new BigInt64Array(2);
  const timeBytes = new Uint8Array(time.buffer);
  return {
    threadCpuMs() {
      symbols.clock_gettime(system.threadClock, timeBytes);
      return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
    },
    mapPages(bytes) {
      const pages = symbols.mmap(0n, BigInt(bytes), READ_AND_WRITE, system.mapFlags, -1, 0n);
      const failed = pages === null || BigInt.asIntN(64, BigInt(Deno.UnsafePointer.value(pages))) === -1n;
      return failed ? null : pages;
    },
    unmapPages(pages, bytes) {
      symbols.munmap(pages, BigInt(bytes));
    },
  };
}
