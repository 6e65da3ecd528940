import { join, resolve } from "node:path";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ManifestLine, Provenance } from "../schema/run.ts";
import { planHash } from "./make_provenance.ts";
import { readManifest } from "./run_directory.ts";

/** One share of a sweep, as it lies on disk. */
export interface ShareRun {
  /** As it was given. */
  given: string;
  root: string;
  plan: Plan;
  plan_sha256: string;
  share: NonNullable<Provenance["share"]>;
  provenance: Provenance;
  manifest: ManifestLine[];
}

/**
 * Reads what one share of a sweep says of itself; its rows stay where they are.
 *
 * @param given the run directory.
 * @throws {InputError} If there is no run, it is no share, somebody is writing to it, or its plan was changed.
 */
export function readShareRun(given: string): ShareRun {
  if (given.includes("\0")) throw new InputError("RUN", given, "a path without NUL");
  const root = resolve(given);
  let plan: Plan;
  let provenance: Provenance;
  try {
    plan = JSON.parse(Deno.readTextFileSync(join(root, "plan.json")));
    provenance = JSON.parse(Deno.readTextFileSync(join(root, "provenance.json")));
  } catch (error) {
    throw new InputError("RUN", given, `the folder of a run (${(error as Error).message})`);
  }
  if (provenance.shares) throw new InputError("RUN", given, "one share of a sweep: this run was merged already");
  if (!provenance.share) throw new InputError("RUN", given, "one share of a sweep, as `sweep --share` leaves it");
  refuseLocked(root, given);
  const plan_sha256 = planHash(plan);
  if (plan_sha256 !== provenance.plan_sha256) {
    throw new InputError("RUN", given, "a run whose plan.json is the one that it began with: this one was changed");
  }
  return { given, root, plan, plan_sha256, share: provenance.share, provenance, manifest: readManifest(root) };
}

/** Looks at the lock without taking part: the folder may be one that is only read. */
function refuseLocked(root: string, given: string): void {
  let lock: Deno.FsFile;
  try {
    lock = Deno.openSync(join(root, "lock"), { read: true });
  } catch {
    // A copy without it: nobody writes there.
    return;
  }
  const free = lock.tryLockSync(false);
  lock.close();
  if (!free) throw new InputError("RUN", given, "a run that has ended: a sweep is writing to this one");
}
