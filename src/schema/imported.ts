import { z } from "zod";
import type { FileSeal } from "./run.ts";

/** The files that can be imported, by the tool and the form that wrote them. */
export type ImportFormat = "k6-json" | "k6-csv" | "locust" | "jmeter" | "artillery" | "csv";

/** Every {@linkcode ImportFormat}. */
export const IMPORT_FORMATS: readonly ImportFormat[] = ["k6-json", "k6-csv", "locust", "jmeter", "artillery", "csv"];

/** One line of `aggregates.jsonl`: a metric of one replicate, as a tool gave it or as its file adds up, where no raw rows carry it. */
export interface AggregateRow {
  /** Position in the file, from 0, without gaps. */
  seq: number;
  /** As in `LevelSummary.metrics`; or `sessions`, observed concurrency, or `requests`, how many ended in the window. */
  metric: string;
  /** In the unit of the metric. */
  value: number;
}

/** A file that a run was imported from. */
export interface ImportedFile extends Omit<FileSeal, "rows"> {
  /** Without its folder. */
  name: string;
}

/** Where an imported run comes from: a field of `provenance.json`. What else that file says of a machine is not known then. */
export interface Imported {
  /** What drove the load, for example `Locust`. */
  tool: string;
  /** How its files are written. */
  format: ImportFormat;
  /** In the order in which they were given. */
  files: ImportedFile[];
  /** The machine that was measured, as far as the files say. */
  machine: { cores?: number; memory_bytes?: number };
  /** What the reader must know: what was left out, what the files do not say. One sentence each. */
  notes: string[];
}

/** What `plimsoll import --json` prints. */
export interface ImportEnd {
  /** Version of this format. */
  schema: "plimsoll.import/1";
  /** The run's directory, absolute. */
  path: string;
  /** What drove the load. */
  tool: string;
  /** How its files are written. */
  format: ImportFormat;
  /** In the order in which they were given. */
  files: ImportedFile[];
  /** One a replicate, in the order in which they ran. */
  replicates: {
    /** Sessions, a whole number. */
    level: number;
    /** From 1. */
    replicate: number;
    /** Observed concurrency. */
    sessions: number;
    /** Length of the steady part [s]; 0 where it is not known. */
    window_s: number;
    /** Rows of requests, warm-up included; 0 where the file has none. */
    rows: number;
  }[];
  /** Names of the metrics that at least one replicate has. */
  metrics: string[];
  /** What was left out, and what the files do not say. */
  notes: string[];
}

const file = z.object({ name: z.string(), bytes: z.int().min(0), sha256: z.string().length(64) });

/** Validates an {@linkcode AggregateRow}. */
export const aggregateRowSchema = z.object({
  seq: z.int().min(0),
  metric: z.string(),
  value: z.number(),
}) satisfies z.ZodType<AggregateRow>;

/** Validates an {@linkcode ImportEnd}. */
export const importEndSchema = z.object({
  schema: z.literal("plimsoll.import/1"),
  path: z.string(),
  tool: z.string(),
  format: z.enum(IMPORT_FORMATS),
  files: z.array(file),
  replicates: z.array(z.object({
    level: z.int().min(1),
    replicate: z.int().min(1),
    sessions: z.number(),
    window_s: z.number().min(0),
    rows: z.int().min(0),
  })),
  metrics: z.array(z.string()),
  notes: z.array(z.string()),
}) satisfies z.ZodType<ImportEnd>;
