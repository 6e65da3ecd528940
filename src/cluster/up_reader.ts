import type { Redis } from "ioredis";
import type { Entry } from "./messages.ts";

const BLOCK_MS = 500;
/** Entries that are read at once, of all streams. */
const COUNT = 64;

/** Who takes the entries of a stream. */
export interface UpListener {
  take(entry: Entry): void;
  /** All that was taken is on disk when this resolves. */
  sync(): Promise<void>;
  /** It can go no further. */
  fail(error: Error): void;
}

/** Reads what the workers of an attempt send; an entry leaves the hub when it is on disk here. */
export class UpReader {
  /** `taken` are entries that are on disk here, and at the hub yet. */
  #listeners = new Map<string, { listener: UpListener; last: string; taken: string[] }>();
  #closed = false;
  #running = false;

  constructor(readonly redis: Redis) {}

  /** Reads a stream from its beginning. */
  add(key: string, listener: UpListener): void {
    this.#listeners.set(key, { listener, last: "0", taken: [] });
    if (!this.#running) this.#run();
  }

  /** Reads it no longer. */
  remove(key: string): void {
    this.#listeners.delete(key);
  }

  close(): void {
    this.#closed = true;
    this.redis.disconnect();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#closed) {
      try {
        if (this.#listeners.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        else await this.#read();
      } catch {
        // The hub is away, or says no: what was not acknowledged is there when it is back.
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async #read(): Promise<void> {
    const streams = [...this.#listeners];
    // A hub without room or disk may have refused to let go of them.
    for (const [key, stream] of streams) await this.#acknowledge(key, stream);
    const answer = await this.redis.callBuffer(
      "XREAD",
      ...["COUNT", Math.max(1, Math.floor(COUNT / streams.length)), "BLOCK", BLOCK_MS, "STREAMS"],
      ...streams.map(([key]) => key),
      ...streams.map(([, { last }]) => last),
    ) as [Buffer, [Buffer, Buffer[]][]][] | null;
    for (const [name, entries] of answer ?? []) {
      const key = name.toString();
      const stream = this.#listeners.get(key);
      if (!stream) continue;
      try {
        for (const [, fields] of entries) stream.listener.take(entryOf(fields));
        await stream.listener.sync();
      } catch (error) {
        this.#listeners.delete(key);
        stream.listener.fail(error as Error);
        continue;
      }
      stream.last = entries.at(-1)![0].toString();
      stream.taken.push(...entries.map(([id]) => id.toString()));
      await this.#acknowledge(key, stream);
    }
  }

  async #acknowledge(key: string, stream: { taken: string[] }): Promise<void> {
    if (stream.taken.length === 0) return;
    await this.redis.xdel(key, ...stream.taken);
    stream.taken = [];
  }
}

/** Whatever somebody has put there; what a worker has not, its code tells. */
function entryOf(fields: Buffer[]): Entry {
  const values = new Map<string, Buffer>();
  for (let index = 0; index + 1 < fields.length; index += 2) values.set(fields[index].toString(), fields[index + 1]);
  return {
    head: values.get("head")?.toString() ?? "",
    data: values.get("data") ?? new Uint8Array(),
    code: values.get("code")?.toString() ?? "",
  };
}
