import { readFileSync, statSync } from "node:fs";
import { InputError } from "../schema/input_error.ts";

const MOST_BYTES = 1_000_000;

/**
 * Reads a JSON file that a user wrote.
 *
 * @param path where it is.
 * @param setting the field that gave the path, and what the file should be, both for the message.
 * @throws {InputError} If it cannot be read, is no JSON, is larger than 1 MB, or an object of it has a key twice: which of
 *   the two would count, nobody sees.
 *
 * @example A plan
 * ```ts
 * import { readJsonFile } from "./read_json_file.ts";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => readJsonFile("missing.json", { field: "PLAN.json", wanted: "a JSON file" }), { field: "PLAN.json" });
 * ```
 */
export function readJsonFile(path: string, { field, wanted }: { field: string; wanted: string }): unknown {
  let text: string;
  let value: unknown;
  try {
    if (statSync(path).size > MOST_BYTES) throw new RangeError("it is larger than 1 MB");
    text = readFileSync(path, "utf8");
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(field, path, `${wanted} (${(error as Error).message.split("\n")[0]})`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new InputError(field, path, `${wanted} (${twice} stands twice in one object)`);
  return value;
}

/** The first key that an object has twice, in a text that is JSON. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.stringify(JSON.parse(token.replace(/\s*:$/, "")));
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
  }
  return undefined;
}
