import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
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

/** Whether a file that begins so is compressed by gzip, as k6 writes `json=out.json.gz`. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/**
 * The bytes of a file, from its beginning; of one that gzip compressed, what is in it.
 *
 * @param file Where it is.
 * @param tap Sees the bytes as they lie in the file.
 * @throws {InputError} If it cannot be read.
 */
export async function* readBytes(file: SourceFile, tap: Tap): AsyncGenerator<Uint8Array> {
  try {
    const raw = tapped(file.path, tap);
    // What fails on the way fails the reading, too.
    yield* await startsAsGzip(file.path) ? pipeline(raw, createGunzip(), () => {}) : raw;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || error instanceof InputError) throw error;
    throw new InputError("FILE", file.path, `a file that can be read (${code})`);
  }
}

async function* tapped(path: string, tap: Tap): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    tap(chunk);
    yield chunk;
  }
}

async function startsAsGzip(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  return isGzip((await file.read(new Uint8Array(2), 0, 2, 0)).buffer);
}
