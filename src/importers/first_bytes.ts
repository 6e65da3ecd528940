import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { InputError } from "../schema/input_error.ts";
import { isGzip, type SourceFile } from "./source_file.ts";

/** Enough for a header. */
const SOME = 64 * 1024;
/** Gzip makes a thousand times as much of it at most. */
const SOME_COMPRESSED = 4 * 1024;

/**
 * How a file begins, as text, without white space and byte order mark.
 *
 * @throws {InputError} If it cannot be read, is no file, or is empty.
 */
export async function firstBytes({ path }: SourceFile): Promise<string> {
  if (path.includes("\0")) throw new InputError("FILE", path, "a path without NUL");
  let bytes: Uint8Array;
  try {
    await using file = await open(path, "r");
    if (!(await file.stat()).isFile()) throw new InputError("FILE", path, "a file");
    const { buffer, bytesRead } = await file.read(new Uint8Array(SOME), 0, SOME, 0);
    bytes = buffer.subarray(0, bytesRead);
    if (isGzip(bytes)) {
      bytes = gunzipSync(bytes.subarray(0, SOME_COMPRESSED), { finishFlush: constants.Z_SYNC_FLUSH });
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError("FILE", path, `a file that can be read (${(error as { code?: string }).code ?? error})`);
  }
  if (bytes.length === 0) throw new InputError("FILE", path, "a file that is not empty");
  return new TextDecoder().decode(bytes).trimStart();
}
