import { join } from "node:path";
import type { Redis } from "ioredis";
import { LEFT_MS, seal, type Up } from "./messages.ts";
import { MOST_BATCH_BYTES } from "./receiver.ts";

const EVERY_MS = 250;
/** With more batches than this on the stream the worker waits until the coordinator has taken some. */
const MOST_WAITING = 64;
const NEWLINE = 10;

/** Sends the rows of a share to the hub as its agents write them, whole rows in batches, each numbered. */
export class Shipper {
  #sent = new Map<string, number>();
  #seq = 0;
  #closed = false;
  #running: Promise<void>;

  /**
   * @param key of the stream.
   * @param secret of the job.
   * @param folder where the agents write.
   */
  constructor(readonly redis: Redis, readonly key: string, readonly secret: string, readonly folder: string) {
    this.#running = this.#run();
  }

  /** Says something that is no row. */
  async say(message: Up): Promise<void> {
    await this.#send(message);
  }

  /** Sends what is left; all of it is with the hub when this resolves. */
  async finish(): Promise<void> {
    this.stop();
    await this.#running;
    while (await this.#ship());
  }

  stop(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      // What could not be sent now is sent later: the rows are in their file.
      const more = await this.#ship().catch(() => false);
      if (!more) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** One batch of every file; whether there may be more. */
  async #ship(): Promise<boolean> {
    if (await this.redis.xlen(this.key) > MOST_WAITING) {
      return await new Promise((resolve) => setTimeout(resolve, 20, true));
    }
    let more = false;
    for await (const { name } of Deno.readDir(this.folder)) {
      if (!name.endsWith(".jsonl")) continue;
      const offset = this.#sent.get(name) ?? 0;
      const { data, isFull } = await readRows(join(this.folder, name), offset);
      if (data.length === 0) {
        if (isFull) throw new Error(`${name} has a row of more than ${MOST_BATCH_BYTES / 1024} KiB`);
        continue;
      }
      await this.#send({ type: "batch", seq: this.#seq, file: name, offset }, data);
      this.#seq++;
      this.#sent.set(name, offset + data.length);
      more ||= isFull;
    }
    return more;
  }

  async #send(message: Up, data?: Uint8Array): Promise<void> {
    const entry = seal(this.secret, message, data);
    const { head, code } = entry;
    const sent = this.redis.xadd(this.key, "*", "head", head, "code", code, "data", Buffer.from(entry.data));
    // Where worker and coordinator are both killed, nobody else removes it.
    this.redis.pexpire(this.key, LEFT_MS).catch(() => {});
    await sent;
  }
}

/** Whole rows from there on, as many as a batch holds, and whether what follows did not fit. */
async function readRows(path: string, offset: number): Promise<{ data: Uint8Array; isFull: boolean }> {
  using file = await Deno.open(path);
  if ((await file.stat()).size <= offset) return { data: new Uint8Array(), isFull: false };
  await file.seek(offset, Deno.SeekMode.Start);
  const buffer = new Uint8Array(MOST_BATCH_BYTES);
  let length = 0;
  for (let read = await file.read(buffer); read !== null && length < buffer.length;) {
    length += read;
    if (length === buffer.length) break;
    read = await file.read(buffer.subarray(length));
  }
  const data = buffer.subarray(0, buffer.subarray(0, length).lastIndexOf(NEWLINE) + 1);
  return { data, isFull: length === buffer.length };
}
