import { isDeepStrictEqual } from "node:util";
import { basename, join } from "node:path";
import {
  type ReducedSample,
  RESOURCE_FIELDS,
  RowScanner,
  type ScannedFields,
  scannedResources,
} from "../quality/mod.ts";
import { attemptFiles, type RowKind } from "../schema/attempt_files.ts";
import type { AggregateRow } from "../schema/imported.ts";
import type { EventRow, RequestRow, ResourceRow } from "../schema/rows.ts";
import type { AttemptSeal } from "../schema/run.ts";
import { parseJsonl } from "./read_jsonl.ts";
import { type FoundAttempt, reduced, type ReducedAttempt, type Reduction } from "./read_part.ts";
import { readSealed } from "./read_sealed.ts";

/** A part of a run that ended as planned, with its rows. Those stay on disk until somebody asks for them. */
export interface Attempt {
  /** From `COMPLETE.json`. */
  seal: AttemptSeal;
  /** Folder, relative to the run. */
  path: string;
  /** Run to warm up: in no summary and no fit. */
  discarded: boolean;
  /** From `requests.jsonl`, in order; those of further agents, `requests.2.jsonl` and so on, follow. */
  readonly requests: RequestRow[];
  /** From `resources.jsonl`, in order; in a merged run those of the other machines, which say their `share`, follow. */
  readonly resources: ResourceRow[];
  /** From `events.jsonl`, in order; those of further agents follow. */
  readonly events: EventRow[];
  /** From `aggregates.jsonl`: only an imported run has them. */
  readonly aggregates?: AggregateRow[];
}

/** Where an attempt was read from, and what was made of it then. */
interface Source {
  root: string;
  seal: AttemptSeal;
  by: Reduction;
  reduced?: ReducedAttempt;
}

const sources = new WeakMap<Attempt, Source>();

/** An attempt whose rows are read when somebody asks for them. */
export function attemptOf(
  found: FoundAttempt & { kind: "used" },
  of: { root: string; discarded: boolean; by: Reduction },
): Attempt {
  const { path, seal } = found;
  const source: Source = {
    root: of.root,
    seal: structuredClone(seal),
    by: structuredClone(of.by),
    reduced: found.reduced,
  };
  const kept: { -readonly [Rows in keyof Attempt]?: Attempt[Rows] } = {};
  const attempt: Attempt = {
    seal,
    path,
    discarded: of.discarded,
    get requests() {
      return kept.requests ??= readRows(source, path, "requests");
    },
    get resources() {
      return kept.resources ??= readRows(source, path, "resources");
    },
    get events() {
      return kept.events ??= readRows(source, path, "events");
    },
    get aggregates() {
      return kept.aggregates ??= readRows(source, path, "aggregates");
    },
  };
  sources.set(attempt, source);
  return attempt;
}

/** Rows of an attempt, which it does not keep: those of all attempts at once may be more than there is room for. */
export function rowsOf(attempt: Attempt, kind: "requests"): readonly RequestRow[];
export function rowsOf(attempt: Attempt, kind: "resources"): readonly ResourceRow[];
export function rowsOf(attempt: Attempt, kind: "requests" | "resources"): readonly object[] {
  const source = sources.get(attempt);
  return source ? readRows(source, attempt.path, kind) : attempt[kind];
}

/** Samples of an attempt, as far as it is reduced from them. */
export function samplesOf(attempt: Attempt): readonly ReducedSample[] {
  const scanner = scan(attempt, "resources", RESOURCE_FIELDS);
  return scanner ? scannedResources(scanner.rows) : attempt.resources;
}

/** Columns of an attempt; nothing if its rows are on no disk. */
export function scan(attempt: Attempt, kind: RowKind, fields: ScannedFields): RowScanner | undefined {
  const source = sources.get(attempt);
  if (!source) return undefined;
  const scanner = new RowScanner(fields);
  readFiles(source, attempt.path, kind, (bytes, end) => scanner.scanPadded(bytes, end));
  return scanner;
}

/** What an attempt comes to: as it was when it was read, unless somebody has changed what counts. */
export function reducedOf(attempt: Attempt, by: Reduction): ReducedAttempt {
  const source = sources.get(attempt);
  if (source?.reduced && isDeepStrictEqual([source.seal, source.by], [attempt.seal, by])) return source.reduced;
  return reduced(attempt, by);
}

function readRows<Row>(source: Source, path: string, kind: RowKind): Row[] {
  const rows: Row[] = [];
  readFiles(source, path, kind, (bytes, end) => {
    for (const row of parseJsonl<Row>(decoder.decode(bytes.subarray(0, end))).rows) rows.push(row);
  });
  return rows;
}

const decoder = new TextDecoder();

function readFiles(
  { root, seal }: Source,
  path: string,
  kind: RowKind,
  take: (bytes: Uint8Array, end: number) => void,
): void {
  for (const name of attemptFiles(seal.files, kind)) {
    const file = join(root, path, basename(name));
    if (readSealed(file, seal.files[name], take) === undefined) {
      throw new Error(`Cannot read ${file} as it is not what it was when the run was loaded: load it again`);
    }
  }
}
