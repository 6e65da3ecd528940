import type { Queue } from "bullmq";
import type { Hub } from "./hub.ts";
import { pause } from "../run/pause.ts";
import { within } from "../run/within.ts";
import { keys, type PlanAnswer, type PlanJob, type WorkerCard } from "./messages.ts";

const POLL_MS = 50;
const LOOK_MS = 1000;
/** A worker looks for a browser, and whether the target answers it; it may be at the end of another share. */
const ANSWER_MS = 60_000;

/** Whom to ask, and through what. */
export interface AskOptions {
  hub: Hub;
  queue: Queue;
  card: WorkerCard;
  /** Of the job. */
  id: string;
  signal: AbortSignal;
}

/**
 * Asks a worker whether it can drive a plan, before anything is driven.
 *
 * @returns why not, in words for its user; nothing where it can, or is not there any more.
 * @throws {Error} If it does not say.
 */
export async function askWorker(job: PlanJob, options: AskOptions): Promise<string | undefined> {
  const { hub, queue, card, id, signal } = options;
  try {
    await queue.add("plan", job, { jobId: id, attempts: 1 });
    for (const end_ms = performance.now() + ANSWER_MS; !signal.aborted; await pause(POLL_MS, signal)) {
      const look = Promise.all([queue.getJob(id), hub.redis.get(keys.worker(hub.prefix, card.worker))]);
      const [asked, text] = await within(LOOK_MS, look, "the hub is away").catch(() => []);
      if (asked?.failedReason !== undefined) return asked.failedReason;
      if (asked?.finishedOn !== undefined) return (asked.returnvalue as PlanAnswer).refused;
      if (text !== undefined && (text === null || (JSON.parse(text) as WorkerCard).instance !== card.instance)) {
        return undefined;
      }
      if (performance.now() > end_ms) {
        const limit = `${ANSWER_MS / 1000} s`;
        throw new Error(`worker ${card.worker}: it did not say within ${limit} whether it can drive the plan`);
      }
    }
    return undefined;
  } finally {
    queue.remove(id).catch(() => {});
  }
}
