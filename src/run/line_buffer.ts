const encoder = new TextEncoder();
const ZERO = 48;
/** Up to here thousandths are whole numbers that a double holds. */
const LARGEST = 2 ** 53 / 1000;

/**
 * Lines of JSON as bytes, built up without making strings of numbers: that is most of what recording a row would cost.
 *
 * @example
 * ```ts
 * import { LineBuffer } from "./line_buffer.ts";
 * import assert from "node:assert/strict";
 *
 * const lines = new LineBuffer();
 * lines.text('{"ms":');
 * lines.number(1.23456);
 * assert.equal(new TextDecoder().decode(lines.taken()), '{"ms":1.235');
 * ```
 */
export class LineBuffer {
  #bytes: Uint8Array = new Uint8Array(1 << 18);
  #length = 0;

  /** Appends text. */
  text(text: string): void {
    // A UTF-16 unit is at most three bytes.
    this.reserve(3 * text.length);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Makes room for what `bytes` and `number` append next: they do not look. A number is at most 24 bytes. */
  reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  /** Appends bytes, where there is room for them. */
  bytes(bytes: Uint8Array): void {
    const all = this.#bytes;
    let at = this.#length;
    for (let n = 0; n < bytes.length; n++) all[at++] = bytes[n];
    this.#length = at;
  }

  /** Appends a number, where there is room for it, rounded to three decimals, as `JSON.stringify` would write it. */
  number(value: number): void {
    if (!(value >= 0 && value < LARGEST)) return this.text(JSON.stringify(Math.round(value * 1000) / 1000));
    let thousandths = Math.round(value * 1000);
    const whole = Math.floor(thousandths / 1000);
    this.#whole(whole);
    thousandths -= whole * 1000;
    if (thousandths === 0) return;
    const all = this.#bytes;
    let at = this.#length;
    const tenths = thousandths / 100 | 0;
    const hundredths = thousandths / 10 % 10 | 0;
    const rest = thousandths % 10;
    all[at++] = 46;
    all[at++] = ZERO + tenths;
    if (hundredths !== 0 || rest !== 0) all[at++] = ZERO + hundredths;
    if (rest !== 0) all[at++] = ZERO + rest;
    this.#length = at;
  }

  /** All that was appended since it was taken last. Good until the next is appended. */
  taken(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #whole(value: number): void {
    const all = this.#bytes;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    let at = this.#length += digits;
    while (value > 0x7fffffff) {
      const tenth = Math.floor(value / 10);
      all[--at] = ZERO + (value - tenth * 10);
      value = tenth;
    }
    // Integers of 32 bits divide faster.
    let small = value | 0;
    do {
      const tenth = small / 10 | 0;
      all[--at] = ZERO + (small - tenth * 10);
      small = tenth;
    } while (at > this.#length - digits);
  }
}
