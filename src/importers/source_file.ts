import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ImportedFile } from "../schema/imported.ts";
import { InputError } from "../schema/input_error.ts";

/** A file to import. */
export interface SourceFile {
  /** As it was given, without `@N`. */
  path: string;
  /** Without its folder, fit to be shown. */
  name: string;
  /** The sessions that it is said to be of, as `FILE@N`. */
  level?: number;
}

/** Called for each part of a file as it is read, to hash it. */
export type Tap = (chunk: Uint8Array) => void;

/** Hashes what a file is read as, and compares with what it was read as before. */
export class FileHash {
  #hash = createHash("sha256");
  #bytes = 0;

  /** Takes what comes next. */
  readonly tap: Tap = (chunk) => {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  };

  /** Ends it. */
  sealed(name: string): ImportedFile {
    return { name, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}

/**
 * The bytes of a file, from its beginning.
 *
 * @throws {InputError} If it cannot be read.
 */
export async function* readBytes(file: SourceFile, tap: Tap): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file.path, { highWaterMark: 1 << 18 })) {
      tap(chunk);
      yield chunk;
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || error instanceof InputError) throw error;
    throw new InputError("FILE", file.path, `a file that can be read (${code})`);
  }
}
