import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { type AttemptSeal, attemptSealSchema } from "../schema/run.ts";

/** One attempt of a part of a sweep, as it lies on disk. */
export interface FoundAttempt {
  /** From 1. */
  attempt: number;
  /** Folder, relative to the run. */
  path: string;
  /**
   * `complete`: sealed, and its files are what the seal says. `damaged`: they are not. `open`: it was begun and has no
   * seal.
   */
  state: "complete" | "damaged" | "open";
  /** Where it is complete. */
  seal?: AttemptSeal;
  /** Where it is damaged. */
  reason?: string;
  /** It is open because it broke, and not because the sweep was stopped, or ended, while it ran. */
  broke?: boolean;
}

/**
 * The folder of an attempt, relative to the run: `levels/8/r1/a2`, `idle/before`, `idle/before-a2`.
 *
 * @param name of the part: `levels/8/r1` or `idle/before`.
 */
export function attemptPath(name: string, attempt: number): string {
  if (name.startsWith("levels/")) return `${name}/a${attempt}`;
  return attempt === 1 ? name : `${name}-a${attempt}`;
}

/**
 * Finds what a run directory holds of one part of its sweep, and hashes what is sealed.
 *
 * @param root the run directory.
 * @param name of the part: `levels/8/r1` or `idle/before`.
 * @returns its attempts, in ascending order.
 *
 * @example A part that was never begun
 * ```ts
 * import { surveyPart } from "./survey_run.ts";
 * import assert from "node:assert/strict";
 *
 * const root = Deno.makeTempDirSync();
 * assert.deepEqual(await surveyPart(root, "levels/8/r1"), []);
 * Deno.removeSync(root);
 * ```
 */
export async function surveyPart(root: string, name: string): Promise<FoundAttempt[]> {
  const [folder, pattern] = name.startsWith("levels/")
    ? [name, /^a(\d+)$/]
    : ["idle", new RegExp(`^${basename(name)}(?:-a(\\d+))?$`)];
  const numbers = namesIn(join(root, folder)).flatMap((entry) => {
    const match = pattern.exec(entry);
    return match ? [Number(match[1] ?? 1)] : [];
  });
  const found: FoundAttempt[] = [];
  for (const attempt of numbers.sort((a, b) => a - b)) {
    const path = attemptPath(name, attempt);
    found.push({ attempt, path, ...await checkSeal(join(root, path)) });
  }
  return found;
}

async function checkSeal(folder: string): Promise<Pick<FoundAttempt, "state" | "seal" | "reason">> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(folder, "COMPLETE.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "open" };
    throw error;
  }
  const seal = parseSeal(text);
  if (!seal) return { state: "damaged", reason: "COMPLETE.json is not what a sweep writes" };
  for (const [name, { bytes, sha256 }] of Object.entries(seal.files)) {
    const is = await hashOf(join(folder, basename(name)));
    if (is?.bytes !== bytes || is.sha256 !== sha256) {
      return { state: "damaged", reason: `${name} is not what was sealed` };
    }
  }
  return { state: "complete", seal };
}

function parseSeal(text: string): AttemptSeal | undefined {
  try {
    return attemptSealSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Nothing where the file cannot be read: then it is not what was sealed. */
async function hashOf(path: string): Promise<{ bytes: number; sha256: string } | undefined> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of (await Deno.open(path)).readable) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch {
    return undefined;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** The folders in a folder; none where it is not there. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
