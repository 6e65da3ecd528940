import { join } from "node:path";
import { type AttemptRows, type Capacity, othersUse, reduceAttempt, restlessness } from "../quality/mod.ts";
import { attemptFiles, type RowKind } from "../schema/attempt_files.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import type { AttemptSeal, CoolDown } from "../schema/run.ts";

/**
 * Tells the listener at once what sets an attempt apart, from its sealed rows: the same decision that the analysis will make.
 *
 * @param folder The attempt's folder.
 * @param seal Its seal.
 * @param setting The plan, what there is to be used up, and the listener.
 */
export function tellFlags(
  folder: string,
  seal: AttemptSeal,
  setting: { plan: Plan; capacity: Capacity; onProgress?: (event: ProgressEvent) => void },
): void {
  if (!setting.onProgress) return;
  const all = <Row>(kind: RowKind) => attemptFiles(seal.files, kind).flatMap((name) => rowsOf<Row>(folder, name));
  const rows: AttemptRows = { seal, requests: all("requests"), resources: all("resources"), events: all("events") };
  const { level, replicate } = seal;
  for (const { name, reason } of reduceAttempt(rows, setting.plan, setting.capacity).flags) {
    setting.onProgress({ kind: "flag", level, replicate, name, reason });
  }
}

/**
 * Tells the listener where the machine was busy when it was to be at rest, while there is still time to look for a quiet one.
 *
 * @param folder The idle window's folder.
 * @param machine_cores Logical cores of the machine.
 * @param onProgress The listener; told as a flag of level 0.
 */
export function tellRestlessness(
  folder: string,
  machine_cores: number,
  onProgress?: (event: ProgressEvent) => void,
): void {
  const reason = restlessness(othersUse(rowsOf(folder, "resources.jsonl")).cores, machine_cores);
  if (reason !== undefined) onProgress?.({ kind: "flag", level: 0, replicate: 0, name: "busy_machine", reason });
}

/**
 * Tells the listener where an attempt begins though the machine has not become quiet.
 *
 * @param cooldown What was waited for.
 * @param of The level and replicate that begin.
 * @param onProgress The listener.
 */
export function tellBusyStart(
  { quiet, busy_cores, rest_cores, waited_ms }: CoolDown,
  { level, replicate }: { level: number; replicate: number },
  onProgress?: (event: ProgressEvent) => void,
): void {
  if (quiet) return;
  const reason = `${busy_cores.toFixed(2)} cores were busy when it began, ${rest_cores.toFixed(2)} at rest, after ${
    (waited_ms / 1000).toFixed(1)
  } s of waiting`;
  onProgress?.({ kind: "flag", level, replicate, name: "busy_start", reason });
}

function rowsOf<Row>(folder: string, name: string): Row[] {
  const text = Deno.readTextFileSync(join(folder, name));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
