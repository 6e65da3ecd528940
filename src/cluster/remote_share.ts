import type { Queue } from "bullmq";
import type { Agent } from "../run/agents.ts";
import type { FromChild, ToChild } from "../run/messages.ts";
import { within } from "../run/within.ts";
import { attemptFile } from "../schema/attempt_files.ts";
import type { FileSeal } from "../schema/run.ts";
import type { Hub, HubClock } from "./hub.ts";
import {
  BEAT,
  type Down,
  type Entry,
  keys,
  LEFT_MS,
  type ShareJob,
  type ShareResult,
  type WorkerCard,
} from "./messages.ts";
import { Receiver, type Refused } from "./receiver.ts";
import type { UpListener, UpReader } from "./up_reader.ts";

const POLL_MS = 250;
/** How long what is under way to the hub may take after the job's end. */
const REST_MS = 30_000;
/** A hub that is away for so long costs the attempt [ms]. */
const HUB_LOST_MS = 10_000;

type Told<Type> = Extract<FromChild, { type: Type }>;

/** What a {@linkcode RemoteShare} needs. */
export interface RemoteShareOptions {
  hub: Hub;
  /** The hub's clock: of all shares of an attempt the same measurement. */
  clock: () => Promise<HubClock>;
  reader: UpReader;
  queue: Promise<Queue>;
  card: WorkerCard;
  /** Of the job. */
  id: string;
  job: ShareJob;
  /** Of the attempt. */
  folder: string;
  onMessage: (message: FromChild) => void;
}

/** A share of an attempt that a worker drives, as the coordinator sees it: it talks like an agent of this machine. */
export class RemoteShare implements Agent, UpListener {
  readonly ready: Promise<Told<"ready">>;
  readonly done: Promise<Told<"done">>;
  #ready = Promise.withResolvers<Told<"ready">>();
  #done = Promise.withResolvers<Told<"done">>();
  #receiver: Receiver;
  #settled = false;
  /** All of it is here. */
  #complete = false;
  #down: string;
  #up: string;

  constructor(readonly options: RemoteShareOptions, readonly onEnd: () => void) {
    const { hub, id, job, folder } = options;
    this.ready = this.#ready.promise;
    this.done = this.#done.promise;
    this.ready.catch(() => {});
    this.done.catch(() => {});
    this.#down = keys.down(hub.prefix, id);
    this.#up = keys.up(hub.prefix, id);
    this.#receiver = new Receiver(job.secret, folder, (name) => localName(name, job));
    options.reader.add(this.#up, this);
    this.#run().catch((error) => this.fail(error));
  }

  get refused(): Refused {
    return this.#receiver.refused;
  }

  tell(message: ToChild): void {
    if (message.type === "start") this.#say({ type: "start", at_ms: message.zero_ms });
    else if (message.type === "stop") this.#say(message);
  }

  /** The hub's clock is the one that the worker is told the start by. */
  async clockOffset(): Promise<number> {
    // A hub that is away answers when it is back, which may be too late.
    const over = this.done.then((): never => {
      throw new Error("it ended before it began");
    });
    return (await Promise.race([this.options.clock(), over])).ahead_ms;
  }

  take(entry: Entry): void {
    const message = this.#receiver.take(entry);
    if (message?.type === "ready") this.#ready.resolve(message);
    else if (message?.type === "stats") this.options.onMessage(message as unknown as Told<"stats">);
  }

  sync(): Promise<void> {
    return this.#receiver.sync();
  }

  fail(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    const { code } = error as { code?: string };
    const told = new Error(`worker ${this.options.card.worker}: ${error.message}`);
    if (code) Object.assign(told, { code });
    this.#ready.reject(told);
    this.#done.reject(told);
  }

  async end(): Promise<void> {
    const { reader, hub, queue, id } = this.options;
    this.fail(new Error("the attempt ended without it"));
    const tidy = async () => {
      if (!this.#complete) await this.#say({ type: "abandon" });
      await hub.redis.pexpire(this.#down, REST_MS);
      await hub.redis.pexpire(this.#up, REST_MS);
      await (await queue).remove(id);
    };
    // A hub that is away is not waited for.
    await within(1000, tidy(), "the hub is away").catch(() => {});
    reader.remove(this.#up);
    await this.#receiver.close().catch(() => {});
    this.onEnd();
  }

  #say(message: Down): Promise<unknown> {
    const { redis } = this.options.hub;
    const said = redis.xadd(this.#down, "*", "message", JSON.stringify(message)).catch(() => {});
    // Where both are killed, nobody else removes it.
    redis.pexpire(this.#down, LEFT_MS).catch(() => {});
    return said;
  }

  /** Gives the worker its job, and watches both. */
  async #run(): Promise<void> {
    const { hub, card, id, job } = this.options;
    const queue = await this.options.queue;
    await queue.add("share", job, { jobId: id, attempts: 1 });
    const worker = keys.worker(hub.prefix, card.worker);
    let heard_ms = performance.now();
    while (!this.#settled) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const look = Promise.all([hub.redis.get(worker), queue.getJob(id)]);
      const looked = await within(HUB_LOST_MS, look, "the hub is away").catch(() => undefined);
      if (!looked) {
        if (performance.now() - heard_ms < HUB_LOST_MS) continue;
        throw new Error(`this sweep did not reach the hub for ${HUB_LOST_MS / 1000} s`);
      }
      heard_ms = performance.now();
      const [text, found] = looked;
      if (found?.finishedOn !== undefined && found.failedReason === undefined) {
        return await this.#finish(found.returnvalue as ShareResult);
      }
      if (found?.failedReason !== undefined) throw new Error(found.failedReason);
      if (text === null) throw new Error(`it was lost: nothing was heard of it for ${BEAT.lost_ms / 1000} s`);
      if ((JSON.parse(text) as WorkerCard).instance !== card.instance) {
        throw new Error("it was lost: another has its name");
      }
    }
  }

  /** What the worker sealed must be what came. */
  async #finish({ files, share }: ShareResult): Promise<void> {
    const { job } = this.options;
    const wanted = Object.entries(files).map(([name, seal]) => {
      const local = localName(name, job);
      if (local === undefined) throw new Error(`it sealed a file that no worker has: ${name}`);
      return [local, seal] as const;
    });
    for (const end_ms = performance.now() + REST_MS; !this.#settled;) {
      if (wanted.every(([name, { bytes }]) => this.#receiver.bytes(name) >= bytes)) break;
      if (performance.now() > end_ms) throw new Error("rows that it sealed did not come");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (this.#settled) return;
    for (const [name] of wanted) this.#receiver.expect(name);
    this.options.reader.remove(this.#up);
    const received: Record<string, FileSeal> = await this.#receiver.close();
    for (const [name, { rows, bytes, sha256 }] of wanted) {
      const is = received[name];
      if (is.rows === rows && is.bytes === bytes && is.sha256 === sha256) continue;
      throw new Error(`${name} is not what it sealed: ${is.rows} of ${rows} rows`);
    }
    this.#settled = this.#complete = true;
    this.#done.resolve({ type: "done", files: Object.fromEntries(wanted), share });
  }
}

/** Where a file of a worker's goes: as if all agents were of one machine. */
export function localName(
  name: string,
  { index, capacities }: Pick<ShareJob, "index" | "capacities">,
): string | undefined {
  if (name === "resources.jsonl") return attemptFile("resources", index + 2);
  const [, kind, agent = "1"] = /^(requests|events|artifacts)(?:\.([1-9]\d{0,2}))?\.jsonl$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return attemptFile(kind as "requests" | "events" | "artifacts", index + 1 + (Number(agent) - 1) * capacities.length);
}
