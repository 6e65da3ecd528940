const [QUOTE, COMMA, DOT, COLON, BACKSLASH] = [...'",.:\\'].map((text) => text.charCodeAt(0));
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [..."{}[]"].map((text) => text.charCodeAt(0));
const [ZERO, NEWLINE, SPACE] = [48, 10, 32];
/** Bytes after a line that are looked at, and do not count. */
const SLACK = 256;
const LONGEST_KEY = 100;
/** So many digits are a whole number that a 32-bit integer holds. */
const MOST_DIGITS = 9;
const POWERS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => 10 ** power);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Names of the fields that are wanted. */
export interface ScannedFields {
  numbers: readonly string[];
  words: readonly string[];
}

/** What was scanned, a column a field. The arrays are longer than there are rows, and are used again. */
export interface ScannedRows {
  /** Rows. */
  length: number;
  /** NaN where a row has no such number. */
  numbers: Float64Array[];
  /** Positions in `texts`; 0 where a row has no such text. */
  words: Int32Array[];
  /** The different texts of each field of words, the first one empty. */
  texts: string[][];
}

/** A key as it was met, with what its rows need of it. */
interface Key {
  /** Bytes of `"name":`. */
  length: number;
  /** These, four at a time; the last ones overlap. */
  quads: Int32Array;
  /** Column of numbers, or -1. */
  number: number;
  /** Column of words, or -1. */
  word: number;
  /** The keys that came after it: rows of resources take turns with theirs. */
  next: Key | undefined;
  other: Key | undefined;
}

const NO_KEY: Key = {
  length: 0,
  quads: new Int32Array(),
  number: -1,
  word: -1,
  next: undefined,
  other: undefined,
};

/**
 * Reads JSONL into columns, several times as fast as `JSON.parse` makes rows of it.
 *
 * Lines of flat objects without escapes, as the recorder writes them, are read byte by byte; any other goes through `JSON.parse`, so
 * that what is read, and what is broken, is always what that says.
 *
 * @example A row as it is written, one with its keys in another order, and one that was torn
 * ```ts
 * import { RowScanner } from "./row_scanner.ts";
 * import assert from "node:assert/strict";
 *
 * const scanner = new RowScanner({ numbers: ["t_ms"], words: ["group"] });
 * scanner.scan(new TextEncoder().encode('{"t_ms":1.5,"group":"target"}\n{ "group": "system", "t_ms": 2 }\n{"t_ms":3,"gr'));
 * const { length, numbers: [t_ms], words: [group], texts: [groups] } = scanner.rows;
 * assert.deepEqual([...t_ms.subarray(0, length)], [1.5, 2]);
 * assert.deepEqual([...group.subarray(0, length)].map((code) => groups[code]), ["target", "system"]);
 * assert.equal(scanner.broken, 1);
 * ```
 */
export class RowScanner {
  /** Lines that are no row: torn by a crash, or overwritten. */
  broken = 0;
  /** Lines that were not of the usual form, the broken ones among them. */
  unusual = 0;
  #fields: ScannedFields;
  #length = 0;
  #capacity = 1 << 12;
  #numbers: Float64Array[];
  #words: Int32Array[];
  #texts: string[][];
  #codes: WordTable[];
  #keys = new Map<string, Key>();
  /** Comes before the first one of a line. */
  #start: Key = { ...NO_KEY };

  constructor(fields: ScannedFields) {
    this.#fields = fields;
    this.#numbers = fields.numbers.map(() => new Float64Array(this.#capacity).fill(NaN));
    this.#words = fields.words.map(() => new Int32Array(this.#capacity));
    this.#texts = fields.words.map(() => [""]);
    this.#codes = this.#texts.map((texts) => new WordTable(texts));
  }

