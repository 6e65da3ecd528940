// Control characters, and those that turn the direction of text: in a name they only mislead, or harm a terminal.
// deno-lint-ignore no-control-regex -- control characters are the point
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const LONGEST = 200;

/**
 * A name out of a file of unknown origin, as a step of a run is named: what cannot be seen is replaced, and it is cut to 200 characters.
 *
 * @param text As the file has it.
 * @returns Never empty.
 *
 * @example A terminal's escape sequence
 * ```ts
 * import { label } from "./label.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(label("\u001b[2Jlogin"), "\ufffd[2Jlogin");
 * assert.equal(label(" "), "request");
 * ```
 */
export function label(text: string): string {
  const shown = text.slice(0, 10 * LONGEST).replace(INVISIBLE, "\ufffd").trim();
  return shown === "" ? "request" : shown.slice(0, LONGEST);
}
