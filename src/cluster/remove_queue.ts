import type { Hub } from "./hub.ts";
import { keys } from "./messages.ts";

/** Removes a worker's queue, with its jobs, and all that there is of it at the hub. */
export async function removeQueue({ redis, prefix }: Hub, name: string): Promise<void> {
  const { Queue } = await import("bullmq");
  const queue = new Queue(name, { connection: redis, prefix: keys.bull(prefix), skipMetasUpdate: true });
  queue.on("error", () => {});
  await queue.obliterate({ force: true });
  await redis.del(["meta", "id", "events", "marker", "stalled-check"].map((left) => queue.toKey(left)));
  await queue.close();
}
