import { MalformedResponse } from "./malformed_response.ts";

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
/** Extensions of one chunk, or all trailers. */
const OVERHEAD_LIMIT = 16_384;

type State = "first digit" | "size" | "extension" | "size end" | "data" | "data end" | "data over" | "trailer" | "over";

/**
 * Finds the end of a chunked body, wherever the pieces in which it comes are cut.
 *
 * @example
 * ```ts
 * import { ChunkReader } from "./chunk_reader.ts";
 * import assert from "node:assert/strict";
 *
 * const reader = new ChunkReader();
 * const bytes = new TextEncoder().encode("5\r\nhello\r\n0\r\n\r\nHTTP/1.1 …");
 * assert.equal(reader.push(bytes, 0), 15);
 * assert(reader.done);
 * ```
 */
export class ChunkReader {
  #state: State = "first digit";
  #size = 0;
  #overhead = 0;
  #lineLength = 0;
  #last = 0;

  /** Whether the last chunk and the trailers have been read. */
  get done(): boolean {
    return this.#state === "over";
  }

  /**
   * Reads on.
   *
   * @param from where to begin in `bytes`.
   * @param onData given each run of data, where it lies in `bytes`.
   * @returns where it stopped: after the body, or at the end of `bytes`.
   * @throws {MalformedResponse} If a size is no number or beyond all measure, or a line does not end as it must.
   */
  push(bytes: Uint8Array, from: number, onData?: (from: number, to: number) => void): number {
    let at = from;
    while (at < bytes.length && this.#state !== "over") {
      if (this.#state === "data") {
        const to = Math.min(bytes.length, at + this.#size);
        onData?.(at, to);
        this.#size -= to - at;
        at = to;
        if (this.#size === 0) this.#state = "data end";
      } else this.#step(bytes[at++]);
    }
    return at;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case "first digit":
      case "size": {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.#size = this.#size * 16 + digit;
          if (this.#size > Number.MAX_SAFE_INTEGER) throw new MalformedResponse("a chunk beyond all measure");
          // Zeros alone could go on without an end.
          this.#spend();
          this.#state = "size";
        } else if (this.#state === "first digit") throw new MalformedResponse("a chunk without a size");
        else if (byte === SEMICOLON) this.#state = "extension";
        else if (byte === CR) this.#state = "size end";
        else throw new MalformedResponse("a chunk size that is no number");
        return;
      }
      case "extension":
        if (byte === CR) this.#state = "size end";
        else if (byte < 32 && byte !== 9) throw new MalformedResponse("a control character in a chunk extension");
        else this.#spend();
        return;
      case "size end":
        if (byte !== LF) throw new MalformedResponse("a chunk size whose line does not end");
        this.#overhead = 0;
        this.#state = this.#size === 0 ? "trailer" : "data";
        return;
      case "data end":
        if (byte !== CR) throw new MalformedResponse("a chunk longer than its size");
        this.#state = "data over";
        return;
      case "data over":
        if (byte !== LF) throw new MalformedResponse("a chunk longer than its size");
        this.#state = "first digit";
        return;
      case "trailer":
        this.#trailer(byte);
    }
  }

  #trailer(byte: number): void {
    if ((byte === LF) !== (this.#last === CR) || byte === 0) throw new MalformedResponse("a trailer that is no line");
    this.#spend();
    if (byte !== LF) this.#lineLength++;
    else if (this.#lineLength === 1) this.#state = "over";
    else this.#lineLength = 0;
    this.#last = byte;
  }

  #spend(): void {
    if (++this.#overhead > OVERHEAD_LIMIT) throw new MalformedResponse(`over ${OVERHEAD_LIMIT} bytes about chunks`);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
