import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import type { FileSeal } from "../schema/run.ts";
import { type Entry, isGenuine, type Up } from "./messages.ts";

/** The most that one batch may hold: what is longer was not sent by a worker. */
export const MOST_BATCH_BYTES = 256 * 1024;
/** Of what is quarantined so many are kept, and of each its beginning. */
const MOST_KEPT = 1000;
const KEPT_BYTES = 2000;
const NEWLINE = 10;

/** What was refused of a share, or of an attempt. */
export interface Refused {
  /** Sent once more: it is here already. */
  duplicate: number;
  /** Not what this worker may send: kept aside. */
  quarantined: number;
  /** Why, each once. */
  reasons: string[];
}

interface ReceivedFile {
  file: Deno.FsFile;
  hash: Hash;
  rows: number;
  bytes: number;
  dirty: boolean;
}

/**
 * Appends what a worker sends of its share to the files of the attempt: each batch once, in order, whole, and nothing that
 * somebody else sent. What is refused is counted; what is forged is kept aside, in `quarantine.jsonl` beside the rows.
 *
 * @example
 * ```ts
 * import { seal } from "./messages.ts";
 * import { Receiver } from "./receiver.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = Deno.makeTempDirSync();
 * const receiver = new Receiver("secret", folder, (name) => name);
 * const row = new TextEncoder().encode('{"seq":0}\n');
 * const batch = { type: "batch", seq: 0, file: "requests.jsonl", offset: 0 } as const;
 * receiver.take(seal("secret", batch, row));
 * receiver.take(seal("another", { ...batch, seq: 1, offset: 10 }, row));
 * assert.equal((await receiver.close())["requests.jsonl"].rows, 1);
 * assert.equal(receiver.refused.quarantined, 1);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export class Receiver {
  readonly refused: Refused = { duplicate: 0, quarantined: 0, reasons: [] };
  #files = new Map<string, ReceivedFile>();
  #next = 0;
  #syncing: Promise<void> = Promise.resolve();

  /**
   * @param secret of the job.
   * @param folder of the attempt.
   * @param nameOf the name here of a file of the worker's; nothing for one that it may not send.
   */
  constructor(
    readonly secret: string,
    readonly folder: string,
    readonly nameOf: (name: string) => string | undefined,
  ) {}

  /**
   * Takes an entry of the share's stream.
   *
   * @returns the message, where it is one to be heeded and not rows.
   * @throws {Error} With the operating system's `code`, if it cannot be written.
   */
  take(entry: Entry): Up | undefined {
    if (!isGenuine(this.secret, entry)) return this.#quarantine(entry, "its code is not the worker's");
    const message = JSON.parse(entry.head) as Up;
    if (message.type !== "batch") return message;
    const { seq, file, offset } = message;
    if (seq < this.#next) {
      this.refused.duplicate++;
      return undefined;
    }
    const name = this.nameOf(file);
    if (name === undefined) return this.#quarantine(entry, "it is of a file that no worker has");
    if (entry.data.length > MOST_BATCH_BYTES) return this.#quarantine(entry, "it is too long");
    const received = this.#open(name);
    if (seq > this.#next || offset !== received.bytes) {
      return this.#quarantine(entry, "it does not follow the one before");
    }
    if (entry.data.at(-1) !== NEWLINE) return this.#quarantine(entry, "it ends within a row");
    // A full disk shows as a short count before it shows as an error.
    for (let written = 0; written < entry.data.length;) {
      written += received.file.writeSync(entry.data.subarray(written));
    }
    received.hash.update(entry.data);
    received.bytes += entry.data.length;
    for (const byte of entry.data) if (byte === NEWLINE) received.rows++;
    received.dirty = true;
    this.#next++;
    return undefined;
  }

  /** What is written is on disk when this resolves: before that nothing is acknowledged. */
  sync(): Promise<void> {
    // One after the other: who waits for this waits for what another has begun, too.
    return this.#syncing = this.#syncing.catch(() => {}).then(() => this.#syncAll());
  }

  async #syncAll(): Promise<void> {
    for (const received of this.#files.values()) {
      if (!received.dirty) continue;
      received.dirty = false;
      await received.file.syncData();
    }
  }

  /** How much there is, by name here [bytes]. */
  bytes(name: string): number {
    return this.#files.get(name)?.bytes ?? 0;
  }

  /** Syncs and closes all files. */
  async close(): Promise<Record<string, FileSeal>> {
    await this.sync();
    const files: Record<string, FileSeal> = {};
    for (const [name, { file, hash, rows, bytes }] of this.#files) {
      file.close();
      files[name] = { rows, bytes, sha256: hash.digest("hex") };
    }
    this.#files.clear();
    return files;
  }

  /** An empty file is one too. */
  expect(name: string): void {
    this.#open(name);
  }

  #open(name: string): ReceivedFile {
    let received = this.#files.get(name);
    if (!received) {
      const file = Deno.openSync(join(this.folder, name), { createNew: true, append: true, mode: 0o600 });
      received = { file, hash: createHash("sha256"), rows: 0, bytes: 0, dirty: true };
      this.#files.set(name, received);
    }
    return received;
  }

  #quarantine({ head, data }: Entry, reason: string): undefined {
    const { refused } = this;
    refused.quarantined++;
    if (!refused.reasons.includes(reason)) refused.reasons.push(reason);
    if (refused.quarantined > MOST_KEPT) return;
    const text = new TextDecoder().decode(data.subarray(0, KEPT_BYTES));
    const line = JSON.stringify({ reason, head: head.slice(0, KEPT_BYTES), bytes: data.length, data: text }) + "\n";
    Deno.writeTextFileSync(join(this.folder, "quarantine.jsonl"), line, { append: true, mode: 0o600 });
  }
}
