import { MalformedResponse } from "./malformed_response.ts";

/** What the head of a response says of the rest of it. */
export interface ResponseHead {
  status: number;
  /** How the end of the body is told: by its length, by chunks, or by the end of the connection. */
  body: "length" | "chunked" | "close";
  /** Length of the body; 0 where it is not told by length. */
  length: number;
  /** Whether the connection may carry another request. */
  keepAlive: boolean;
  /** How long the server says that it keeps the connection open while nothing is asked [ms]. */
  idle_ms: number;
  /** Whether it sets a cookie. */
  setsCookie: boolean;
}

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const COMMA = 44;
const ZERO = 48;

const VERSION = codes("HTTP/1.");
const CONTENT_LENGTH = codes("content-length");
const TRANSFER_ENCODING = codes("transfer-encoding");
const CONNECTION = codes("connection");
const KEEP_ALIVE = codes("keep-alive");
const SET_COOKIE = codes("set-cookie");
const CHUNKED = codes("chunked");
const CLOSE = codes("close");
const TIMEOUT = codes("timeout=");

/** Bytes that a field's name may have. */
const TOKEN = new Uint8Array(256);
for (const code of codes("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
  TOKEN[code] = 1;
}

/**
 * Reads the head of a response where it lies, without making strings.
 *
 * As strict as RFC 9112 lets a client be: where two readers could disagree about where the body ends, it is malformed.
 * Folded lines, which the RFC lets a client accept, are accepted.
 *
 * @param bytes every line of the head ends in CR LF, and no other CR or LF is in it.
 * @param range `start` is where the status line begins, `end` is after the empty line.
 * @throws {MalformedResponse} If it is no head of HTTP/1.0 or 1.1, or its length is in doubt.
 *
 * @example
 * ```ts
 * import { parseHead } from "./parse_head.ts";
 * import assert from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
 * assert.equal(parseHead(bytes, { start: 0, end: bytes.length }).length, 5);
 * ```
 */
export function parseHead(bytes: Uint8Array, { start, end }: { start: number; end: number }): ResponseHead {
  if (!startsWith(bytes, start, VERSION)) throw new MalformedResponse("no HTTP/1 status line");
  const minor = bytes[start + 7] - ZERO;
  if ((minor !== 0 && minor !== 1) || bytes[start + 8] !== SPACE) {
    throw new MalformedResponse("neither HTTP/1.0 nor HTTP/1.1");
  }
  const status = readStatus(bytes, start + 9);
  let length = -1;
  let encoded = false;
  let chunked = false;
  let close = minor === 0;
  let idle_ms = Infinity;
  let setsCookie = false;

  let at = lineEnd(bytes, start + 12);
  while (bytes[at] !== CR) {
    let nameEnd = at;
    while (TOKEN[bytes[nameEnd]] === 1) nameEnd++;
    if (nameEnd === at || bytes[nameEnd] !== COLON) throw new MalformedResponse("a header without a name");
    const from = nameEnd + 1;
    let to = valueEnd(bytes, from);
    // A line that begins with white space goes on with the value of the one before.
    while (bytes[to] === SPACE || bytes[to] === TAB) to = valueEnd(bytes, to);
    switch (nameEnd - at) {
      case 14:
        if (isWord(bytes, at, CONTENT_LENGTH)) {
          if (length >= 0) throw new MalformedResponse("content-length twice");
          length = readLength(bytes, from, to);
        }
        break;
      case 17:
        if (isWord(bytes, at, TRANSFER_ENCODING)) {
          encoded = true;
          chunked = lastIs(bytes, { from, to }, CHUNKED);
        }
        break;
      case 10:
        if (isWord(bytes, at, CONNECTION)) {
          if (has(bytes, { from, to }, CLOSE)) close = true;
          else if (minor === 0 && has(bytes, { from, to }, KEEP_ALIVE)) close = false;
        } else if (isWord(bytes, at, KEEP_ALIVE)) idle_ms = readTimeout(bytes, from, to);
        else if (isWord(bytes, at, SET_COOKIE)) setsCookie = true;
        break;
    }
    at = to;
  }
  if (at + 2 !== end) throw new MalformedResponse("a head that ends early");
  if (encoded && length >= 0) throw new MalformedResponse("content-length beside transfer-encoding");
  if (length >= 0) return { status, body: "length", length, keepAlive: !close, idle_ms, setsCookie };
  return { status, body: chunked ? "chunked" : "close", length: 0, keepAlive: !close, idle_ms, setsCookie };
}

function codes(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function startsWith(bytes: Uint8Array, at: number, word: readonly number[]): boolean {
  for (let n = 0; n < word.length; n++) if (bytes[at + n] !== word[n]) return false;
  return true;
}

/** Whether a word stands here, in any case. Only for words of letters, `-` and `=`, among bytes that are no control characters. */
function isWord(bytes: Uint8Array, at: number, word: readonly number[]): boolean {
  for (let n = 0; n < word.length; n++) if ((bytes[at + n] | 32) !== word[n]) return false;
  return true;
}

function readStatus(bytes: Uint8Array, at: number): number {
  let status = 0;
  for (let n = 0; n < 3; n++) {
    const digit = bytes[at + n] - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new MalformedResponse("a status of other than three digits");
    status = status * 10 + digit;
  }
  const after = bytes[at + 3];
  if (status < 100 || (after !== SPACE && after !== CR)) throw new MalformedResponse("no valid status");
  return status;
}

/** After the CR LF of the line that `at` is in. */
function lineEnd(bytes: Uint8Array, at: number): number {
  while (bytes[at] !== LF) at++;
  return at + 1;
}

function valueEnd(bytes: Uint8Array, at: number): number {
  for (;; at++) {
    const byte = bytes[at];
    if (byte >= SPACE && byte !== 127 || byte === TAB) continue;
    if (byte === CR) return at + 2;
    throw new MalformedResponse("a control character in a header");
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR || byte === LF;
}

function readLength(bytes: Uint8Array, from: number, to: number): number {
  while (from < to && isBlank(bytes[from])) from++;
  while (to > from && isBlank(bytes[to - 1])) to--;
  if (from === to) throw new MalformedResponse("an empty content-length");
  let length = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at] - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new MalformedResponse("a content-length that is no number");
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) throw new MalformedResponse("a content-length beyond all measure");
  }
  return length;
}