  /** What was scanned since it was cleared last. */
  get rows(): ScannedRows {
    return { length: this.#length, numbers: this.#numbers, words: this.#words, texts: this.#texts };
  }

  /** All keys of lines of the usual form since it was made, wanted or not, in the order in which they came first. */
  get keys(): string[] {
    return [...this.#keys.keys()];
  }

  /** Forgets the rows, and keeps their room. */
  clear(): void {
    for (const column of this.#numbers) column.fill(NaN, 0, this.#length);
    for (const column of this.#words) column.fill(0, 0, this.#length);
    this.#length = 0;
    this.broken = 0;
    this.unusual = 0;
  }

  /**
   * Adds the rows of whole lines.
   *
   * @param bytes The last line may lack its end.
   */
  scan(bytes: Uint8Array): void {
    const padded = new Uint8Array(bytes.length + SLACK);
    padded.set(bytes);
    this.scanPadded(padded, bytes.length);
  }

  /**
   * As `scan`, without a copy.
   *
   * @param bytes At least 256 more than are to be scanned, which are not changed.
   * @param end How many are to be scanned.
   */
  scanPadded(bytes: Uint8Array, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < end;) {
      if (this.#length === this.#capacity) this.#grow();
      let after = bytes[at] === OPEN ? this.#scanLine(bytes, view, at, end) : -1;
      if (after < 0) {
        after = bytes.indexOf(NEWLINE, at) + 1;
        if (after === 0 || after > end) after = end;
        this.#parseLine(bytes.subarray(at, after));
      }
      at = after;
    }
  }

  /** Where the next line begins; -1 where this one is not of the usual form. */
  #scanLine(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const row = this.#length;
    const numbers = this.#numbers;
    const words = this.#words;
    const codes = this.#codes;
    let at = start + 1;
    let before = this.#start;
    for (;;) {
      const { next, other } = before;
      let key: Key | undefined;
      if (next !== undefined && matches(view, at, next)) key = next;
      else if (other !== undefined && matches(view, at, other)) key = other;
      else {
        key = this.#keyAt(bytes, view, at);
        if (key === undefined) return -1;
        before.other = next;
        before.next = key;
      }
      before = key;
      at += key.length;
      const byte = bytes[at];
      if (byte === QUOTE) {
        const begin = ++at;
        let hash = 0;
        for (let each = bytes[at]; each !== QUOTE; each = bytes[++at]) {
          if (each < SPACE || each === BACKSLASH || each === undefined) return -1;
          hash = Math.imul(hash, 31) + each | 0;
        }
        if (key.word >= 0) words[key.word][row] = codes[key.word].codeOf(bytes, begin, at, hash);
        else if (key.number >= 0) return -1;
        at++;
      } else if (byte === OPEN || byte === OPEN_LIST) {
        at = endOfFlat(bytes, at);
        if (at < 0 || key.number >= 0 || key.word >= 0) return -1;
      } else {
        // A number: whole part and decimals as 32-bit integers, which is exact, and faster than one of 64 bits.
        let whole = 0;
        let digit = byte - ZERO;
        const begin = at;
        while (digit >>> 0 <= 9) {
          whole = Math.imul(whole, 10) + digit | 0;
          digit = bytes[++at] - ZERO;
        }
        const digits = at - begin;
        if (digits === 0 || digits > 1 && byte === ZERO) return -1;
        let value = whole;
        if (digits > MOST_DIGITS) {
          if (digits > MOST_WHOLE) return -1;
          value = longWhole(bytes, begin, at);
        }
        if (bytes[at] === DOT) {
          const first = ++at;
          const [tenths, hundredths, thousandths] = [bytes[at] - ZERO, bytes[at + 1] - ZERO, bytes[at + 2] - ZERO];
          let decimals = 0;
          // Nearly all of our times have three.
          if (tenths >>> 0 <= 9 && hundredths >>> 0 <= 9 && thousandths >>> 0 <= 9) {
            decimals = 100 * tenths + 10 * hundredths + thousandths;
            at += 3;
          }
          digit = bytes[at] - ZERO;
          while (digit >>> 0 <= 9) {
            decimals = Math.imul(decimals, 10) + digit | 0;
            digit = bytes[++at] - ZERO;
          }
          const places = at - first;
          if (places === 0 || places > MOST_DIGITS || digits + places > MOST_WHOLE) return -1;
          // Numerator and denominator are exact, so that the quotient is what JSON.parse makes of it.
          value = (value * POWERS[places] + decimals) / POWERS[places];
        }
        if (key.number >= 0) numbers[key.number][row] = value;
        else if (key.word >= 0) return -1;
      }
      if (bytes[at] === COMMA) at++;
      else if (bytes[at] === CLOSE && bytes[at + 1] === NEWLINE && at + 2 <= end) {
        this.#length++;
        return at + 2;
      } else return -1;
    }
  }

  /** The key at a place, met before or not; nothing where there is none of the usual form. */
  #keyAt(bytes: Uint8Array, view: DataView, at: number): Key | undefined {
    if (bytes[at] !== QUOTE) return undefined;
    let end = at + 1;
    for (let byte = bytes[end]; byte !== QUOTE; byte = bytes[++end]) {
      if (!(byte >= SPACE && byte < 128) || byte === BACKSLASH || end - at > LONGEST_KEY) return undefined;
    }
    if (bytes[end + 1] !== COLON || end === at + 1) return undefined;
    const name = decoder.decode(bytes.subarray(at + 1, end));
    let key = this.#keys.get(name);
    if (key === undefined) {
      const length = end + 2 - at;
      const quads = Int32Array.from(
        { length: Math.ceil(length / 4) },
        (_, index) => view.getInt32(at + Math.min(4 * index, length - 4), true),
      );
      const { numbers, words } = this.#fields;
      key = { ...NO_KEY, length, quads, number: numbers.indexOf(name), word: words.indexOf(name) };
      this.#keys.set(name, key);
    }
    return key;
  }

  #parseLine(bytes: Uint8Array): void {
    const row = this.#length;
    for (const column of this.#numbers) column[row] = NaN;
    for (const column of this.#words) column[row] = 0;
    const text = decoder.decode(bytes);
    if (text === "\n" || text === "") return;
    this.unusual++;
    let parsed: Record<string, unknown>;
    try {
      parsed = JSON.parse(text);
    } catch {
      this.broken++;
      return;
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      this.broken++;
      return;
    }
    for (const [index, name] of this.#fields.numbers.entries()) {
      if (typeof parsed[name] === "number") this.#numbers[index][row] = parsed[name];
    }
    for (const [index, name] of this.#fields.words.entries()) {
      if (typeof parsed[name] === "string") this.#words[index][row] = this.#codes[index].codeOfText(parsed[name]);
    }
    this.#length++;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#numbers = this.#numbers.map((column) => {
      const larger = new Float64Array(this.#capacity).fill(NaN, column.length);
      larger.set(column);
      return larger;
    });
    this.#words = this.#words.map((column) => {
      const larger = new Int32Array(this.#capacity);
      larger.set(column);
      return larger;
    });
  }
}

/** More digits may be no whole number that a double holds. */
const MOST_WHOLE = 15;

function longWhole(bytes: Uint8Array, begin: number, end: number): number {
  let value = 0;
  for (let at = begin; at < end; at++) value = 10 * value + (bytes[at] - ZERO);
  return value;
}

function matches(view: DataView, at: number, { quads, length }: Key): boolean {
  const last = quads.length - 1;
  for (let index = 0; index < last; index++) if (view.getInt32(at + 4 * index, true) !== quads[index]) return false;
  return view.getInt32(at + length - 4, true) === quads[last];
}

/** Where a list or an object of plain numbers ends; -1 for any other. */
function endOfFlat(bytes: Uint8Array, start: number): number {
  const close = bytes[start] === OPEN ? CLOSE : CLOSE_LIST;
  let at = start + 1;
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (close === CLOSE) {
      if (bytes[at] !== QUOTE) return -1;
      for (at++; bytes[at] !== QUOTE; at++) {
        if (!(bytes[at] >= SPACE) || bytes[at] === BACKSLASH) return -1;
      }
      if (bytes[++at] !== COLON) return -1;
      at++;
    }
    at = endOfNumber(bytes, at);
    if (at < 0) return -1;
    if (bytes[at] === close) return at + 1;
    if (bytes[at++] !== COMMA) return -1;
  }
}

