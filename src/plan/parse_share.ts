import { InputError } from "../schema/input_error.ts";
import type { Share } from "../schema/run.ts";

const MOST_SHARES = 1000;

/**
 * Reads a share such as `2/3`.
 *
 * @param text which one, of how many.
 * @param field the flag that it was given for, named in the error.
 * @throws {InputError} If it is none.
 *
 * @example The second of three machines
 * ```ts
 * import { parseShare } from "./parse_share.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseShare("2/3", "--share"), { k: 2, of: 3 });
 * ```
 */
export function parseShare(text: string, field: string): Share {
  const [, k, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (!(k >= 1 && k <= of && of <= MOST_SHARES)) {
    throw new InputError(field, text, `which machine this is of how many, for example 2/3; at most ${MOST_SHARES}`);
  }
  return { k, of };
}