interface Span {
  from: number;
  to: number;
}

/** Whether the list between `from` and `to` has the word as an item. */
function has(bytes: Uint8Array, { from, to }: Span, word: readonly number[]): boolean {
  for (let at = from; at < to; at++) {
    const item = at;
    while (at < to && bytes[at] !== COMMA) at++;
    if (isItem(bytes, { from: item, to: at }, word)) return true;
  }
  return false;
}

function lastIs(bytes: Uint8Array, { from, to }: Span, word: readonly number[]): boolean {
  let item = to;
  while (item > from && bytes[item - 1] !== COMMA) item--;
  return isItem(bytes, { from: item, to }, word);
}

function isItem(bytes: Uint8Array, { from, to }: Span, word: readonly number[]): boolean {
  while (from < to && isBlank(bytes[from])) from++;
  while (to > from && isBlank(bytes[to - 1])) to--;
  return to - from === word.length && isWord(bytes, from, word);
}

/** `timeout=5, max=100` → 5000. */
function readTimeout(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + TIMEOUT.length < to; at++) {
    if (!isWord(bytes, at, TIMEOUT)) continue;
    let seconds = 0;
    for (at += TIMEOUT.length; bytes[at] >= ZERO && bytes[at] <= ZERO + 9; at++) {
      seconds = seconds * 10 + bytes[at] - ZERO;
    }
    return seconds * 1000;
  }
  return Infinity;
}
