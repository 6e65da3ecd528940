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

/** Reads a run, a large one in several threads. */
export class ReadingThreads implements Disposable {
  #workers: Worker[];

  /** @param bytes of the run: for a small one no thread is started. */
  constructor(bytes: number) {
    const threads = bytes < WORTH_A_THREAD ? 1 : Math.min(MOST_THREADS, availableParallelism());
    // They start while the caller still looks for what there is to read.
    const url = new URL("./read_worker.ts", import.meta.url);
    this.#workers = Array.from({ length: threads - 1 }, () => new Worker(url, { type: "module" }));
  }

  /**
   * Reads, here and in all threads.
   *
   * @param options.check what is looked at here while threads have begun.
   * @returns of each task what was found; nothing if the check says no.
   */
  async read(
    root: string,
    tasks: ReadTask[],
    options: { by: Reduction; check?: () => boolean },
  ): Promise<FoundAttempt[][] | undefined> {
    const { by, check = () => true } = options;
    const job = { root, tasks, by, next: new Int32Array(new SharedArrayBuffer(4)) };
    const others = this.#workers.map((worker) => resultOf(worker, job));
    if (!check()) {
      // What they have taken is the last that they do.
      Atomics.store(job.next, 0, tasks.length);
      await Promise.all(others);
      return undefined;
    }
    const found = new Map(await takeTasks(job));
    for (const result of await Promise.all(others)) for (const [task, attempts] of result) found.set(task, attempts);
    // What a thread had taken when it failed is left.
    return await Promise.all(tasks.map((task, index) => found.get(index) ?? readTask(root, task, by)));
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
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

/** What a thread found; nothing if it failed. */
function resultOf(worker: Worker, job: ReadJob): Promise<ReadResult> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve([]);
    };
    worker.postMessage(job);
  });
}
