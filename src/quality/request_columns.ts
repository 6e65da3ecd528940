import type { RequestRow } from "../schema/rows.ts";
import type { ScannedRows } from "./row_scanner.ts";

/** What is true of a request: bits of {@linkcode RequestColumns} `marks`. */
export const MARK = { ok: 1, connect: 2, setup: 4, teardown: 8 } as const;

/** What the rows of an attempt's requests are reduced from, by columns: an object a row is most of what reducing it would cost. */
export interface RequestColumns {
  /** Rows. The arrays may be longer. */
  length: number;
  session: Float64Array;
  iteration: Float64Array;
  scheduled_ms: Float64Array;
  started_ms: Float64Array;
  duration_ms: Float64Array;
  bytes_in: Float64Array;
  bytes_out: Float64Array;
  /** NaN where the row has none. */
  bytes_from_ms: Float64Array;
  /** NaN where the row has none. */
  bytes_to_ms: Float64Array;
  /** {@linkcode MARK}s, added up. */
  marks: Uint8Array;
}

/** What of a line of `requests.jsonl` is needed. */
export const REQUEST_FIELDS = {
  numbers: [
    "session",
    "iteration",
    "scheduled_ms",
    "started_ms",
    "duration_ms",
    "bytes_in",
    "bytes_out",
    "bytes_from_ms",
    "bytes_to_ms",
  ],
  words: ["step", "outcome", "phase"],
} as const;

/** Columns of rows. */
export function requestColumns(rows: readonly RequestRow[]): RequestColumns {
  const numbers = REQUEST_FIELDS.numbers.map((name) => Float64Array.from(rows, (row) => row[name] ?? NaN));
  const marks = Uint8Array.from(rows, (row) => stepMark(row.step) | outcomeMark(row.outcome) | phaseMark(row.phase));
  return named(numbers, marks, rows.length);
}

/** Columns of what was scanned, for as long as no more is. */
export function scannedRequests({ length, numbers, words, texts }: ScannedRows): RequestColumns {
  const marks = new Uint8Array(length);
  for (const [field, markOf] of [stepMark, outcomeMark, phaseMark].entries()) {
    const ofWord = Uint8Array.from(texts[field], markOf);
    const codes = words[field];
    for (let row = 0; row < length; row++) marks[row] |= ofWord[codes[row]];
  }
  return named(numbers, marks, length);
}

function named(numbers: readonly Float64Array[], marks: Uint8Array, length: number): RequestColumns {
  const columns = Object.fromEntries(REQUEST_FIELDS.numbers.map((name, index) => [name, numbers[index]]));
  return { length, marks, ...columns as Omit<RequestColumns, "length" | "marks"> };
}

function stepMark(step = ""): number {
  return step.endsWith(" (connect)") ? MARK.connect : 0;
}

function outcomeMark(outcome = ""): number {
  return outcome === "ok" ? MARK.ok : 0;
}

function phaseMark(phase = ""): number {
  return phase === "setup" ? MARK.setup : phase === "" ? 0 : MARK.teardown;
}
