import { Buffer } from "node:buffer";
import { ChunkReader } from "./chunk_reader.ts";
import { MalformedResponse } from "./malformed_response.ts";
import { parseHead, type ResponseHead } from "./parse_head.ts";

const CR = 13;
const LF = 10;
const BEGINNING = [72, 84, 84, 80, 47];
/** A head longer than this is malformed [bytes]. */
export const HEAD_LIMIT = 65_536;
/** Of a body that is kept, what lies beyond this is read and counted, not kept [bytes]. */
export const KEEP_LIMIT = 16 * 1024 * 1024;

/**
 * Reads responses from the pieces in which they come, one after the other, without allocating for each byte or header.
 *
 * @example A response in two pieces
 * ```ts
 * import { ResponseParser } from "./response_parser.ts";
 * import assert from "node:assert/strict";
 *
 * const parser = new ResponseParser();
 * parser.begin("GET");
 * for (const piece of ["HTTP/1.1 200 OK\r\nContent-Le", "ngth: 2\r\n\r\nok"]) parser.push(new TextEncoder().encode(piece));
 * assert(parser.done && parser.status === 200);
 * ```
 */
export class ResponseParser {
  /** Whether a whole response has been read. */
  done = true;
  /** 0 until the final head has been read. */
  status = 0;
  /** Whether the connection may carry another request. */
  keepAlive = false;
  /** How long the server keeps the connection without a request [ms]. */
  idle_ms = Infinity;
  /** The final head as text, if it was to be kept. */
  head = "";
  /** Keep the final head where it sets a cookie or leads elsewhere, even if it was not to be kept. */
  notices = false;
  /** Length of the body so far, without what frames it [bytes]. */
  body_bytes = 0;
  #method = "GET";
  #keep = false;
  #upgrade = false;
  #onBody?: (piece: Uint8Array) => void;
  #body: ResponseHead["body"] | "none yet" = "none yet";
  #left = 0;
  #chunks?: ChunkReader;
  #kept: Uint8Array[] = [];
  /** The beginning of a head that came in pieces. */
  #held: Uint8Array = new Uint8Array(0);
  #heldLength = 0;
  #lineLength = 0;
  #last = 0;

  /**
   * Expects the response to a new request.
   *
   * @param method the answer to HEAD has no body, whatever its head says.
   * @param keep whether head and body are kept for reading.
   * @param stream `upgrade`: another protocol was asked for, and status 101 ends the response. `onBody` gets each piece of the
   *   body as it comes, instead of its being kept; the piece is overwritten by what comes next.
   */
  begin(method: string, keep = false, stream: { upgrade?: boolean; onBody?: (piece: Uint8Array) => void } = {}): void {
    this.done = false;
    this.status = 0;
    this.keepAlive = false;
    this.head = "";
    this.body_bytes = 0;
    this.#method = method;
    this.#keep = keep;
    this.#upgrade = stream.upgrade ?? false;
    this.#onBody = stream.onBody;
    this.#body = "none yet";
    if (this.#kept.length > 0) this.#kept = [];
    this.#nextHead();
  }

  /**
   * Reads on.
   *
   * @returns how many of the bytes belong to this response; those after it were not asked for.
   * @throws {MalformedResponse} If it is no response, or is longer than it may be.
   */
  push(bytes: Uint8Array): number {
    let at = 0;
    while (!this.done && at < bytes.length) {
      if (this.#body === "none yet") at = this.#readHead(bytes, at);
      else if (this.#body === "chunked") at = this.#readChunks(bytes, at);
      else {
        const to = this.#body === "close" ? bytes.length : Math.min(bytes.length, at + this.#left);
        this.#take(bytes, at, to);
        this.#left -= to - at;
        at = to;
        this.done = this.#body === "length" && this.#left === 0;
      }
    }
    return at;
  }

  /** The connection has ended. @returns whether the response is whole. */
  end(): boolean {
    if (this.#body === "close") this.done = true;
    return this.done;
  }

  /** The body, if it was to be kept: what lies beyond `KEEP_LIMIT` is missing. */
  body(): Uint8Array {
    return this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept);
  }

  #nextHead(): void {
    this.#heldLength = 0;
    this.#lineLength = 0;
    this.#last = 0;
  }

  #readHead(bytes: Uint8Array, from: number): number {
    const end = this.#findHeadEnd(bytes, from);
    const to = end === -1 ? bytes.length : end;
    if (this.#heldLength + to - from > HEAD_LIMIT) throw new MalformedResponse(`a head of over ${HEAD_LIMIT} bytes`);
    if (end === -1 || this.#heldLength > 0) this.#hold(bytes.subarray(from, to));
    if (end === -1) return to;
    if (this.#heldLength > 0) this.#onHead(this.#held, 0, this.#heldLength);
    else this.#onHead(bytes, from, to);
    return to;
  }

  /** After the empty line; -1 if it has not come yet. What can be no head is told at once, not when an end comes that may never come. */
  #findHeadEnd(bytes: Uint8Array, from: number): number {
    let lineLength = this.#lineLength;
    let last = this.#last;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      const index = this.#heldLength + at - from;
      if (index < BEGINNING.length && byte !== BEGINNING[index]) throw new MalformedResponse("no HTTP status line");
      if (byte === LF) {
        if (last !== CR) throw new MalformedResponse("a line that ends in LF alone");
        if (lineLength === 1) return at + 1;
        lineLength = 0;
      } else {
        if (last === CR || byte === 0) throw new MalformedResponse("a CR or NUL in a head");
        lineLength++;
      }
      last = byte;
    }
    this.#lineLength = lineLength;
    this.#last = last;
    return -1;
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * length));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = length;
  }

  #onHead(bytes: Uint8Array, start: number, end: number): void {
    const head = parseHead(bytes, { start, end });
    this.#nextHead();
    if (this.#held.length > 0) this.#held = new Uint8Array(0);
    const switched = head.status === 101;
    if (switched && !this.#upgrade) throw new MalformedResponse("another protocol, which nobody asked for");
    // What informs comes before the response, and is none.
    if (head.status < 200 && !switched) return;
    this.status = head.status;
    this.keepAlive = head.keepAlive;
    this.idle_ms = head.idle_ms;
    if (this.#keep || this.notices && (head.setsCookie || isRedirect(head.status))) {
      this.head = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
    }
    const bare = switched || this.#method === "HEAD" || head.status === 204 || head.status === 304;
    this.#body = bare ? "length" : head.body;
    this.#left = bare ? 0 : head.length;
    if (this.#body === "chunked") this.#chunks = new ChunkReader();
    if (this.#body === "close") this.keepAlive = false;
    this.done = this.#body === "length" && this.#left === 0;
  }

  #readChunks(bytes: Uint8Array, from: number): number {
    const to = this.#chunks!.push(bytes, from, (start, end) => this.#take(bytes, start, end));
    if (this.#chunks!.done) {
      this.#chunks = undefined;
      this.done = true;
    }
    return to;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    if (this.#onBody) this.#onBody(bytes.subarray(from, to));
    else if (this.#keep && this.body_bytes < KEEP_LIMIT) {
      this.#kept.push(bytes.slice(from, Math.min(to, from + KEEP_LIMIT - this.body_bytes)));
    }
    this.body_bytes += to - from;
  }
}

/** Whether a status asks the client to go to the `location` beside it. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}
