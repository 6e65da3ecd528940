import { join } from "node:path";
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type FoundAttempt, readPart, type Reduction } from "./read_part.ts";

/** A run of fewer bytes is read before a thread has started. */
const WORTH_A_THREAD = 32e6;
const MOST_THREADS = 4;

/** What threads share: the parts, and which of them is next. */
export interface PartsJob {
  root: string;
  /** Attempts of each part, the latest first. */
  parts: string[][];
  by: Reduction;
  /** One number: the next part that nobody has taken. */
  next: Int32Array;
}

/** What a thread found: by the part's position. */
export type FoundParts = [part: number, found: FoundAttempt[]][];

/**
 * Reads the parts of a run, large ones in several threads.
 *
 * @returns of each part what {@linkcode readPart} found.
 */
export async function readParts(root: string, parts: string[][], by: Reduction): Promise<FoundAttempt[][]> {
  const job = { root, parts, by, next: new Int32Array(new SharedArrayBuffer(4)) };
  const others = Array.from({ length: threadsFor(root, parts) - 1 }, () => startThread(job));
  const found = new Map(takeParts(job));
  for (const thread of others) for (const [part, attempts] of await thread) found.set(part, attempts);
  // What a thread had taken when it failed.
  return parts.map((folders, part) => found.get(part) ?? readPart(root, folders, by));
}

/** Reads parts until there are none left. */
export function takeParts({ root, parts, by, next }: PartsJob): FoundParts {
  const found: FoundParts = [];
  for (let part = Atomics.add(next, 0, 1); part < parts.length; part = Atomics.add(next, 0, 1)) {
    found.push([part, readPart(root, parts[part], by)]);
  }
  return found;
}

function threadsFor(root: string, parts: string[][]): number {
  let bytes = 0;
  for (const [latest] of parts) {
    for (const name of ["requests.jsonl", "resources.jsonl"]) {
      bytes += statSync(join(root, latest, name), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return bytes < WORTH_A_THREAD ? 1 : Math.min(MOST_THREADS, availableParallelism(), parts.length);
}

function startThread(job: PartsJob): Promise<FoundParts> {
  const worker = new Worker(new URL("./read_parts_worker.ts", import.meta.url), { type: "module" });
  return new Promise<FoundParts>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve([]);
    };
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}
