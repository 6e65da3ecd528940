/** How a value is written so that it means itself where it is put. */
export type Encode = (value: string, at: number) => string;

/**
 * How values are put into a path: percent-encoded, but before the query a slash stays one.
 *
 * @param path with its query, values not yet filled in.
 *
 * @example
 * ```ts
 * import { encodeForPath } from "./encode_for.ts";
 * import assert from "node:assert/strict";
 *
 * const path = "/{user.page}?q={user.words}";
 * const encode = encodeForPath(path);
 * assert.equal(encode("shoes/new ones", path.indexOf("{user.page")), "shoes/new%20ones");
 * assert.equal(encode("a/b&c", path.indexOf("{user.words")), "a%2Fb%26c");
 * ```
 */
export function encodeForPath(path: string): Encode {
  const query = path.includes("?") ? path.indexOf("?") : Infinity;
  return (value, at) => {
    const encoded = encodeURIComponent(value);
    return at > query ? encoded : encoded.replaceAll("%2F", "/");
  };
}

/**
 * How values are put into a body: percent-encoded in a form, escaped in JSON, else as they are.
 *
 * @param type the `content-type` header, if there is one.
 *
 * @example
 * ```ts
 * import { encodeForBody } from "./encode_for.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(encodeForBody("application/json")('say "hi"', 0), 'say \\"hi\\"');
 * assert.equal(encodeForBody("application/x-www-form-urlencoded")("a&b", 0), "a%26b");
 * ```
 */
export function encodeForBody(type = ""): Encode {
  if (/\bjson\b/i.test(type)) return (value) => JSON.stringify(value).slice(1, -1);
  if (/\bx-www-form-urlencoded\b/i.test(type)) return encodeURIComponent;
  return (value) => value;
}
