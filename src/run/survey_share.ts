import { join } from "node:path";
import { attemptFiles } from "../schema/attempt_files.ts";
import type { Share } from "../schema/run.ts";
import { InputError } from "../schema/input_error.ts";
import { jsonLines } from "./json_lines.ts";
import type { ShareRun } from "./read_share_run.ts";
import type { Part } from "./walk_parts.ts";
import { type FoundAttempt, surveyPart } from "./survey_run.ts";

/** What a share has of one part of the sweep. */
export type ShareAttempt = FoundAttempt & { state: "complete" } | { state: "missing"; reason: string };

/**
 * Finds the attempts of one part in a share's run: hashes what is sealed, and looks whose sessions its rows are.
 *
 * @returns the attempt that is complete, or why there is none.
 * @throws {InputError} If a file is not what was sealed, or holds another share's sessions.
 */
export async function surveyShare(
  { root, given, share, manifest }: ShareRun,
  part: Part,
): Promise<ShareAttempt> {
  const found = await surveyPart(root, part.name);
  const damaged = found.find(({ state }) => state === "damaged");
  if (damaged) {
    const remedy =
      `files that are what was sealed: ${damaged.path}: ${damaged.reason}. Copy the run again, or remove ` +
      "that folder from it to leave the attempt out";
    throw new InputError("RUN", given, remedy);
  }
  const complete = found.findLast(({ state }) => state === "complete");
  if (!complete) {
    const line = manifest.findLast((line) => "path" in line && "reason" in line && line.path.startsWith(part.name));
    return { state: "missing", reason: line && "reason" in line ? line.reason! : "it has no complete attempt" };
  }
  for (const kind of ["requests", "events"] as const) {
    for (const name of attemptFiles(complete.seal!.files, kind)) {
      const session = await foreignSession(join(root, complete.path, name), share);
      if (session === undefined) continue;
      const remedy =
        `sessions of share ${share.k} of ${share.of} only: ${complete.path}/${name} has session ${session}`;
      throw new InputError("RUN", given, remedy);
    }
  }
  return { ...complete, state: "complete" };
}

async function foreignSession(path: string, { k, of }: Share): Promise<number | undefined> {
  using file = await Deno.open(path);
  for await (const row of jsonLines(file.readable)) {
    const { session } = row as { session?: number };
    if (session !== undefined && session % of !== k - 1) return session;
  }
  return undefined;
}
