import { join, resolve } from "node:path";
import { checkUrl, makePlan } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ManifestLine, Provenance } from "../schema/run.ts";
import { drivingFleet } from "./agents.ts";
import { makeProvenance, makeResumer, planHash } from "./make_provenance.ts";
import { reachTarget } from "./reach_target.ts";
import { checkSpace, readManifest, RunDirectory } from "./run_directory.ts";
import { readTried, runParts } from "./run_parts.ts";
import { type FoundAttempt, namesIn, surveyPart } from "./survey_run.ts";
import { resumable, type SweepEnd, type SweepOptions } from "./sweep.ts";
import { type Part, planParts, walkParts } from "./walk_parts.ts";

/**
 * Goes on with a sweep that ended before it was complete, in the order that its seed gave: what is complete is hashed and
 * kept, what is open or damaged gets a new attempt.
 *
 * @param path the run directory.
 * @param options as those of {@linkcode sweep}; consent for a target that is not loopback has to be given again.
 * @returns how it ended; at once `complete` where nothing was missing.
 * @throws {InputError} Before anything is written, if there is no run, somebody is writing to it, its plan is not the one
 *   that it began with, or the target is not there.
 * @throws {Error} With the operating system's `code`, if the run cannot be written on.
 *
 * @example After a power cut
 * ```ts ignore
 * import { resume } from "plimsoll";
 * const { state } = await resume("data/runs/first");
 * ```
 */
export async function resume(
  path: string,
  options: Omit<SweepOptions, "out" | "share" | "start_at"> = {},
): Promise<SweepEnd> {
  if (path.includes("\0")) throw new InputError("RUN", path, "a path without NUL");
  const root = resolve(path);
  const fleet = drivingFleet(options.fleet);
  const manifest = readManifest(root);
  const plan = readPlan(root, manifest);
  refuseShare(root);
  checkUrl(plan.url, options.consent);
  await checkSpace(root, "RUN");
  let directory: RunDirectory;
  try {
    directory = RunDirectory.open(root);
  } catch (error) {
    throw resumable(error as Error, root, options);
  }
  try {
    const parts = plan.find_limit ? partsOnDisk(root, plan) : planParts(plan);
    const found = new Map<string, FoundAttempt[]>();
    for (const { name } of parts) found.set(name, await surveyPart(root, name));
    const broken = new Set(manifest.flatMap((line) => isFailed(line) && !line.stopped ? line.path : []));
    for (const attempt of [...found.values()].flat()) {
      if (attempt.state === "open") attempt.broke = broken.has(attempt.path);
    }
    const stored = readProvenance(root);
    const reached = stored && isComplete(found, { plan, directory, provenance: stored })
      // Nobody is asked where nothing is driven.
      ? { addresses: [], address: "", port: 0 }
      : await reachTarget(plan, options.consent);
    if (reached.address !== "") {
      refuseOtherCrew(found, { stored, fleet: fleet !== undefined });
      fleet?.adopt(stored?.shares ?? []);
      await fleet?.check(plan, options.signal);
    }
    const provenance = stored ?? makeProvenance(plan, { ...reached, consent: options.consent });
    if (!stored) directory.writeJson("provenance.json", provenance);
    directory.note({ event: "resumed", plan_sha256: provenance.plan_sha256, ...makeResumer(plan) });
    await Deno.remove(join(root, "STOP")).catch(() => {});
    const noted = new Set(manifest.flatMap((line) => "path" in line && ENDS.includes(line.event) ? line.path : []));
    for (const part of parts) {
      for (const attempt of found.get(part.name)!) {
        if (attempt.state === "damaged" || !noted.has(attempt.path)) noteEnd(directory, part, attempt);
        if (attempt.state !== "damaged") continue;
        const { level = 0, replicate = 0 } = part.replicate ?? {};
        const reason = `${attempt.path}: ${attempt.reason}`;
        options.onProgress?.({ kind: "flag", level, replicate, name: "attempt_damaged", reason });
      }
    }
    return await runParts({ ...reached, plan, directory, provenance, found, ...options, fleet });
  } catch (error) {
    throw resumable(error as Error, root, options);
  } finally {
    directory.close();
  }
}

