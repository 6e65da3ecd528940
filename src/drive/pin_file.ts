import { createHash } from "node:crypto";
import { InputError } from "../schema/input_error.ts";

/** A file that a plan names, as it is now. */
export interface PinnedFile {
  text: string;
  /** Hexadecimal. */
  sha256: string;
}

/**
 * Reads a file that a plan names.
 *
 * @param path where it is, from the current folder.
 * @param expected the plan's field, and the hash that the plan says it has, if it says one.
 * @throws {InputError} If it cannot be read, or has another hash.
 */
export function pinFile(path: string, expected: { field: string; sha256?: string }): PinnedFile {
  const { field, sha256: pinned } = expected;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    throw new InputError(field, path, "the path of a file that may be read");
  }
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (pinned !== undefined && pinned !== sha256) {
    const remedy = `the file that the plan was made with (SHA-256 ${pinned}): this one has ${sha256}`;
    throw new InputError(field, path, remedy);
  }
  return { text, sha256 };
}

/**
 * Reads it once more, while the sweep runs.
 *
 * @throws {Error} If it is not the one that the sweep began with.
 */
export function readPinned(path: string, sha256: string | undefined): string {
  const text = Deno.readTextFileSync(path);
  if (createHash("sha256").update(text).digest("hex") !== sha256) {
    throw new Error(`${path} was changed while the sweep ran`);
  }
  return text;
}
