import { homedir } from "node:os";
import { join, relative } from "node:path";
import {
  agentsFor,
  type AgentUse,
  attemptLength,
  attemptOrder,
  shareOf,
  slotOf,
  splitShare,
  WHOLE,
} from "../plan/mod.ts";
import { capacityOf } from "../quality/mod.ts";
import type { AttemptSeal, CoolDown, Provenance, Share } from "../schema/run.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import { agentPermissions } from "./agent_permissions.ts";
import { agentUse } from "./agent_use.ts";
import { type AttemptEnd, refuseLate, runAttempt } from "./attempt.ts";
import { coolDown } from "./cool_down.ts";
import { Guards, type StopReason } from "./guards.ts";
import { pause } from "./pause.ts";
import type { Reached } from "./reach_target.ts";
import { restCores } from "./rest_cores.ts";
import type { RunDirectory } from "./run_directory.ts";
import { attemptPath, type FoundAttempt } from "./survey_run.ts";
import type { SweepEnd } from "./sweep.ts";
import { openTarget, type Target } from "./target.ts";
import { tellBusyStart, tellFlags, tellRestlessness } from "./tell_flags.ts";
import { untilWallClock } from "./wall_clock.ts";

/** How often a part is tried before it is given up. */
const MOST_ATTEMPTS = 3;
/** Before a part is tried again: what broke it may need a moment. */
const RETRY_MS = 1000;
/** What waiting for a machine that is quiet, starting and stopping processes adds to an attempt, for the remaining time [ms]. */
const OVERHEAD_MS = { http: 1900, playwright: 4800, command: 1900 };
/** Trying again does not help against these, and what is written can be gone on with. */
const DISK_ERRORS = /^(ENOSPC|EDQUOT|EROFS|EIO|EFBIG)$/;

/** What a sweep runs between two looks at what is left: one level once, or an idle window. */
export interface Part {
  phase: "idle_before" | "level" | "idle_after";
  /** Its folder in the run, without the attempt: `levels/8/r1`, `idle/before`. */
  name: string;
  /** Expected, starting and stopping included [ms]. */
  length_ms: number;
  replicate?: { level: number; replicate: number; discarded: boolean };
}

/** What {@linkcode runParts} needs. */
export interface PartsContext extends Reached {
  plan: Plan;
  directory: RunDirectory;
  provenance: Provenance;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
  /** Of a sweep that several machines drive: this one's, and when all begin [ms since 1970]. */
  share?: Share & { start_at_ms: number };
  /** What is there already, by name of the part. */
  found?: Map<string, FoundAttempt[]>;
}

/**
 * The parts of a sweep, in the order of its seed.
 *
 * @param options whether it is one share of a sweep: then each part has a slot, all of one length.
 */
export function planParts(plan: Plan, options: { /** @default false */ share?: boolean } = {}): Part[] {
  const { slot_ms } = slotOf(plan);
  const idle_ms = options.share ? slot_ms : plan.idle_ms + OVERHEAD_MS.http;
  const level_ms = options.share ? slot_ms : attemptLength(plan).length_ms + OVERHEAD_MS[plan.mode];
  return [
    { phase: "idle_before", name: "idle/before", length_ms: idle_ms },
    ...attemptOrder(plan).map((replicate): Part => ({
      phase: "level",
      name: `levels/${replicate.level}/r${replicate.replicate}`,
      length_ms: level_ms,
      replicate,
    })),
    { phase: "idle_after", name: "idle/after", length_ms: idle_ms },
  ];
}

/**
 * Runs what is not complete yet of a sweep, part after part. An attempt that breaks is kept and repeated; a part that breaks
 * three times is given up, and the others go on.
 *
 * @throws {Error} With the operating system's `code`, if the run cannot be written on; what is written is whole.
 */
