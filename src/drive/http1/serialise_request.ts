import { Buffer } from "node:buffer";

/** A request, as one thinks of it. */
export interface HttpMessage {
  method: string;
  /** Path and query. */
  path: string;
  /** `host` is required. Lengths are added. */
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** A request, as it goes over the wire. May be sent any number of times. */
export interface WireRequest {
  method: string;
  bytes: Uint8Array;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Methods whose requests have a body by meaning: an empty one is said to be empty. */
const WITH_BODY = new Set(["POST", "PUT", "PATCH"]);

/**
 * Writes a request as bytes.
 *
 * A header given twice in different case is sent once, as it was given last. `content-length` is always ours.
 *
 * @throws {TypeError} If a part has characters that would end it early, `host` is missing, or `transfer-encoding` is asked for.
 *
 * @example
 * ```ts
 * import { serialiseRequest } from "./serialise_request.ts";
 * import assert from "node:assert/strict";
 *
 * const { bytes } = serialiseRequest({ method: "GET", path: "/", headers: { host: "a" } });
 * assert.equal(new TextDecoder().decode(bytes), "GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n");
 * ```
 */
export function serialiseRequest({ method, path, headers, body }: HttpMessage): WireRequest {
  if (!TOKEN.test(method)) {
    throw new TypeError(`Cannot send a request as its method must be a word: current value is ${show(method)}`);
  }
  if (/[^\x21-\x7e\x80-\xff]/.test(path) || path === "") {
    throw new TypeError(
      `Cannot send a request as its path must be without blanks and percent-encoded: current value is ${show(path)}`,
    );
  }
  const content = typeof body === "string" ? Buffer.from(body) : body;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) fields.set(name.toLowerCase(), value);
  if (!fields.has("host")) {
    throw new TypeError("Cannot send a request as it must have a host: current value is undefined");
  }
  if (fields.has("transfer-encoding")) {
    throw new TypeError(
      `Cannot send a request as its transfer-encoding must be left out: current value is ${
        show(fields.get("transfer-encoding")!)
      }`,
    );
  }
  if (!fields.has("connection")) fields.set("connection", "keep-alive");
  fields.delete("content-length");
  if (content !== undefined || WITH_BODY.has(method)) fields.set("content-length", `${content?.length ?? 0}`);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of fields) {
    if (!TOKEN.test(name)) {
      throw new TypeError(`Cannot send a header as its name must be a word: current value is ${show(name)}`);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(
        `Cannot send header ${name} as its value must be one line of Latin-1: current value is ${show(value)}`,
      );
    }
    head += `${name}: ${value}\r\n`;
  }
  const start = Buffer.from(head + "\r\n", "latin1");
  return { method, bytes: content === undefined ? start : Buffer.concat([start, content]) };
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