/** Whether nothing is left to be run: walks through the sweep as far as it is complete. */
function isComplete(found: Map<string, FoundAttempt[]>, run: Parameters<typeof readTried>[1]): boolean {
  const walk = walkParts(run.plan);
  for (let step = walk.next(); !step.done;) {
    const { part } = step.value;
    const complete = found.get(part.name)?.findLast(({ state }) => state === "complete");
    if (!complete) return false;
    step = walk.next(run.plan.find_limit && part.replicate ? readTried(complete, run) : undefined);
  }
  return true;
}

/** The parts that a search has begun: which it needs, only their results tell. */
function partsOnDisk(root: string, plan: Plan): Part[] {
  const [before, first] = planParts(plan);
  const after = planParts(plan).at(-1)!;
  const numbers = (folder: string, name: RegExp) =>
    namesIn(join(root, folder)).flatMap((entry) => name.exec(entry)?.[1] ?? []).map(Number).sort((a, b) => a - b);
  const levels = numbers("levels", /^(\d+)$/).flatMap((level) =>
    numbers(`levels/${level}`, /^r(\d+)$/).map((replicate): Part => ({
      ...first,
      name: `levels/${level}/r${replicate}`,
      replicate: { level, replicate, discarded: replicate === 0 },
    }))
  );
  return [before, ...levels, after];
}

const ENDS: ManifestLine["event"][] = ["attempt_complete", "attempt_failed", "idle_complete", "idle_failed"];

function isFailed(line: ManifestLine) {
  return line.event === "attempt_failed" || line.event === "idle_failed";
}

/** Says in the manifest what the sweep could not say any more. */
function noteEnd(directory: RunDirectory, part: Part, { attempt, path, state, seal, reason = "" }: FoundAttempt): void {
  const { level = 0, replicate = 0 } = part.replicate ?? {};
  const id = { level, replicate, attempt, path };
  const idle = part.phase !== "level";
  if (state === "damaged") directory.note({ event: "attempt_damaged", ...id, reason });
  else if (state === "complete") {
    directory.note(
      idle ? { event: "idle_complete", path } : { event: "attempt_complete", ...id, state: seal!.state },
    );
  } else {
    const reason = "the sweep ended while it ran";
    const how = { reason, stopped: true };
    directory.note(idle ? { event: "idle_failed", path, ...how } : { event: "attempt_failed", ...id, ...how });
  }
}

function readPlan(root: string, manifest: ManifestLine[]): Plan {
  const path = join(root, "plan.json");
  let raw: unknown;
  try {
    raw = JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    throw new InputError("RUN", root, `the folder of a run that has begun (${(error as Error).message})`);
  }
  const started = manifest.find((line) => line.event === "sweep_started");
  const wanted = started?.plan_sha256 ?? readProvenance(root)?.plan_sha256;
  // Hashed as it lies there: a later version that adds a default changes no plan.
  if (wanted !== undefined && planHash(raw) !== wanted) {
    throw new InputError("RUN", root, "a run whose plan.json is the one that it began with: this one was changed");
  }
  return makePlan(raw as Plan);
}

/** Shares have their times, and those have passed. */
function refuseShare(root: string): void {
  const { share, shares, imported } = readProvenance(root) ?? {};
  if (imported) throw new InputError("RUN", root, "a run that a sweep wrote: this one was imported");
  if (shares?.some(({ worker }) => worker === undefined)) {
    throw new InputError("RUN", root, "a run that a sweep wrote: this one was merged of shares");
  }
  if (!share) return;
  const remedy =
    `a run of a whole sweep: this is share ${share.k} of ${share.of}, and its times have passed. Merge what there is, ` +
    "or sweep all shares again";
  throw new InputError("RUN", root, remedy);
}

/** What one machine drove and what many did are not levels of one sweep. */
function refuseOtherCrew(
  found: Map<string, FoundAttempt[]>,
  { stored, fleet }: { stored?: Provenance; fleet: boolean },
): void {
  const begun = [...found].some(([name, all]) => /^levels/.test(name) && all.some(({ state }) => state === "complete"));
  const had = stored?.shares !== undefined;
  if (!begun || had === fleet) return;
  if (had) throw new InputError("--hub", "nothing", "the hub again: workers drove what is complete of it");
  throw new InputError("--hub", "given", "it not: this machine drove what is complete of the run");
}

function readProvenance(root: string): Provenance | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(join(root, "provenance.json")));
  } catch {
    return undefined;
  }
}
