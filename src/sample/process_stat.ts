const TICK_MS = 10;
const SPACE = 32;
const ZERO = 48;
const MINUS = 45;
const OPENING = 40;
const CLOSING = 41;
const decoder = new TextDecoder();

/** What `/proc/<pid>/stat` says of a process. */
export interface ProcessStat {
  /** `Z` for one that has ended and waits to be reaped. */
  state: string;
  parent: number;
  /** Process group: id of the process that led it when it was made. */
  group: number;
  /** Session: id of the process that led it when it was made. */
  session: number;
  /** CPU time of all its threads, dead ones included, in steps of 10 ms [ms]. */
  ticks_ms: number;
  /** CPU time of its children that have ended and been waited for, in steps of 10 ms [ms]. */
  reaped_ms: number;
  threads: number;
  /** Start time in the kernel's ticks: with the id it names a process for good. */
  started: number;
  /** Resident pages, shared ones included. */
  resident_pages: number;
}

/**
 * Reads a line of `/proc/<pid>/stat`, whatever the name of the program: it may hold blanks, parentheses and line ends.
 *
 * Source: proc(5), fields 3 to 24.
 *
 * @example A program named `a) (b`
 * ```ts
 * import { readProcessStat } from "./process_stat.ts";
 * import assert from "node:assert/strict";
 *
 * const line = "42 (a) (b) S 1 42 7 0 -1 4194560 12 0 0 0 150 20 3 1 20 0 4 0 1234 0 56 0";
 * const { parent, ticks_ms, threads, started, resident_pages } = readProcessStat(new TextEncoder().encode(line));
 * assert.deepEqual([parent, ticks_ms, threads, started, resident_pages], [1, 1700, 4, 1234, 56]);
 * ```
 */
export function readProcessStat(line: Uint8Array): ProcessStat {
  const start = line.lastIndexOf(CLOSING) + 2;
  const fields: number[] = [];
  let value = 0;
  let sign = 1;
  for (let index = start + 2; index < line.length && fields.length < 21; index++) {
    const byte = line[index];
    if (byte === SPACE) {
      fields.push(sign * value);
      value = 0;
      sign = 1;
    } else if (byte === MINUS) sign = -1;
    else value = 10 * value + byte - ZERO;
  }
  const [parent, group, session] = fields;
  return {
    state: String.fromCharCode(line[start]),
    parent,
    group,
    session,
    ticks_ms: (fields[10] + fields[11]) * TICK_MS,
    reaped_ms: (fields[12] + fields[13]) * TICK_MS,
    threads: fields[16],
    started: fields[18],
    resident_pages: fields[20],
  };
}

/** The program's name in such a line: 15 bytes at most. */
export function readProcessName(line: Uint8Array): string {
  return decoder.decode(line.subarray(line.indexOf(OPENING) + 1, line.lastIndexOf(CLOSING)));
}

/** The first number of a file such as `schedstat`. */
export function readNumber(bytes: Uint8Array): number {
  let value = 0;
  for (let index = 0; index < bytes.length && bytes[index] >= ZERO && bytes[index] <= ZERO + 9; index++) {
    value = 10 * value + bytes[index] - ZERO;
  }
  return value;
}