function endOfNumber(bytes: Uint8Array, start: number): number {
  const whole = endOfDigits(bytes, start);
  if (whole === start || whole > start + 1 && bytes[start] === ZERO) return -1;
  if (bytes[whole] !== DOT) return whole;
  const end = endOfDigits(bytes, whole + 1);
  return end === whole + 1 ? -1 : end;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] - ZERO >>> 0 <= 9) at++;
  return at;
}

/** Numbers for the texts of a field: there are few, and they come again and again. */
class WordTable {
  #texts: string[];
  #byText = new Map<string, number>();
  #bytes: Uint8Array[] = [new Uint8Array()];
  /** Codes by the low bits of hashes; the last one that came counts. */
  #slots = new Int32Array(256);

  constructor(texts: string[]) {
    this.#texts = texts;
  }

  codeOf(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    const slot = (hash ^ hash >>> 8) & 255;
    const code = this.#slots[slot];
    const known = this.#bytes[code];
    if (code > 0 && known.length === end - begin) {
      let index = 0;
      while (index < known.length && known[index] === bytes[begin + index]) index++;
      if (index === known.length) return code;
    }
    return this.#slots[slot] = this.codeOfText(decoder.decode(bytes.subarray(begin, end)));
  }

  codeOfText(text: string): number {
    let code = this.#byText.get(text);
    if (code === undefined) {
      code = this.#texts.push(text) - 1;
      this.#byText.set(text, code);
      this.#bytes.push(encoder.encode(text));
    }
    return code;
  }
}
