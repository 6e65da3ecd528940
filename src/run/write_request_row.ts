import type { RequestRow } from "../schema/rows.ts";
import type { LineBuffer } from "./line_buffer.ts";

const encoder = new TextEncoder();
const KEYS = [
  "session",
  "iteration",
  "step",
  "scheduled_ms",
  "started_ms",
  "duration_ms",
  "outcome",
  "status",
  "bytes_in",
  "bytes_out",
].map((key) => encoder.encode(`,"${key}":`));
const [SESSION, ITERATION, STEP, SCHEDULED, STARTED, DURATION, OUTCOME, STATUS, BYTES_IN, BYTES_OUT] = KEYS;
const BEGIN = encoder.encode('{"seq":');
const END = encoder.encode("}\n");
/** Rows of iterations, which are nearly all, have none. */
const PHASES = {
  setup: encoder.encode(',"phase":"setup"'),
  teardown: encoder.encode(',"phase":"teardown"'),
};
/** Only rows of streams have these. */
const [BYTES_FROM, BYTES_TO] = ["bytes_from_ms", "bytes_to_ms"].map((key) => encoder.encode(`,"${key}":`));
const KEYS_LENGTH = [BEGIN, END, PHASES.teardown, BYTES_FROM, BYTES_TO, ...KEYS].reduce(
  (sum, key) => sum + key.length,
  0,
);
const NUMBERS_LENGTH = 11 * 24;

/** Names of steps and outcomes, as JSON: there are few, and they come again and again. */
const words = new Map<string, Uint8Array>();

/**
 * Appends a request row as a line of JSON, times rounded to microseconds.
 *
 * @param row its keys are written in the order of {@linkcode RequestRow}, whatever theirs is.
 *
 * @example
 * ```ts
 * import { LineBuffer } from "./line_buffer.ts";
 * import { writeRequestRow } from "./write_request_row.ts";
 * import assert from "node:assert/strict";
 *
 * const lines = new LineBuffer();
 * const row = { session: 0, iteration: 0, step: "get", scheduled_ms: 0, started_ms: 0.1, duration_ms: 1.23456 };
 * writeRequestRow(lines, { ...row, outcome: "ok", status: 200, bytes_in: 9, bytes_out: 9 }, { seq: 7 });
 * assert.equal(JSON.parse(new TextDecoder().decode(lines.taken())).duration_ms, 1.235);
 * ```
 */
export function writeRequestRow(lines: LineBuffer, row: Omit<RequestRow, "seq">, { seq }: { seq: number }): void {
  const step = word(row.step);
  const outcome = word(row.outcome);
  lines.reserve(KEYS_LENGTH + NUMBERS_LENGTH + step.length + outcome.length);
  lines.bytes(BEGIN);
  lines.number(seq);
  lines.bytes(SESSION);
  lines.number(row.session);
  lines.bytes(ITERATION);
  lines.number(row.iteration);
  lines.bytes(STEP);
  lines.bytes(step);
  lines.bytes(SCHEDULED);
  lines.number(row.scheduled_ms);
  lines.bytes(STARTED);
  lines.number(row.started_ms);
  lines.bytes(DURATION);
  lines.number(row.duration_ms);
  lines.bytes(OUTCOME);
  lines.bytes(outcome);
  lines.bytes(STATUS);
  lines.number(row.status);
  lines.bytes(BYTES_IN);
  lines.number(row.bytes_in);
  lines.bytes(BYTES_OUT);
  lines.number(row.bytes_out);
  if (row.bytes_from_ms !== undefined) {
    lines.bytes(BYTES_FROM);
    lines.number(row.bytes_from_ms);
    lines.bytes(BYTES_TO);
    lines.number(row.bytes_to_ms ?? row.started_ms + row.duration_ms);
  }
  if (row.phase !== undefined) lines.bytes(PHASES[row.phase]);
  lines.bytes(END);
}

function word(text: string): Uint8Array {
  let bytes = words.get(text);
  if (bytes === undefined) {
    // A scenario may make names without an end.
    if (words.size > 10_000) words.clear();
    words.set(text, bytes = encoder.encode(JSON.stringify(text)));
  }
  return bytes;
}
