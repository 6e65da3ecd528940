import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkUrl, makePlan, parseStart, type PlanInput, slotOf } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { LimitFound } from "../schema/limit.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import type { Provenance, Share } from "../schema/run.ts";
import { drivingFleet } from "./agents.ts";
import type { Fleet } from "./fleet.ts";
import { makeProvenance, planHash } from "./make_provenance.ts";
import { reachTarget } from "./reach_target.ts";
import { checkOut, RunDirectory } from "./run_directory.ts";
import { machineKey } from "./machine_key.ts";
import { clockKeeper } from "./wall_clock.ts";
import { runParts } from "./run_parts.ts";
import { planParts } from "./walk_parts.ts";

/** Settings of {@linkcode sweep}. */
export interface SweepOptions {
  /**
   * The folder of the run; new, or empty.
   * @default `data/runs/<time>-<mode>` of the project
   */
  out?: string;
  /** `HOST:PORT` of a target that is not loopback and that the user may load. */
  consent?: string;
  /**
   * The share of a sweep that this machine drives, where several do without a hub: every machine the same plan, another `k`,
   * the same `start_at`. {@linkcode merge} makes one run of theirs.
   */
  share?: Share;
  /** With `share`: when the first idle window begins, on every machine: ISO 8601, or `HH:MM:SS` of today. */
  start_at?: string;
  /** Other machines that drive the sessions, as `openFleet` finds them through a hub. */
  fleet?: Fleet;
  /** Ends the sweep gracefully: sessions drain, what is complete stays. */
  signal?: AbortSignal;
  /** Told of phases and samples as they come. */
  onProgress?: (event: ProgressEvent) => void;
}

/** How a sweep ended. */
export interface SweepEnd {
  /** The run directory, absolute. */
  path: string;
  /**
   * `complete`: every replicate has a complete attempt; of a search, the answer is known. `partial`: it went through to its end, and some have none.
   * `stopped`: by the signal, or a file `STOP` in its folder. `guarded`: a guard ended it, or kept levels from being run.
   */
  state: "complete" | "partial" | "stopped" | "guarded";
  /** Attempts that are complete, `failing` of them with most requests failed, of those planned; the one to warm up does not count. */
  attempts: { complete: number; failing: number; planned: number };
  /** The answer, where a limit was looked for and enough is known. */
  limit?: LimitFound;
  /** One sentence where it is not complete. */
  reason?: string;
  /** Where it is one share of a sweep. */
  share?: Share;
}

/**
 * Runs a sweep: every level of the plan `replicates` times in seeded random order, between two idle windows, all of it
 * sampled into a run directory. An agent, sampler, browser or target that breaks costs that attempt: it is kept, and
 * repeated up to two times.
 *
 * @param input the plan, or what of it differs from the defaults.
 * @returns where the run is and how it ended.
 * @throws {InputError} Before anything is written or loaded, if the plan, the target or the folder is not right.
 * @throws {Error} With the operating system's `code`, if the run cannot be written on; what is written is whole, and
 *   {@linkcode resume} goes on with it.
 *
 * @example Three levels of one's own server
 * ```ts ignore
 * import { sweep } from "plimsoll";
 * const run = await sweep({ url: "http://127.0.0.1:8080/", levels: [1, 2, 4], target_port: 8080 });
 * ```
 */
export async function sweep(input: PlanInput | Plan, options: SweepOptions = {}): Promise<SweepEnd> {
  const asked = makePlan(input);
  checkUrl(asked.url, options.consent);
  const share = checkShare(asked, options);
  if (share && options.fleet) {
    throw new InputError("--share", `${share.k}/${share.of}`, "no --hub too: that shares it out");
  }
  const out = resolve(options.out ?? defaultOut(asked));
  await checkOut(out);
  options.onProgress?.({
    kind: "phase",
    phase: "preflight",
    index: 0,
    of: planParts(asked).length,
    elapsed_ms: 0,
    remaining_ms: sweepLength(asked, { share: share !== undefined }),
  });
  const reached = await reachTarget(asked, options.consent, { share: share !== undefined });
  const { plan } = reached;
  const fleet = drivingFleet(options.fleet);
  await fleet?.check(plan, options.signal);
  const directory = RunDirectory.create(out);
  try {
    const facts = share && shareFacts(share, plan);
    const provenance = makeProvenance(plan, { ...reached, consent: options.consent, share: facts });
    directory.describe(plan, provenance);
    directory.note({ event: "sweep_started", plan_sha256: planHash(plan) });
    if (facts) tellShare(facts, provenance.plan_sha256, { ...options, elsewhere: reached.elsewhere });
    const end = await runParts({ ...reached, directory, provenance, ...options, share, fleet });
    return options.share ? { ...end, share: options.share } : end;
  } catch (error) {
    throw resumable(error as Error, out, options);
  } finally {
    directory.close();
  }
}

