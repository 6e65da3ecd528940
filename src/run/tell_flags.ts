import { othersUse, restlessness } from "../quality/mod.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import type { CoolDown } from "../schema/run.ts";
import { readRows } from "./summarise_attempt.ts";

/**
 * Tells the listener at once what sets an attempt apart: the same decision that the analysis will make.
 *
 * @param summary The attempt, reduced.
 * @param onProgress The listener.
 */
export function tellFlags(
  { level, replicate, flags }: LevelSummary,
  onProgress?: (event: ProgressEvent) => void,
): void {
  for (const { name, reason } of flags) onProgress?.({ kind: "flag", level, replicate, name, reason });
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
  const reason = restlessness(othersUse(readRows(folder, "resources.jsonl")).cores, machine_cores);
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
