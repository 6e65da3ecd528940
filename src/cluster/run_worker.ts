import type { Job } from "bullmq";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { makeProvenance } from "../run/make_provenance.ts";
import { pause } from "../run/pause.ts";
import { within } from "../run/within.ts";
import { makePlan } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { checkSpool } from "./check_spool.ts";
import { checkServe, serveArtifacts } from "./serve_artifacts.ts";
import { ShareDriver } from "./drive_share.ts";
import { Hub, type HubOptions } from "./hub.ts";
import { BEAT, keys, type PlanJob, queueOf, type ShareJob, type WorkerCard } from "./messages.ts";
import { removeQueue } from "./remove_queue.ts";

/** What a worker is, and where it finds its work. */
export interface WorkerOptions extends HubOptions {
  /** The most sessions that it takes; shares are in proportion. */
  capacity: number;
  /** `HOST:PORT` of a target that is not loopback and that this machine may load. */
  consent?: string;
  /**
   * Its name at the hub, which no other worker has.
   *
   * @default the machine's name and a few random digits
   */
  name?: string;
  /**
   * Where its agents write before rows are sent, and artifacts stay.
   *
   * @default a new folder of the temporary one
   */
  spool?: string;
  /**
   * `HOST:PORT` where it gives out artifacts to who can read its token at the hub, with `cert` and `key` over TLS; without
   * them on loopback only.
   *
   * @default they are not given out
   */
  serve?: string;
  /** Ends it: what it drives is void. */
  signal?: AbortSignal;
  /** Told what it does, a sentence each. */
  onNote?: (text: string) => void;
}

/** What a worker did. */
export interface WorkerEnd {
  /** Its name at the hub. */
  worker: string;
  /** Shares of attempts: sent whole, broken, and those whose end came too late and was refused. */
  shares: { complete: number; failed: number; refused: number };
}

/**
 * Drives shares of sweeps that a hub hands out, until it is told to end. Each is a job that only who holds its lock can end.
 *
 * @returns what it did.
 * @throws {InputError} If the hub does not let it in, or an option is not right.
 * @throws {Error} If it was not heard of for so long that another worker has its name.
 *
 * @example
 * ```ts ignore
 * import { runWorker } from "plimsoll";
 * await runWorker({ url: "rediss://hub.example:6380", capacity: 2000, spool: "/var/lib/plimsoll", consent: "staging.example:443" });
 * ```
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerEnd> {
  const { capacity, signal = new AbortController().signal, onNote = () => {} } = options;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > 100_000) {
    throw new InputError("--capacity", capacity, "the most sessions that this machine takes, from 1 to 100000");
  }
  const card = makeCard(options);
  checkServe(options);
  checkConsent(options);
  await using hub = await Hub.open(options);
  if (options.spool !== undefined) checkSpool(options.spool);
  // Made when nothing refuses it any more.
  const spool = { path: options.spool === undefined ? "" : resolve(options.spool) };
  await using server = options.serve === undefined ? undefined : serveArtifacts(options, () => spool.path);
  if (server) card.artifacts = { url: server.url, token: server.token };
  const { redis, prefix } = hub;
  const text = JSON.stringify(card);
  await takeName(hub, card, text);
  if (options.spool === undefined) spool.path = Deno.makeTempDirSync({ prefix: "plimsoll-worker-" });
  const { Worker } = await import("bullmq");
  const shares = { complete: 0, failed: 0, refused: 0 };
  const driver = new ShareDriver(hub, card, { ...options, spool: spool.path });
  const work = async ({ name, id, data }: Job<ShareJob | PlanJob>) => {
    if (name === "plan") return await driver.check(data as PlanJob);
    try {
      return await driver.drive(id!, data as ShareJob);
    } catch (error) {
      // Said at once: the hub may be what is away.
      onNote(`${id}: ${(error as Error).message}: it drives nothing any more`);
      throw error;
    }
  };
  const worker = new Worker<ShareJob | PlanJob>(queueOf(card), work, {
    connection: redis,
    prefix: keys.bull(prefix),
    concurrency: 1,
    lockDuration: BEAT.lost_ms,
    stalledInterval: BEAT.lost_ms,
    maxStalledCount: 0,
  });
  worker.on("completed", ({ name }) => {
    if (name === "share") shares.complete++;
  });
  worker.on("failed", (job) => {
    if (job?.name !== "plan") shares.failed++;
  });
  // A job whose lock has run out is somebody else's: what comes of it now is refused.
  const refused = new Set<string>();
  worker.on("error", ({ message }) => {
    const id = /(?:Missing (?:lock|key) for job|could not renew lock for job) (\S+?)\.? ?(?:moveTo|$)/.exec(message)
      ?.[1];
    if (id === undefined) return;
    if (!refused.has(id)) onNote(`${id}: refused, it came too late`);
    refused.add(id);
    shares.refused = refused.size;
  });
  onNote(`worker ${card.worker} takes up to ${capacity} sessions`);
  const beat = () =>
    Promise.all([
      hub.hold(keys.worker(prefix, card.worker), text, BEAT.lost_ms),
      redis.get(keys.lease(prefix)),
      redis.sadd(keys.workers(prefix), queueOf(card)),
    ]);
  let isThere = true;
  const replaced = new AbortController();
  const over = AbortSignal.any([signal, replaced.signal]);
  while (!over.aborted) {
    const answer = await Promise.race([
      beat().catch(() => undefined),
      pause(BEAT.lost_ms, over).then(() => undefined),
    ]);
    const heard = answer !== undefined;
    if (heard) {
      const [holder, lease] = answer;
      if (holder !== text) replaced.abort();
      driver.heard(lease);
    }
    if (heard !== isThere) onNote(heard ? "the hub is there again" : "the hub is not reached");
    isThere = heard;
    await pause(BEAT.every_ms, over);
  }
  const isReplaced = replaced.signal.aborted;
  const why = isReplaced ? "another worker has its name" : "the worker was told to end";
  onNote(`worker ${card.worker} leaves the hub: ${why}`);
  driver.end(why);
  const leave = async () => {
    await worker.close();
    await removeQueue(hub, queueOf(card));
    await hub.letGo(keys.worker(prefix, card.worker), text);
    await redis.srem(keys.workers(prefix), queueOf(card));
  };
  await within(10_000, leave(), "the hub is away").catch(() => {});
  const { complete, failed, refused: late } = shares;
  onNote(`worker ${card.worker} has ended: ${complete} shares sent, ${failed} broken, ${late} refused`);
  if (isReplaced) {
    const silent = `nothing was heard of this one for ${BEAT.lost_ms / 1000} s`;
    throw new Error(`another worker has the name ${card.worker} now: ${silent}`);
  }
  return { worker: card.worker, shares };
}

/**
 * Two workers of one name would take each other's jobs. One that was killed has its name for a moment yet.
 *
 * @throws {InputError} If another worker has it.
 */
