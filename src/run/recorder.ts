import { createHash, type Hash } from "node:crypto";
import type { RequestRow } from "../schema/rows.ts";
import type { FileSeal } from "../schema/run.ts";
import { LineBuffer } from "./line_buffer.ts";
import { writeRequestRow } from "./write_request_row.ts";

const FLUSH_ROWS = 1000;
const FLUSH_MS = 250;
const SYNC_MS = 1000;

/**
 * Appends rows to a JSONL file so that a crash loses at most the last quarter of a second: written after 1000 rows or
 * 250 ms, synced to disk every second, hashed on the way.
 *
 * @example One row
 * ```ts
 * import { Recorder } from "./recorder.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = Deno.makeTempDirSync();
 * const rows = new Recorder(`${folder}/requests.jsonl`);
 * rows.add({ step: "get" });
 * assert.equal(rows.close().rows, 1);
 * assert.equal(Deno.readTextFileSync(`${folder}/requests.jsonl`), '{"seq":0,"step":"get"}\n');
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export class Recorder {
  #file: Deno.FsFile;
  #hash: Hash = createHash("sha256");
  /** The same file once more: nothing else can be done with a descriptor while it is synced. */
  #synced: Deno.FsFile;
  #syncing = false;
  #lines = new LineBuffer();
  #rows = 0;
  #waiting = 0;
  #bytes = 0;
  #dirty = false;
  #timers: ReturnType<typeof setInterval>[];
  #error?: Error;

  /** @throws {Deno.errors.AlreadyExists} If the file exists: rows of two attempts never mix. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { createNew: true, append: true, mode: 0o600 });
    this.#synced = Deno.openSync(path, { append: true });
    this.#timers = [
      setInterval(() => this.#guarded(() => this.#flush()), FLUSH_MS),
      setInterval(() => this.#guarded(() => this.#sync()), SYNC_MS),
    ];
  }

  /** Why rows can no longer be written, from the first write that failed on. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Takes a row and gives it its `seq`. */
  add(row: object): void {
    this.#lines.text(`{"seq":${this.#rows},${JSON.stringify(row).slice(1)}\n`);
    this.#count();
  }

  /** As `add`, for the rows of which there may be 100,000 a second; times are rounded to microseconds. */
  addRequest(row: Omit<RequestRow, "seq">): void {
    writeRequestRow(this.#lines, row, { seq: this.#rows });
    this.#count();
  }

  /**
   * Writes and syncs what is left.
   *
   * @throws {Error} If a write failed at any time.
   */
  close(): FileSeal {
    for (const timer of this.#timers) clearInterval(timer);
    this.#guarded(() => {
      this.#flush();
      this.#file.syncDataSync();
    });
    this.#file.close();
    this.#synced.close();
    if (this.#error) throw this.#error;
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  #count(): void {
    this.#rows++;
    if (++this.#waiting >= FLUSH_ROWS) this.#guarded(() => this.#flush());
  }

  #flush(): void {
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    const bytes = this.#lines.taken();
    // A full disk shows as a short count before it shows as an error.
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#dirty = true;
  }

  /** The disk may take its time: sessions do not wait for it. */
  #sync(): void {
    this.#flush();
    if (!this.#dirty || this.#syncing) return;
    this.#dirty = false;
    this.#syncing = true;
    this.#synced.syncData().catch((error) => this.#error ??= error).finally(() => this.#syncing = false);
  }

  // A timer has nobody to throw to: the first error is kept and thrown by `close`.
  #guarded(write: () => void): void {
    try {
      if (!this.#error) write();
    } catch (error) {
      this.#error = error as Error;
    }
    // What can no longer be written is not gathered either.
    if (this.#error) this.#lines.taken();
  }
}
