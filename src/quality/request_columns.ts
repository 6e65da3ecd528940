import type { RequestRow } from "../schema/rows.ts";
import type { ScannedRows } from "./row_scanner.ts";

/** What is true of a request: bits of {@linkcode RequestColumns} `marks`. */
export const MARK = { ok: 1, connect: 2, setup: 4, teardown: 8 } as const;

/** What the rows of an attempt's requests are reduced from, by columns: an object a row is most of what reducing it would cost. */
export interface RequestColumns {
  /** Rows. The arrays may be longer. */
  length: number;
  session: Float64Array | Int32Array;
  iteration: Float64Array | Int32Array;
  scheduled_ms: Float64Array;
  /** When the last byte came, or the failure. */
  ended_ms: Float64Array;
  /** Both ways. */
  bytes: Float64Array;
  /** {@linkcode MARK}s, added up. */
  marks: Uint8Array;
  /** From when and until when bytes came, where that is not said by `ended_ms`: NaN in rows of no stream. */
  streamed?: { from_ms: Float64Array; to_ms: Float64Array };
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
  const column = (of: (row: RequestRow) => number | undefined) => Float64Array.from(rows, (row) => of(row) ?? NaN);
  return {
    length: rows.length,
    session: column((row) => row.session),
    iteration: column((row) => row.iteration),
    scheduled_ms: column((row) => row.scheduled_ms),
    ended_ms: column((row) => row.started_ms + row.duration_ms),
    bytes: column((row) => row.bytes_in + row.bytes_out),
    marks: Uint8Array.from(rows, (row) => stepMark(row.step) | outcomeMark(row.outcome) | phaseMark(row.phase)),
    streamed: { from_ms: column((row) => row.bytes_from_ms), to_ms: column((row) => row.bytes_to_ms) },
  };
}

/** Columns of what was scanned, which are made in its place. */
export function scannedRequests({ length, numbers, words, texts }: ScannedRows): RequestColumns {
  const marks = new Uint8Array(length);
  for (const [field, markOf] of [stepMark, outcomeMark, phaseMark].entries()) {
    const ofWord = Uint8Array.from(texts[field], markOf);
    const codes = words[field];
    for (let row = 0; row < length; row++) marks[row] |= ofWord[codes[row]];
  }
  const [session, iteration, scheduled_ms, ended_ms, duration_ms, bytes, bytes_out, from_ms, to_ms] = numbers;
  for (let row = 0; row < length; row++) {
    ended_ms[row] += duration_ms[row];
    bytes[row] += bytes_out[row];
  }
  return { length, session, iteration, scheduled_ms, ended_ms, bytes, marks, streamed: { from_ms, to_ms } };
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
