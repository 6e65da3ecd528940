import { join } from "node:path";
import {
  type AttemptRows,
  capacityOf,
  reduceAttempt,
  REQUEST_FIELDS,
  RESOURCE_FIELDS,
  RowScanner,
  type ScannedFields,
  scannedRequests,
  scannedResources,
  type ScannedRows,
} from "../quality/mod.ts";
import { attemptFiles } from "../schema/attempt_files.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
import type { EventRow } from "../schema/rows.ts";
import type { AttemptSeal, Provenance } from "../schema/run.ts";

/**
 * Reduces an attempt to numbers and flags from its sealed rows, as the analysis will.
 *
 * @param folder The attempt's folder.
 * @param seal Its seal.
 * @param of The plan, and what is known of the machine.
 */
export function summariseAttempt(
  folder: string,
  seal: AttemptSeal,
  of: { plan: Plan; provenance: Provenance },
): LevelSummary {
  const rows: AttemptRows = {
    seal,
    requests: scannedRequests(scanFiles(folder, attemptFiles(seal.files, "requests"), REQUEST_FIELDS)),
    resources: scannedResources(scanFiles(folder, attemptFiles(seal.files, "resources"), RESOURCE_FIELDS)),
    events: attemptFiles(seal.files, "events").flatMap((name) => readRows<EventRow>(folder, name)),
  };
  return reduceAttempt(rows, of.plan, capacityOf(of.plan, of.provenance));
}

function scanFiles(folder: string, names: readonly string[], fields: ScannedFields): ScannedRows {
  const scanner = new RowScanner(fields);
  for (const name of names) scanner.scan(Deno.readFileSync(join(folder, name)));
  return scanner.rows;
}

/** The rows of a file of an attempt that is sealed. */
export function readRows<Row>(folder: string, name: string): Row[] {
  const text = Deno.readTextFileSync(join(folder, name));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
