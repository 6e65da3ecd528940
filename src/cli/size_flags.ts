import type { ParseArgsConfig } from "node:util";
import type { Dataset } from "../dataset/mod.ts";
import { makeReport } from "../report/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { ReportDocument } from "../schema/report.ts";
import type { Assumptions } from "../schema/sizing.ts";
import { type Flags, readNumber, readNumbers } from "./flags.ts";

type NumberField = {
  [Key in keyof Required<Assumptions>]: Required<Assumptions>[Key] extends number ? Key : never;
}[keyof Assumptions];

const NUMBERS: Record<string, { field: NumberField; low: number; high: number; whole?: boolean }> = {
  peak: { field: "peak", low: 1, high: 100 },
  safety: { field: "safety", low: 1, high: 100 },
  utilisation: { field: "utilisation", low: 0.01, high: 1 },
  "memory-headroom": { field: "memory_headroom", low: 0, high: 10 },
  "baseline-os-bytes": { field: "baseline_os_bytes", low: 0, high: 1e15 },
  "baseline-storage-bytes": { field: "baseline_storage_bytes", low: 0, high: 1e18 },
  "retention-days": { field: "retention_days", low: 0, high: 36_500 },
  "session-hours": { field: "session_hours_per_day", low: 0, high: 24 },
  snapshots: { field: "snapshots_per_session", low: 0, high: 1e9 },
  replication: { field: "replication", low: 1, high: 100 },
  "free-space": { field: "free_space", low: 0, high: 0.99 },
  spare: { field: "spare_workers", low: 0, high: 1000, whole: true },
};

/** Flags of the sizing assumptions, as `node:util` describes them. */
export const SIZE_FLAGS: NonNullable<ParseArgsConfig["options"]> = {
  target: { type: "string" },
  topology: { type: "string" },
  extrapolate: { type: "boolean" },
  ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: "string" }])),
};

/** The part of `--help` about them. */
export const SIZE_HELP = `  --target 10,100,1000     sessions to size for
  --peak 1                 peak to mean
  --safety 1.3             safety factor on the estimate
  --utilisation 0.65       highest CPU utilisation to plan for
  --memory-headroom 0.25   memory kept free
  --retention-days 30      how long artifacts are kept
  --session-hours 8        hours a day in which a session slot is in use
  --snapshots N            snapshots of a session slot and day         (as measured)
  --replication 1          copies of each artifact
  --free-space 0.2         disk kept free
  --baseline-os-bytes N    what the operating system takes             (as measured)
  --baseline-storage-bytes N   disk taken before the first artifact    (0)
  --spare 1                spare workers of a fleet
  --topology replicated|shared   bought once a worker, or shared by all
  --extrapolate            read a shared curve beyond 4 times the top level`;

/**
 * Reads the sizing assumptions that differ from the defaults.
 *
 * @throws {InputError} If one is not right.
 */
export function assumptionsFromFlags({ values }: Flags): Partial<Assumptions> {
  const assumptions: Partial<Assumptions> = {};
  if (values.target !== undefined) {
    const targets = readNumbers(values.target as string, "--target", { low: 1, high: 1e8, whole: true });
    assumptions.targets = [...new Set(targets)].sort((a, b) => a - b);
  }
  for (const [name, { field, ...bounds }] of Object.entries(NUMBERS)) {
    if (values[name] !== undefined) assumptions[field] = readNumber(values[name] as string, `--${name}`, bounds);
  }
  if (values.topology !== undefined) {
    if (values.topology !== "replicated" && values.topology !== "shared") {
      throw new InputError("--topology", values.topology, "replicated or shared");
    }
    assumptions.topology = values.topology;
  }
  if (values.extrapolate) assumptions.extrapolate = true;
  return assumptions;
}

/**
 * The report of a run under assumptions that a user gave.
 *
 * @throws {InputError} If they ask for a number that no curve carries.
 */
export function reportOf(dataset: Dataset, assumptions: Partial<Assumptions>): ReportDocument {
  try {
    return makeReport(dataset, assumptions);
  } catch (error) {
    if (!(error instanceof RangeError) || assumptions.topology !== "shared") throw error;
    const remedy = "targets up to 4 times the highest usable level, or add --extrapolate, or --topology replicated";
    throw new InputError("--target", assumptions.targets?.join(",") ?? "10,100,1000", remedy);
  }
}
