import { homedir } from "node:os";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { attemptOrder, checkUrl, makePlan, type PlanInput } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent, ProgressPhase } from "../schema/progress.ts";
import type { Provenance } from "../schema/run.ts";
import { type AttemptEnd, runAttempt } from "./attempt.ts";
import { makeProvenance, planHash } from "./make_provenance.ts";
import { checkOut, RunDirectory } from "./run_directory.ts";
import { accepts, openTarget, resolveTarget, type Target } from "./target.ts";

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
  /** `complete`: every level ran. `stopped`: by the signal. `guarded`: a guard ended it. */
  state: "complete" | "stopped" | "guarded";
  /** Attempts that are complete, `failing` of them with most requests failed, of those planned; the one to warm up does not count. */
  attempts: { complete: number; failing: number; planned: number };
  /** One sentence where it is not complete. */
  reason?: string;
}

/** What starting and stopping processes adds to an attempt, for the remaining time [ms]. */
const OVERHEAD_MS = { http: 1600, playwright: 4500 };

/**
 * Runs a sweep: every level of the plan `replicates` times in seeded random order, between two idle windows, all of it
 * sampled into a run directory.
 *
 * @param input the plan, or what of it differs from the defaults.
 * @returns where the run is and how it ended.
 * @throws {InputError} Before anything is written or loaded, if the plan, the target or the folder is not right.
 * @throws {Error} If an agent or the sampler breaks; what is complete by then stays.
 *
 * @example Three levels of one's own server
 * ```ts ignore
 * import { sweep } from "plimsoll";
 * const run = await sweep({ url: "http://127.0.0.1:8080/", levels: [1, 2, 4], target_port: 8080 });
 * ```
 */
export async function sweep(input: PlanInput | Plan, options: SweepOptions = {}): Promise<SweepEnd> {
  const plan = makePlan(input);
  const url = checkUrl(plan.url, options.consent);
  const out = resolve(options.out ?? defaultOut(plan));
  await checkOut(out);
  const addresses = await resolveTarget(url, options.consent !== undefined);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const began_ms = performance.now();
  const parts = planParts(plan);
  const tell = (phase: ProgressPhase, index: number, level?: { level: number; replicate: number; attempt: number }) =>
    options.onProgress?.({
      kind: "phase",
      phase,
      ...level,
      index,
      of: parts.length,
      elapsed_ms: performance.now() - began_ms,
      remaining_ms: parts.slice(index).reduce((sum, part) => sum + part.length_ms, 0),
    });
  tell("preflight", 0);
  if (plan.mode === "playwright") {
    const { findBrowser } = await import("../drive/find_browser.ts");
    await findBrowser({ path: plan.browser });
  }
  const address = await preflight(plan, url, addresses, port);

  const directory = RunDirectory.create(out);
  let complete = 0;
  let failing = 0;
  const counts = (part: Part) => part.replicate !== undefined && !part.replicate.discarded;
  const planned = parts.filter(counts).length;
  try {
    const provenance = makeProvenance(plan, { addresses, consent: options.consent });
    directory.describe(plan, provenance);
    directory.note({ event: "sweep_started", plan_sha256: planHash(plan) });
    for (const [index, part] of parts.entries()) {
      tell(part.phase, index, part.replicate && { ...part.replicate, attempt: 1 });
      const end = await runPart(part, { plan, directory, address, port, provenance, options });
      if (end.kind === "stopped") {
        directory.note({ event: "sweep_stopped", reason: end.reason });
        const state = end.guard ? "guarded" : "stopped";
        return { path: out, state, attempts: { complete, failing, planned }, reason: end.reason };
      }
      if (counts(part)) {
        complete++;
        if (end.kind === "failing") failing++;
      }
    }
    directory.note({ event: "sweep_complete" });
    tell("done", parts.length);
    return { path: out, state: "complete", attempts: { complete, failing, planned } };
  } finally {
    directory.close();
  }
}

interface Part {
  phase: "idle_before" | "level" | "idle_after";
  /** Expected, starting and stopping included [ms]. */
  length_ms: number;
  replicate?: { level: number; replicate: number; discarded: boolean };
}

