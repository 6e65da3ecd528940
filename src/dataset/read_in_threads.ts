import { availableParallelism } from "node:os";
import type { DerivedAttempts } from "./read_derived.ts";
import { type FoundAttempt, readPart, type Reduction } from "./read_part.ts";

/** A run of fewer bytes is read before a thread has started. */
const WORTH_A_THREAD = 32e6;
const MOST_THREADS = 4;

/** What is read at once: a replicate, or an idle window, by its attempts, the latest first; or some attempts from derived files. */
export type ReadTask = string[] | DerivedAttempts;

/** What threads share: what there is to do, and how much of it is taken. */
export interface ReadJob {
  root: string;
  tasks: ReadTask[];
  by: Reduction;
  /** One number: the next task that nobody has taken. */
  next: Int32Array;
}

/** What a thread found: by the task's position. */
export type ReadResult = [task: number, found: FoundAttempt[]][];

/**
 * Reads a run, a large one in several threads.
 *
 * @returns of each task what was found; nothing if what was to be checked is not so.
 */
export async function readInThreads(
  root: string,
  tasks: ReadTask[],
  options: { by: Reduction; bytes: number; check?: () => boolean },
): Promise<FoundAttempt[][] | undefined> {
  const { by, bytes, check = () => true } = options;
  const threads = bytes < WORTH_A_THREAD ? 1 : Math.min(MOST_THREADS, availableParallelism(), tasks.length);
  const job = { root, tasks, by, next: new Int32Array(new SharedArrayBuffer(4)) };
  const others = Array.from({ length: threads - 1 }, () => startThread(job));
  // Threads have begun meanwhile.
  if (!check()) {
    Atomics.store(job.next, 0, tasks.length);
    await Promise.all(others);
    return undefined;
  }
  const found = new Map(await takeTasks(job));
  for (const thread of others) for (const [task, attempts] of await thread) found.set(task, attempts);
  // What a thread had taken when it failed is left.
  return await Promise.all(tasks.map((task, index) => found.get(index) ?? readTask(root, task, by)));
}

/** Reads until nothing is left. */
export async function takeTasks({ root, tasks, by, next }: ReadJob): Promise<ReadResult> {
  const found: ReadResult = [];
  for (let task = Atomics.add(next, 0, 1); task < tasks.length; task = Atomics.add(next, 0, 1)) {
    found.push([task, await readTask(root, tasks[task], by)]);
  }
  return found;
}

async function readTask(root: string, task: ReadTask, by: Reduction): Promise<FoundAttempt[]> {
  if (Array.isArray(task)) return readPart(root, task, by);
  const { readDerived } = await import("./read_derived.ts");
  return readDerived(root, task, by);
}

function startThread(job: ReadJob): Promise<ReadResult> {
  const worker = new Worker(new URL("./read_worker.ts", import.meta.url), { type: "module" });
  return new Promise<ReadResult>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve([]);
    };
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}
