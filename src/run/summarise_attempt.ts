import { join } from "node:path";
import { type AttemptRows, capacityOf, reduceAttempt } from "../quality/mod.ts";
import { attemptFiles, type RowKind } from "../schema/attempt_files.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
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
  const all = <Row>(kind: RowKind) => attemptFiles(seal.files, kind).flatMap((name) => readRows<Row>(folder, name));
  const rows: AttemptRows = { seal, requests: all("requests"), resources: all("resources"), events: all("events") };
  return reduceAttempt(rows, of.plan, capacityOf(of.plan, of.provenance));
}

/** The rows of a file of an attempt that is sealed. */
export function readRows<Row>(folder: string, name: string): Row[] {
  const text = Deno.readTextFileSync(join(folder, name));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