function planParts(plan: Plan): Part[] {
  const idle_ms = plan.idle_ms + OVERHEAD_MS.http;
  const level_ms = plan.warmup_ms + plan.duration_ms + OVERHEAD_MS[plan.mode];
  return [
    { phase: "idle_before", length_ms: idle_ms },
    ...attemptOrder(plan).map((replicate): Part => ({ phase: "level", length_ms: level_ms, replicate })),
    { phase: "idle_after", length_ms: idle_ms },
  ];
}

/** Expected length of a sweep, starting and stopping of processes included [ms]. */
export function sweepLength(plan: Plan): number {
  return planParts(plan).reduce((sum, part) => sum + part.length_ms, 0);
}

interface Context {
  plan: Plan;
  directory: RunDirectory;
  address: string;
  port: number;
  provenance: Provenance;
  options: SweepOptions;
}

async function runPart(part: Part, context: Context): Promise<AttemptEnd> {
  const { plan, directory, address, port, options } = context;
  const { level = 0, replicate = 0, discarded = false } = part.replicate ?? {};
  const idle = part.phase !== "level";
  const names = idle ? ["idle", part.phase.slice("idle_".length)] : ["levels", `${level}`, `r${replicate}`, "a1"];
  const folder = directory.folder(...names);
  const path = relative(directory.path, folder);
  const id = { level, replicate, attempt: 1 };
  if (!idle) directory.note({ event: "attempt_started", ...id, path, ...(discarded ? { discarded } : {}) });
  let target: Target | undefined;
  try {
    target = await openTarget(plan, address, port);
    const artifacts = !idle && plan.mode === "playwright" ? directory.folder("artifacts", ...names) : folder;
    const sessions = Array.from({ length: level }, (_, session) => session);
    const end = await runAttempt({
      kind: idle ? "idle" : "level",
      folder,
      job: idle ? undefined : { plan, ...id, sessions, address, run: directory.path, artifacts },
      length_ms: idle ? plan.idle_ms : plan.warmup_ms + plan.duration_ms,
      warmup_ms: idle ? 0 : plan.warmup_ms,
      sample_interval_ms: plan.sample_interval_ms,
      target_pids: target.pids,
      permissions: agentPermissions(folder, address, port),
      signal: options.signal,
      onProgress: options.onProgress,
    });
    if (end.kind === "stopped") {
      if (!idle) directory.note({ event: "attempt_failed", ...id, path, reason: end.reason });
      return end;
    }
    directory.seal(folder, { ...end.seal, ...id });
    if (end.browser && !context.provenance.browser) {
      context.provenance.browser = { ...end.browser, path: end.browser.path.replace(homedir(), "~") };
      directory.writeJson("provenance.json", context.provenance);
    }
    if (idle) directory.note({ event: "idle_complete", path });
    else directory.note({ event: "attempt_complete", ...id, path, state: end.seal.state });
    return end;
  } catch (error) {
    const { message } = error as Error;
    if (!idle) directory.note({ event: "attempt_failed", ...id, path, reason: message });
    // Whatever went wrong now, the input was right: the run has begun.
    throw error instanceof InputError ? new Error(`${part.phase} could not be run: ${message}`) : error;
  } finally {
    await target?.end();
  }
}

/** Finds the address that answers. A command is tried once, so that a wrong one shows before anything is written. */
async function preflight(plan: Plan, url: URL, addresses: string[], port: number): Promise<string> {
  if (plan.target_command) {
    const target = await openTarget(plan, addresses[0], port);
    await target.end();
    return addresses[0];
  }
  for (const address of addresses) {
    if (!await accepts(address, port)) continue;
    await openTarget(plan, address, port);
    return address;
  }
  throw new InputError("--url", url.origin, `a URL that answers: nothing accepts connections on port ${port} there`);
}

function agentPermissions(folder: string, address: string, port: number): string[] {
  const host = address.includes(":") ? `[${address}]` : address;
  // undici asks for these variables before its first request.
  return [`--allow-net=${host}:${port}`, `--allow-write=${folder}`, "--allow-env=JEST_WORKER_ID,UNDICI_NO_WASM_SIMD"];
}

function defaultOut(plan: Plan): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return fileURLToPath(new URL(`../../data/runs/${time}-${plan.mode}`, import.meta.url));
}
