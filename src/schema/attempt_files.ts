/** What the rows of an attempt are of: its files are `requests.jsonl`, `requests.2.jsonl`, … */
export type RowKind = "requests" | "resources" | "events" | "histograms" | "aggregates" | "artifacts";

/**
 * The name of a file of rows in an attempt's folder.
 *
 * @param kind what its rows are.
 * @param part which agent wrote it, from 1; in a merged run which share's which agent.
 *
 * @example The first and the second agent's
 * ```ts
 * import { attemptFile } from "./attempt_files.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([1, 2].map((agent) => attemptFile("requests", agent)), ["requests.jsonl", "requests.2.jsonl"]);
 * ```
 */
export function attemptFile(kind: RowKind, part = 1): string {
  return part === 1 ? `${kind}.jsonl` : `${kind}.${part}.jsonl`;
}

/**
 * The files of one kind among those of an attempt, in the order of their numbers.
 *
 * @param files as in `COMPLETE.json`, by name.
 * @param kind what their rows are.
 */
export function attemptFiles(files: Record<string, unknown>, kind: RowKind): string[] {
  const numberOf = (name: string) => Number(/^[a-z]+\.(\d+)\.jsonl$/.exec(name)?.[1] ?? 1);
  return Object.keys(files).filter((name) => name === attemptFile(kind, numberOf(name)))
    .sort((a, b) => numberOf(a) - numberOf(b));
}
