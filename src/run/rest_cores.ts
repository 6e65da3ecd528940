import { join } from "node:path";
import { counterRate } from "../quality/mod.ts";
import type { ResourceRow } from "../schema/rows.ts";
import { readRows } from "./summarise_attempt.ts";
import { surveyPart } from "./survey_run.ts";

/**
 * What all of the machine used at rest, from the idle window before the sweep.
 *
 * @param root The run directory.
 * @returns Logical cores; 0 where there is no such window.
 */
export async function restCores(root: string): Promise<number> {
  const window = (await surveyPart(root, "idle/before")).findLast(({ state }) => state === "complete");
  if (!window) return 0;
  const rows = readRows<ResourceRow>(join(root, window.path), "resources.jsonl");
  return counterRate(rows.filter(({ group }) => group === "system"), (row) => row.cpu_ms) ?? 0;
}