async function takeName(hub: Hub, card: WorkerCard, text: string): Promise<void> {
  const take = () => hub.hold(keys.worker(hub.prefix, card.worker), text, BEAT.lost_ms);
  for (const end_ms = performance.now() + BEAT.lost_ms + BEAT.every_ms; await take() !== text;) {
    if (performance.now() > end_ms) {
      throw new InputError("--name", card.worker, "a name that no other worker of the fleet has");
    }
    await pause(BEAT.every_ms, new AbortController().signal);
  }
}

/** @throws {InputError} If it could name no target. */
function checkConsent({ consent }: WorkerOptions): void {
  if (consent === undefined || consent.split(",").every((host) => /^(\[[\da-f:.]+\]|[^\s:/@]+):\d{1,5}$/i.test(host))) {
    return;
  }
  throw new InputError("--i-may-load-test", consent, "host and port of the target, for example staging.example:443");
}

function makeCard({ name, capacity }: WorkerOptions): WorkerCard {
  const random = crypto.randomUUID().slice(0, 4);
  const worker = name ?? `${hostname().replace(/[^a-z0-9_-]/gi, "-").slice(0, 40)}-${random}`;
  if (!/^[a-z0-9][a-z0-9_-]{0,59}$/i.test(worker)) {
    throw new InputError("--name", worker, "a name of letters, digits, - and _, at most 60");
  }
  const of = makeProvenance(makePlan({ url: "http://127.0.0.1/" }), { addresses: [] });
  const { plimsoll_version, deno_version, git_revision, os, kernel, cpu_model, machine, vcpus } = of;
  const { memory_bytes, cgroup_limits, time_source, sampler } = of;
  return {
    ...{
      worker,
      instance: crypto.randomUUID().slice(0, 8),
      capacity,
      clock: "the hub's",
      ...(machine ? { machine } : {}),
    },
    ...{ plimsoll_version, deno_version, git_revision, os, kernel, cpu_model, vcpus },
    ...{ memory_bytes, cgroup_limits, time_source, sampler },
  };
}
