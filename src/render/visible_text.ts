// Control characters, and those that turn the direction of text: they let a name show as what it is not, and an SVG
// with control characters is no XML.
// deno-lint-ignore no-control-regex -- control characters are the point
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of which every character shows: what does not becomes U+FFFD.
 *
 * @example A colour for a terminal
 * ```ts
 * import { visibleText } from "./visible_text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(visibleText("\u001b[31mred"), "\ufffd[31mred");
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, "\ufffd");
}