export async function runParts(context: PartsContext): Promise<SweepEnd> {
  const { plan, directory } = context;
  const parts = planParts(plan, { share: context.share !== undefined });
  const began_ms = performance.now();
  using guards = new Guards(directory.path, context.signal);
  guards.drop.addEventListener("abort", () => {
    const reason = `${guards.drop.reason}: artifacts are given up`;
    context.onProgress?.({ kind: "flag", level: 0, replicate: 0, name: "artifacts_dropped", reason });
    try {
      directory.note({ event: "artifacts_dropped", reason: String(guards.drop.reason) });
    } catch { /* the disk is full sooner than looked for: the agents' rows say so as well */ }
  });
  const counts = (part: Part) => part.replicate !== undefined && !part.replicate.discarded;
  const attempts = { complete: 0, failing: 0, planned: parts.filter(counts).length };
  const count = (part: Part, state: AttemptSeal["state"]) => {
    if (!counts(part)) return;
    attempts.complete++;
    if (state === "failing") attempts.failing++;
  };
  const isOpen = (part: Part) => !context.found?.get(part.name)?.some(({ state }) => state === "complete");
  const complete = [...context.found?.values() ?? []].flat().filter(({ state }) => state === "complete");
  const agentsUsed = complete.flatMap(({ path, seal }) => agentUse(join(directory.path, path), seal!));
  const missing: string[] = [];
  // Where memory ran short, no higher level is begun.
  const limit = { level: Infinity, hit: false };

  for (const [index, part] of parts.entries()) {
    if (!isOpen(part)) {
      count(part, context.found!.get(part.name)!.findLast(({ state }) => state === "complete")!.seal!.state);
      continue;
    }
    const { level = 0 } = part.replicate ?? {};
    if (level > limit.level) {
      limit.hit = true;
      missing.push(`${nameOf(part)}: less than 15 % of the memory was available at ${sessionsText(limit.level)}`);
      continue;
    }
    const left = parts.slice(index).filter(isOpen);
    const tell = (attempt: number) =>
      context.onProgress?.({
        kind: "phase",
        phase: part.phase,
        ...(part.replicate ? { level, replicate: part.replicate.replicate, attempt } : {}),
        index,
        of: parts.length,
        elapsed_ms: performance.now() - began_ms,
        remaining_ms: left.reduce((sum, { length_ms }) => sum + length_ms, 0),
      });
    const onLowMemory = () => limit.level = Math.min(limit.level, Math.max(level, 1));
    const { slot_ms } = slotOf(plan);
    const start_at_ms = context.share && context.share.start_at_ms + index * slot_ms;
    const end = await runPart(part, { ...context, start_at_ms, guards, agentsUsed, tell, onLowMemory });
    if (end.kind === "stopped") {
      directory.note({ event: "sweep_stopped", reason: end.reason });
      return { path: directory.path, state: end.guard ? "guarded" : "stopped", attempts, reason: end.reason };
    }
    if (end.kind === "given_up") missing.push(`${nameOf(part)}: ${end.reason}`);
    else count(part, end.kind);
  }
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : "";
    const reason = `no complete attempt of ${missing[0]}${more}`;
    directory.note({ event: "sweep_partial", reason });
    return { path: directory.path, state: limit.hit ? "guarded" : "partial", attempts, reason };
  }
  directory.note({ event: "sweep_complete" });
  context.onProgress?.({
    kind: "phase",
    phase: "done",
    index: parts.length,
    of: parts.length,
    elapsed_ms: performance.now() - began_ms,
    remaining_ms: 0,
  });
  return { path: directory.path, state: "complete", attempts };
}

interface PartContext extends PartsContext {
  /** The slot of this part, by the wall clock [ms since 1970]. */
  start_at_ms?: number;
  guards: Guards;
  /** Of all attempts that are complete. */
  agentsUsed: AgentUse[];
  tell: (attempt: number) => void;
  onLowMemory: () => void;
}

async function runPart(part: Part, context: PartContext): Promise<AttemptEnd | { kind: "given_up"; reason: string }> {
  const { guards, onProgress } = context;
  const { level = 0, replicate = 0 } = part.replicate ?? {};
  const before = Math.max(0, ...context.found?.get(part.name)?.map(({ attempt }) => attempt) ?? []);
  for (let tries = 1;; tries++) {
    if (guards.stop.aborted) return { kind: "stopped", ...guards.stop.reason as StopReason };
    const attempt = before + tries;
    context.tell(attempt);
    if (context.start_at_ms) await untilWallClock(context.start_at_ms - slotOf(context.plan).gap_ms, guards.stop);
    if (guards.stop.aborted) continue;
    const cooldown = await waitForQuiet(part, context);
    if (guards.stop.aborted) continue;
    const end = await attemptPart(part, attempt, cooldown, context);
    if (end.kind !== "failed") return end;
    onProgress?.({ kind: "flag", level, replicate, name: "attempt_failed", reason: end.reason });
    // The other shares' next slot does not wait for another try.
    if (context.share || tries === MOST_ATTEMPTS) return { kind: "given_up", reason: end.reason };
    await pause(RETRY_MS, guards.stop);
  }
}

/** What is under load must not find the machine busy with what was before. */
async function waitForQuiet(
  part: Part,
  { plan, directory, guards, onProgress }: PartContext,
): Promise<CoolDown | undefined> {
  const limit_ms = plan.cooldown_ms ?? 0;
  if (!part.replicate || limit_ms === 0) return undefined;
  const cooldown = await coolDown(await restCores(directory.path), limit_ms, guards.stop);
  if (!guards.stop.aborted) tellBusyStart(cooldown, part.replicate, onProgress);
  return cooldown;
}

