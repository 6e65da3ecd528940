import type { ParseArgsConfig } from "node:util";
import type { Dataset } from "../dataset/mod.ts";
import { makeReport } from "../report/mod.ts";
import { parseDuration, parseLimit } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { ReportDocument } from "../schema/report.ts";
import type { Assumptions } from "../schema/sizing.ts";
import { catalogue } from "../size/mod.ts";
import { type Flags, readNumber, readNumbers } from "./flags.ts";
import { readAssumptions } from "./read_assumptions.ts";
import { readShapes } from "./read_shapes.ts";

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
  "retention-count": { field: "retention_count", low: 0, high: 1e9, whole: true },
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
  assumptions: { type: "string" },
  slo: { type: "string" },
  shapes: { type: "string" },
  shape: { type: "string" },
  "screenshot-every": { type: "string" },
  ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: "string" }])),
};

/** The part of `--help` about them. */
export const SIZE_HELP = `  --target 10,100,1000     sessions to size for
  --assumptions FILE       JSON with any of what follows, as plimsoll schema assumptions says; flags override it
  --peak 1                 peak to mean
  --safety 1.3             safety factor on the estimate
  --utilisation 0.65       highest CPU utilisation to plan for
  --memory-headroom 0.25   memory kept free
  --baseline-os-bytes N    what the operating system takes             (as measured)
  --slo 'p95<500ms,errors<1%'   carry no more than was shown to keep this, by 95 % upper bounds

Disk:
  --retention-days 30      how long artifacts are kept
  --retention-count N      at most so many screenshots of a session slot, the newest
  --session-hours 8        hours a day in which a session slot is in use
  --snapshots N            screenshots of a session slot and day       (as measured)
  --screenshot-every 10s   the same as a period
  --replication 1          copies of each artifact
  --free-space 0.2         disk kept free
  --baseline-storage-bytes N   disk taken before the first artifact    (0)

Workers:
  --shapes aws,FILE        machines to choose from: aws, azure, gcp, or your own (plimsoll schema shapes), with prices
  --shape m7i.xlarge       the one to buy, of --shapes or of the clouds' catalogues
  --spare 1                spare workers of a fleet
  --topology replicated|shared   all that serves is bought once a worker, or workers share one target
  --extrapolate            read a curve beyond 4 times the top level`;

/**
 * Reads the sizing assumptions that differ from the defaults.
 *
 * @throws {InputError} If one is not right.
 */
export function assumptionsFromFlags({ values }: Flags): Partial<Assumptions> {
  const assumptions = values.assumptions === undefined ? {} : readAssumptions(values.assumptions as string);
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
  if (values.slo !== undefined) assumptions.slo = parseLimit(values.slo as string, "--slo");
  if (values["screenshot-every"] !== undefined) readPeriod(values, assumptions);
  if (values.shapes !== undefined) assumptions.shapes = readShapes(values.shapes as string);
  if (values.shape !== undefined) assumptions.shape = values.shape as string;
  chooseShape(assumptions);
  return assumptions;
}

function readPeriod(values: Flags["values"], assumptions: Partial<Assumptions>): void {
  const text = values["screenshot-every"] as string;
  if (values.snapshots !== undefined) {
    throw new InputError("--screenshot-every", text, "left out, or no --snapshots: both say how many there are");
  }
  const every_ms = parseDuration(text, "--screenshot-every");
  if (every_ms < 100) throw new InputError("--screenshot-every", text, "at least 100ms");
  assumptions.snapshots_per_session = 3_600_000 * (assumptions.session_hours_per_day ?? 8) / every_ms;
}

/** A shape may be named without a list: then the catalogues' is meant. */
function chooseShape(assumptions: Partial<Assumptions>): void {
  const { shape, shapes = [] } = assumptions;
  if (shape === undefined || shapes.some(({ name }) => name === shape)) return;
  const known = shapes.length > 0 ? shapes : catalogue();
  const found = known.find(({ name }) => name === shape);
  if (!found) throw new InputError("--shape", shape, `one of ${known.map(({ name }) => name).join(", ")}`);
  assumptions.shapes = [found];
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
