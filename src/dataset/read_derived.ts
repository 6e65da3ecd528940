import { basename, join } from "node:path";
import pl from "nodejs-polars";
import {
  MARK,
  type ReducedSample,
  type RequestColumns,
  requestColumns,
  RESOURCE_FIELDS,
  scannedResources,
} from "../quality/mod.ts";
import { attemptFiles } from "../schema/attempt_files.ts";
import type { EventRow } from "../schema/rows.ts";
import { parseJsonl } from "./read_jsonl.ts";
import { type FoundAttempt, reduced, type Reduction } from "./read_part.ts";
import { readSealed } from "./read_sealed.ts";

/** An attempt, and how many rows it has in the derived files. */
export interface DerivedAttempt {
  found: FoundAttempt & { kind: "used" };
  requests: number;
  resources: number;
}

/** Attempts whose rows follow each other in the derived files. */
export interface DerivedAttempts {
  attempts: DerivedAttempt[];
  /** Rows before them. */
  before: { requests: number; resources: number };
}

/** The derived files; not those that an export may leave beside them. */
export const DERIVED = { requests: "rows_requests.parquet", resources: "rows_resources.parquet" } as const;

/** Where the derived files of a run are. */
export function derivedFile(root: string, name: string): string {
  return join(root, "derived", name);
}

/**
 * Reduces attempts from the derived files of their run; events, of which there are few, from their own.
 *
 * @returns the attempts, reduced.
 * @throws {Error} If a file is not what it was when the run was loaded.
 */
export function readDerived(root: string, task: DerivedAttempts, by: Reduction): FoundAttempt[] {
  const count = (of: "requests" | "resources") => task.attempts.reduce((sum, attempt) => sum + attempt[of], 0);
  const requests = readRequests(root, { from: task.before.requests, rows: count("requests") });
  const resources = readResources(root, { from: task.before.resources, rows: count("resources") });
  let [request, resource] = [0, 0];
  return task.attempts.map((attempt) => {
    const { found } = attempt;
    const rows = {
      seal: found.seal,
      requests: slice(requests, request, request += attempt.requests),
      resources: resources.slice(resource, resource += attempt.resources),
      events: readEvents(root, found),
    };
    return { ...found, reduced: reduced(rows, by) };
  });
}

/** It takes rows in pieces that fit a cache, in their order; the usual way asks the system for memory all the time. */
const STREAMING = { engine: "streaming" } as const;

interface Range {
  from: number;
  rows: number;
}

function readRequests(root: string, range: Range): RequestColumns {
  if (range.rows === 0) return requestColumns([]);
  const file = pl.scanParquet(derivedFile(root, DERIVED.requests));
  const there = new Set(file.columns);
  const bit = (name: string, is: (text: pl.Expr) => pl.Expr, mark: number) =>
    there.has(name) ? [is(pl.col(name)).fillNull(false).cast(pl.UInt8).mul(pl.lit(mark).cast(pl.UInt8))] : [];
  const marks = [
    ...bit("outcome", (text) => text.eq(pl.lit("ok")), MARK.ok),
    ...bit("step", (text) => text.str.endsWith(" (connect)"), MARK.connect),
    ...bit("phase", (text) => text.eq(pl.lit("setup")), MARK.setup),
    ...bit("phase", (text) => text.eq(pl.lit("teardown")), MARK.teardown),
  ].reduce((sum, mark) => sum.add(mark));
  const number = (name: string) => pl.col(name).cast(pl.Float64).fillNull(NaN);
  const streamed = ["bytes_from_ms", "bytes_to_ms"].filter((name) => there.has(name));
  const frame = file.slice(range.from, range.rows).select(
    pl.col("session").cast(pl.Int32).fillNull(-1),
    pl.col("iteration").cast(pl.Int32).fillNull(-1),
    number("scheduled_ms"),
    number("started_ms").add(number("duration_ms")).alias("ended_ms"),
    number("bytes_in").add(number("bytes_out")).alias("bytes"),
    marks.alias("marks"),
    ...streamed.map(number),
  ).collectSync(STREAMING);
  const column = (name: string) => frame.getColumn(name).toTypedArray();
  return {
    length: range.rows,
    session: column("session"),
    iteration: column("iteration"),
    scheduled_ms: column("scheduled_ms"),
    ended_ms: column("ended_ms"),
    bytes: column("bytes"),
    marks: column("marks"),
    ...(streamed.length === 2 ? { streamed: { from_ms: column(streamed[0]), to_ms: column(streamed[1]) } } : {}),
  };
}

/** The columns of some rows. */
function slice(columns: RequestColumns, from: number, to: number): RequestColumns {
  const { streamed } = columns;
  return {
    length: to - from,
    session: columns.session.subarray(from, to),
    iteration: columns.iteration.subarray(from, to),
    scheduled_ms: columns.scheduled_ms.subarray(from, to),
    ended_ms: columns.ended_ms.subarray(from, to),
    bytes: columns.bytes.subarray(from, to),
    marks: columns.marks.subarray(from, to),
    ...(streamed
      ? { streamed: { from_ms: streamed.from_ms.subarray(from, to), to_ms: streamed.to_ms.subarray(from, to) } }
      : {}),
  };
}

function readResources(root: string, range: Range): ReducedSample[] {
  if (range.rows === 0) return [];
  const file = pl.scanParquet(derivedFile(root, DERIVED.resources));
  const there = new Set(file.columns);
  const texts = RESOURCE_FIELDS.words.map((name) => ["", ...WORDS[name]]);
  const words = RESOURCE_FIELDS.words.map((name, index) => {
    const code = (rest: pl.Expr, text: string, at: number) =>
      pl.when(pl.col(name).eq(pl.lit(text))).then(pl.lit(at)).otherwise(rest);
    return there.has(name) ? texts[index].reduce<pl.Expr>(code, pl.lit(0)).cast(pl.Int32).alias(name) : undefined;
  });
  const frame = file.slice(range.from, range.rows).select(
    ...RESOURCE_FIELDS.numbers.filter((name) => there.has(name)).map((name) =>
      pl.col(name).cast(pl.Float64).fillNull(NaN)
    ),
    ...words.filter((word) => word !== undefined),
  ).collectSync(STREAMING);
  const column = (name: string, absent: () => unknown) =>
    there.has(name) ? frame.getColumn(name).toTypedArray() : absent();
  return scannedResources({
    length: range.rows,
    numbers: RESOURCE_FIELDS.numbers.map((name) => column(name, () => new Float64Array(range.rows).fill(NaN))),
    words: RESOURCE_FIELDS.words.map((name) => column(name, () => new Int32Array(range.rows))),
    texts,
  });
}

/** What the fields of words may be. */
const WORDS = {
  group: ["target", "browser", "generator", "system"],
  memory_kind: ["pss", "rss", "cgroup", "system"],
};

function readEvents(root: string, { path, seal }: FoundAttempt & { kind: "used" }): EventRow[] {
  const events: EventRow[] = [];
  for (const name of attemptFiles(seal.files, "events")) {
    const file = join(root, path, basename(name));
    const added = readSealed(file, seal.files[name], (bytes, end) => {
      for (const row of parseJsonl<EventRow>(decoder.decode(bytes.subarray(0, end))).rows) events.push(row);
    });
    if (added === undefined) throw new Error(`Cannot read ${file} as it is not what was sealed`);
  }
  return events;
}

const decoder = new TextDecoder();