/**
 * Expected length of a sweep, of a search at most; starting and stopping of processes included [ms].
 *
 * @param options whether it is one share of a sweep that several machines drive.
 */
export function sweepLength(plan: Plan, options: { /** @default false */ share?: boolean } = {}): number {
  return planParts(plan, options).reduce((sum, part) => sum + part.length_ms, 0);
}

/**
 * Checks that a plan can be driven in shares, and when.
 *
 * @returns nothing where it is not to be.
 * @throws {InputError} If it cannot, or the time has passed.
 */
export function checkShare(
  plan: Plan,
  { share, start_at }: Pick<SweepOptions, "share" | "start_at">,
): (Share & { start_at_ms: number }) | undefined {
  if (!share) {
    if (start_at === undefined) return undefined;
    throw new InputError("--start-at", start_at, "--share K/N too: without it a sweep begins at once");
  }
  const name = `${share.k}/${share.of}`;
  if (!Number.isInteger(share.k) || !Number.isInteger(share.of) || share.k < 1 || share.k > share.of) {
    throw new InputError("--share", name, "which machine this is of how many, for example 2/3");
  }
  if (plan.find_limit) {
    throw new InputError("--share", name, "--levels without --find-limit: each machine would find levels of its own");
  }
  if (plan.target_command) {
    throw new InputError(
      "--share",
      name,
      "a target that runs already, without --target-command: each machine would start one",
    );
  }
  if (start_at === undefined) {
    throw new InputError("--start-at", "nothing", "the time at which all shares begin, for example 14:30:00");
  }
  return { ...share, start_at_ms: parseStart(start_at, Date.now()) };
}

function shareFacts(share: Share & { start_at_ms: number }, plan: Plan): NonNullable<Provenance["share"]> {
  const { k, of, start_at_ms } = share;
  return {
    k,
    of,
    start_at: new Date(start_at_ms).toISOString(),
    slot_ms: slotOf(plan).slot_ms,
    clock: clockKeeper(),
    ...machineKey(),
  };
}

/** What a person at several machines has to compare. */
function tellShare(
  { k, of, start_at, clock }: NonNullable<Provenance["share"]>,
  plan_sha256: string,
  { elsewhere, onProgress }: Pick<SweepOptions, "onProgress"> & { elsewhere?: boolean },
): void {
  const tell = (reason: string) => onProgress?.({ kind: "flag", level: 0, replicate: 0, name: "share", reason });
  tell(`Share ${k} of ${of} begins at ${start_at}, plan ${plan_sha256.slice(0, 12)}: both the same on every machine`);
  if (elsewhere) tell("The target is on another machine: the share that runs there samples it");
  if (clock === "nobody known") {
    tell("No time service was found that keeps this machine's clock: shares begin together only if their clocks agree");
  }
}

/** The same error, with what the user can do: the run is whole as far as it goes. */
export function resumable(
  error: Error & { code?: string },
  path: string,
  { fleet }: Pick<SweepOptions, "fleet"> = {},
): Error {
  if (!error.code) return error;
  const how = `deno task plimsoll resume ${path}${fleet ? ", with the same --hub and its flags" : ""}`;
  const text = `${error.message}. What is written stays; when that is mended: ${how}`;
  return Object.assign(new Error(text, { cause: error }), { code: error.code });
}

function defaultOut(plan: Plan): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return fileURLToPath(new URL(`../../data/runs/${time}-${plan.mode}`, import.meta.url));
}
