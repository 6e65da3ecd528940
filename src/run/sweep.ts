import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkUrl, makePlan, type PlanInput } from "../plan/mod.ts";
import type { LimitFound } from "../schema/limit.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import { makeProvenance, planHash } from "./make_provenance.ts";
import { reachTarget } from "./reach_target.ts";
import { checkOut, RunDirectory } from "./run_directory.ts";
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
  const out = resolve(options.out ?? defaultOut(asked));
  await checkOut(out);
  options.onProgress?.({
    kind: "phase",
    phase: "preflight",
    index: 0,
    of: planParts(asked).length,
    elapsed_ms: 0,
    remaining_ms: sweepLength(asked),
  });
  const reached = await reachTarget(asked, options.consent);
  const { plan } = reached;
  const directory = RunDirectory.create(out);
  try {
    const provenance = makeProvenance(plan, { ...reached, consent: options.consent });
    directory.describe(plan, provenance);
    directory.note({ event: "sweep_started", plan_sha256: planHash(plan) });
    return await runParts({ ...reached, directory, provenance, ...options });
  } catch (error) {
    throw resumable(error as Error, out);
  } finally {
    directory.close();
  }
}

/** Expected length of a sweep, of a search at most; starting and stopping of processes included [ms]. */
export function sweepLength(plan: Plan): number {
  return planParts(plan).reduce((sum, part) => sum + part.length_ms, 0);
}

/** The same error, with what the user can do: the run is whole as far as it goes. */
export function resumable(error: Error & { code?: string }, path: string): Error {
  if (!error.code) return error;
  const text = `${error.message}. What is written stays; when that is mended: deno task plimsoll resume ${path}`;
  return Object.assign(new Error(text, { cause: error }), { code: error.code });
}

function defaultOut(plan: Plan): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return fileURLToPath(new URL(`../../data/runs/${time}-${plan.mode}`, import.meta.url));
}
