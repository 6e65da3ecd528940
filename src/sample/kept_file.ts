import { readFileSync } from "node:fs";

const CHUNK_BYTES = 65_536;
// Others in this process need descriptors too: this share of what it may open is kept.
const SHARE = 0.5;
const MOST = 16_384;

let buffer = new Uint8Array(CHUNK_BYTES);
const decoder = new TextDecoder();
let kept = 0;
let budget: number | undefined;

/**
 * A file of the kernel that is read again and again through one descriptor: cheaper than opening it each time, and a process's file
 * says by itself that the process has ended, even if another one has its id by now.
 *
 * Beyond half of the descriptors that this process may have, files are opened for each reading.
 *
 * @example The time that this machine has been up
 * ```ts ignore
 * import { KeptFile } from "./kept_file.ts";
 * using uptime = new KeptFile("/proc/uptime");
 * uptime.text(); // "350735.47 234388.90\n"
 * ```
 */
export class KeptFile implements Disposable {
  #file?: Deno.FsFile;

  constructor(readonly path: string) {}

  /**
   * Reads the file from its start, at most 64 KiB in one go: enough for a file of one record.
   *
   * @returns a view that the next reading of any file overwrites; `undefined` if the file is gone or may not be read.
   */
  bytes(): Uint8Array | undefined {
    return this.#read(false);
  }

  /**
   * Reads the whole file.
   *
   * @returns its text; `undefined` if the file is gone or may not be read.
   */
  text(): string | undefined {
    const bytes = this.#read(true);
    return bytes && decoder.decode(bytes);
  }

  [Symbol.dispose](): void {
    if (!this.#file) return;
    this.#file.close();
    this.#file = undefined;
    kept--;
  }

  #read(whole: boolean): Uint8Array | undefined {
    let file = this.#file;
    try {
      if (file) file.seekSync(0, Deno.SeekMode.Start);
      else {
        file = Deno.openSync(this.path);
        if (kept < (budget ??= descriptors())) {
          this.#file = file;
          kept++;
        }
      }
      let length = file.readSync(buffer) ?? 0;
      // The kernel hands out lists a page at a time.
      for (let more = length; whole && more > 0; length += more) {
        if (length === buffer.length) {
          const larger = new Uint8Array(2 * length);
          larger.set(buffer);
          buffer = larger;
        }
        more = file.readSync(buffer.subarray(length)) ?? 0;
      }
      if (file !== this.#file) file.close();
      return length > 0 ? buffer.subarray(0, length) : undefined;
    } catch {
      if (file && file !== this.#file) file.close();
      this[Symbol.dispose]();
      return undefined;
    }
  }
}

function descriptors(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return Math.min(MOST, SHARE * Number(soft ?? 1024));
}
