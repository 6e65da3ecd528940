/**
 * The fields of a response's head, in order, names in lower case, folded lines joined by a space. A name may come more than once.
 *
 * @param head as the parser accepted it.
 *
 * @example
 * ```ts
 * import { parseHeaders } from "./parse_headers.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseHeaders("HTTP/1.1 200 OK\r\nSet-Cookie:  a=1\r\n\r\n"), [["set-cookie", "a=1"]]);
 * ```
 */
export function parseHeaders(head: string): [name: string, value: string][] {
  const lines = head.trimEnd().replace(/\r\n[ \t]+/g, " ").split("\r\n").slice(1);
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
  });
}