/** Runs a part once, and leaves in the manifest what came of it. */
async function attemptPart(
  part: Part,
  attempt: number,
  cooldown: CoolDown | undefined,
  context: PartContext,
): Promise<AttemptEnd | { kind: "failed"; reason: string }> {
  const { directory, agentsUsed } = context;
  const { level = 0, replicate = 0, discarded = false } = part.replicate ?? {};
  const idle = part.phase !== "level";
  const path = attemptPath(part.name, attempt);
  const folder = directory.folder(path);
  const id = { level, replicate, attempt };
  const noteFailed = (reason: string) =>
    directory.note(idle ? { event: "idle_failed", path, reason } : { event: "attempt_failed", ...id, path, reason });
  const agents = idle ? 0 : countAgents(level, replicate, context);
  if (!idle) {
    const set = { ...(discarded ? { discarded } : {}), agents, ...(cooldown ? { cooldown } : {}) };
    directory.note({ event: "attempt_started", ...id, path, ...set });
  }
  let end: AttemptEnd;
  try {
    end = await measure(part, { attempt, agents, folder }, context);
  } catch (error) {
    const { message: reason, code = "" } = error as Error & { code?: string };
    if (DISK_ERRORS.test(code)) {
      try {
        noteFailed(reason);
      } catch { /* the manifest is on the same disk */ }
      throw error;
    }
    noteFailed(reason);
    return { kind: "failed", reason };
  }
  if (end.kind === "stopped") {
    noteFailed(end.reason);
    return end;
  }
  const seal: AttemptSeal = { ...end.seal, ...id, ...shareSeal(level, end.start_late_ms, context) };
  directory.seal(folder, seal);
  if (end.browser && !context.provenance.browser) {
    context.provenance.browser = { ...end.browser, path: end.browser.path.replace(homedir(), "~") };
    directory.writeJson("provenance.json", context.provenance);
  }
  if (idle) {
    directory.note({ event: "idle_complete", path });
    tellRestlessness(folder, context.provenance.vcpus, context.onProgress);
  } else {
    const reason = end.reason === undefined ? {} : { reason: end.reason };
    directory.note({ event: "attempt_complete", ...id, path, state: end.seal.state, ...reason });
    const { plan, provenance, onProgress } = context;
    agentsUsed.push(...agentUse(folder, seal));
    tellFlags(folder, seal, { plan, capacity: capacityOf(plan, provenance), onProgress });
  }
  return end;
}

/** What of an attempt is this share's; nothing where it is all of it. */
function shareSeal(
  level: number,
  start_late_ms: number,
  { share, start_at_ms }: PartContext,
): Pick<AttemptSeal, "share"> {
  if (!share) return {};
  const { k, of } = share;
  const intended_at = new Date(start_at_ms!).toISOString();
  return { share: { k, of, sessions: shareOf(level, share).length, intended_at, start_late_ms } };
}

/** As many as the plan says; if it says nothing, as many as what is complete asks for. */
function countAgents(
  level: number,
  replicate: number,
  { plan, provenance, agentsUsed, share, onProgress }: PartContext,
): number {
  const fixed = plan.agents ?? (plan.mode === "http" && !share ? undefined : 1);
  // Arrivals have their share, whatever the sessions.
  const least = plan.arrivals ? 1 : 0;
  if (fixed !== undefined) return Math.min(fixed, Math.max(least, shareOf(level, share ?? WHOLE).length));
  const cores = Math.min(provenance.vcpus, provenance.cgroup_limits.cores ?? Infinity);
  const { agents, one_uses } = agentsFor(level, agentsUsed, Math.min(cores, level));
  if (agents > 1) {
    const reason = `${agents} agents drive it: one would use ${Math.round(100 * one_uses)} % of a core`;
    onProgress?.({ kind: "flag", level, replicate, name: "agents", reason });
  }
  return agents;
}

async function measure(
  part: Part,
  { attempt, agents, folder }: { attempt: number; agents: number; folder: string },
  context: PartContext,
): Promise<AttemptEnd> {
  const { plan, directory, address, port, guards, start_at_ms } = context;
  const { level = 0, replicate = 0 } = part.replicate ?? {};
  const idle = part.phase !== "level";
  if (start_at_ms !== undefined) refuseLate(start_at_ms);
  const { lead_ms, length_ms } = attemptLength(plan);
  let target: Target | undefined;
  try {
    target = await openTarget(plan, context);
    const artifacts = !idle && plan.mode === "playwright"
      ? directory.folder(join("artifacts", relative(directory.path, folder)))
      : folder;
    const job = { plan, level, replicate, attempt, address, run: directory.path, artifacts };
    return await runAttempt({
      kind: idle ? "idle" : "level",
      folder,
      start_at_ms,
      jobs: splitShare(context.share ?? WHOLE, agents).map((share) => ({
        ...job,
        share,
        sessions: shareOf(level, share),
      })),
      length_ms: idle ? plan.idle_ms : length_ms,
      lead_ms: idle ? 0 : lead_ms,
      sample_interval_ms: plan.sample_interval_ms,
      target,
      targetEnd: plan.target_command ? "failed" : "failing",
      permissions: agentPermissions(plan, { folder, address, port }),
      guards,
      onLowMemory: context.onLowMemory,
      onProgress: context.onProgress,
    });
  } finally {
    await target?.end();
  }
}

/** What a person calls a part. */
export function nameOf({ replicate, name }: Part): string {
  if (!replicate) return name;
  return `${sessionsText(replicate.level)}, replicate ${replicate.replicate}`;
}

function sessionsText(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}
