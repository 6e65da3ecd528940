import { existsSync } from "node:fs";
import { basename } from "node:path";
import { InputError } from "../schema/input_error.ts";
import { label } from "./label.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Reads a name of a file to import, `FILE` or `FILE@N`: a file that is there under its whole name is that.
 *
 * @param given As the user gave it.
 * @throws {InputError} If N is no number of sessions.
 *
 * @example A level
 * ```ts
 * import { parseSource } from "./parse_source.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseSource("runs/a.json@16"), { path: "runs/a.json", name: "a.json", level: 16 });
 * ```
 */
export function parseSource(given: string): SourceFile {
  const [, path, level] = /^(.+)@([^@/\\]*)$/s.exec(given) ?? [];
  if (path === undefined || existsSync(given) || !existsSync(path) && !/^\d+$/.test(level)) {
    return { path: given, name: label(basename(given)) };
  }
  if (!/^\d{1,6}$/.test(level) || Number(level) < 1 || Number(level) > 100_000) {
    throw new InputError("FILE@N", given, "a whole number of sessions from 1 to 100000 behind the @");
  }
  return { path, name: label(basename(path)), level: Number(level) };
}
