/** How often the share of shared pages is asked for: the kernel walks all pages for it, some milliseconds for 500 MB. */
const SHARED_EVERY_MS = 2000;

/**
 * Memory of this very process: what it holds alone, and its share of what it maps together with others.
 *
 * What it holds alone costs microseconds to read, so that it can be seen how high it goes between two requests.
 *
 * Source: proc(5), `/proc/pid/statm` and `/proc/pid/smaps_rollup`. Systems without them tell the resident set.
 *
 * @example It is more than an ArrayBuffer that it holds
 * ```ts
 * import { OwnMemory } from "./own_memory.ts";
 * import assert from "node:assert/strict";
 *
 * const held = new Uint8Array(5e6).fill(1);
 * assert(new OwnMemory().read(0) > held.length);
 * ```
 */
export class OwnMemory {
  #share_bytes = 0;
  #shareDue_ms = -Infinity;
  readonly #page_bytes = pageBytes();

  /** @param now_ms Now, on any clock [ms]. */
  read(now_ms: number): number {
    if (this.#page_bytes === undefined) return Deno.memoryUsage().rss;
    if (now_ms >= this.#shareDue_ms) {
      this.#shareDue_ms = now_ms + SHARED_EVERY_MS;
      const rollup = Deno.readTextFileSync("/proc/self/smaps_rollup");
      this.#share_bytes = 1024 * (kilobytes(rollup, "Pss_File") + kilobytes(rollup, "Pss_Shmem"));
    }
    const [, resident, shared] = Deno.readTextFileSync("/proc/self/statm").split(" ").map(Number);
    return (resident - shared) * this.#page_bytes + this.#share_bytes;
  }
}

/** Size of a page [bytes]; `undefined` on a system that does not tell. */
function pageBytes(): number | undefined {
  try {
    return 1024 * kilobytes(Deno.readTextFileSync("/proc/self/smaps"), "KernelPageSize");
  } catch {
    return undefined;
  }
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)![1]);
}
