import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { FileSeal } from "../schema/run.ts";

/** What a pass over a file hands on at once, and hashes while it is at hand [bytes]. */
const CHUNK = 1 << 20;
/** A scanner of rows looks so far beyond the end [bytes]. */
const SLACK = 256;
const NEWLINE = 10;

/**
 * Reads a file of an attempt once, hashing it on the way.
 *
 * @param path the file.
 * @param seal what `COMPLETE.json` says of it.
 * @param take is given whole lines: bytes, and how many of them count. Good until it returns. What it made of them must be thrown
 *   away if the file is not what was sealed.
 * @returns how many bytes were added after those that were sealed; nothing if it is not what was sealed.
 */
export function readSealed(
  path: string,
  seal: FileSeal,
  take: (bytes: Uint8Array, end: number) => void,
): number | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const hash = createHash("sha256");
    let bytes = buffer;
    let [kept, left] = [0, seal.bytes];
    while (left > 0) {
      const read = readSync(file, bytes, kept, Math.min(left, bytes.length - SLACK - kept), null);
      if (read === 0) return undefined;
      hash.update(bytes.subarray(kept, kept + read));
      left -= read;
      const end = kept + read;
      const whole = left === 0 ? end : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
      take(bytes, whole);
      kept = end - whole;
      // A line that is longer than all that was read.
      const next = whole === 0 ? buffer = new Uint8Array(2 * bytes.length) : bytes;
      next.set(bytes.subarray(whole, end));
      bytes = next;
    }
    return hash.digest("hex") === seal.sha256 ? fstatSync(file).size - seal.bytes : undefined;
  } finally {
    closeSync(file);
  }
}

let buffer = new Uint8Array(CHUNK + SLACK);
