import type { Libc } from "./libc.ts";

const WORDS_A_MEGABYTE = 262_144;

/** Memory that is resident until it is freed. */
export interface HeldMemory {
  /** Size [bytes]. */
  readonly bytes: number;
  /** Gives the memory back to the system; a second call does nothing. */
  free(): void;
}

/**
 * Takes memory and writes pseudo-random numbers over all of it, so that every page is resident and none can be merged or compressed away.
 *
 * With the C library it is pages of its own, which leave the process the moment they are freed: freed `ArrayBuffer`s
 * may stay in the allocator's heap, and the process would look larger than what it holds.
 *
 * @param bytes Size [bytes]; 0 holds nothing.
 * @param libc The C library; `null` holds an `ArrayBuffer` instead.
 * @param meanwhile Called after each megabyte that is written.
 * @throws {RangeError} If the system has no memory left.
 */
export function holdMemory(bytes: number, libc: Libc | null, meanwhile?: () => void): HeldMemory {
  if (bytes === 0) return { bytes, free() {} };
  if (libc === null) {
    let buffer: ArrayBuffer | null = new ArrayBuffer(bytes);
    scribble(buffer, meanwhile);
    return {
      bytes,
      free() {
        buffer?.transfer(0);
        buffer = null;
      },
    };
  }
  let pages = libc.mapPages(bytes);
  if (pages === null) throw new RangeError(`Cannot hold ${bytes} bytes for a viewer: the system has no memory left`);
  scribble(Deno.UnsafePointerView.getArrayBuffer(pages, bytes), meanwhile);
  return {
    bytes,
    free() {
      if (pages !== null) libc.unmapPages(pages, bytes);
      pages = null;
    },
  };
}

/** Marsaglia's xorshift32 over the whole buffer. */
function scribble(buffer: ArrayBuffer, meanwhile?: () => void): void {
  const words = new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
  let state = (Math.random() * 0xffff_ffff) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
    if (i % WORDS_A_MEGABYTE === 0) meanwhile?.();
  }
}
