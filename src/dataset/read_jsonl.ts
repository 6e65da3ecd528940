import { readFile } from "node:fs/promises";

/** The rows of a JSONL file, as far as they are whole. */
export interface JsonlRows<Row> {
  rows: Row[];
  /** Lines that are no JSON document: torn by a crash, or overwritten. */
  broken: number;
}

/**
 * Reads a JSONL file that may end in the middle of a line.
 *
 * @param path the file; one that is not there has no rows.
 * @returns the rows in file order, and how many lines had to be left out.
 *
 * @example A file that a crash cut off
 * ```ts
 * import { readJsonl } from "./read_jsonl.ts";
 * import assert from "node:assert/strict";
 *
 * const path = Deno.makeTempFileSync();
 * Deno.writeTextFileSync(path, '{"seq":0}\n{"se');
 * assert.deepEqual(await readJsonl(path), { rows: [{ seq: 0 }], broken: 1 });
 * Deno.removeSync(path);
 * ```
 */
export async function readJsonl<Row>(path: string): Promise<JsonlRows<Row>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return { rows: [], broken: 0 };
    throw error;
  }
  return parseJsonl(text);
}

/** The rows of a JSONL text, as {@linkcode readJsonl}. */
export function parseJsonl<Row>(text: string): JsonlRows<Row> {
  const rows: Row[] = [];
  let broken = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    try {
      rows.push(JSON.parse(line));
    } catch {
      broken++;
    }
  }
  return { rows, broken };
}
