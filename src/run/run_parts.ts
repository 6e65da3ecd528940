import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import {
  agentsFor,
  type AgentUse,
  attemptLength,
  shareOf,
  slotOf,
  splitShare,
  type TriedReplicate,
  WHOLE,
} from "../plan/mod.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { LimitFound } from "../schema/limit.ts";
import type { AttemptSeal, CoolDown, Provenance, Share } from "../schema/run.ts";
import type { HttpSecrets } from "../drive/driver.ts";
import type { Plan } from "../schema/plan.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import { type DrivingFleet, FleetLostError, type Team } from "./agents.ts";
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
import { summariseAttempt } from "./summarise_attempt.ts";
import type { SweepEnd } from "./sweep.ts";
import { openTarget, type Target } from "./target.ts";
import { tellBusyStart, tellFlags, tellRestlessness } from "./tell_flags.ts";
import { untilWallClock } from "./wall_clock.ts";
import { type Part, planParts, walkParts } from "./walk_parts.ts";

/** How often a part is tried before it is given up; a sweep that is resumed counts what broke before, and tries at least once. */
const MOST_ATTEMPTS = 3;
/** Before a part is tried again: what broke it may need a moment. */
const RETRY_MS = 1000;
/** Trying again does not help against these, and what is written can be gone on with. */
const DISK_ERRORS = /^(ENOSPC|EDQUOT|EROFS|EIO|EFBIG)$/;

/** What {@linkcode runParts} needs. */
export interface PartsContext extends Reached {
  plan: Plan;
  directory: RunDirectory;
  provenance: Provenance;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
  /** Of a sweep that several machines drive: this one's, and when all begin [ms since 1970]. */
  share?: Share & { start_at_ms: number };
  /** Who drives the sessions, where it is not this machine. */
  fleet?: DrivingFleet;
  /** What is there already, by name of the part. */
  found?: Map<string, FoundAttempt[]>;
}

/**
 * Runs what is not complete yet of a sweep, part after part. An attempt that breaks is kept and repeated; a part that breaks
 * three times is given up, and the others go on.
 *
 * @throws {Error} With the operating system's `code`, if the run cannot be written on; what is written is whole.
 */
export async function runParts(context: PartsContext): Promise<SweepEnd> {
  const { plan, directory } = context;
  const share = context.share !== undefined;
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
  // How many a search needs is known when it is over.
  const attempts = {
    complete: 0,
    failing: 0,
    planned: plan.find_limit ? 0 : planParts(plan, { share }).filter(counts).length,
  };
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
  const memory = { level: Infinity, short: false };
  let limit: LimitFound | undefined;

  const walk = walkParts(plan, { share });
  let index = 0;
  const ended = (state: SweepEnd["state"], reason?: string): SweepEnd => {
    const how = { state, ...(reason === undefined ? {} : { reason }) };
    const elapsed_ms = performance.now() - began_ms;
    context.onProgress?.({ kind: "phase", phase: "done", index, of: index, elapsed_ms, remaining_ms: 0, ...how });
    return { path: directory.path, attempts, ...(limit ? { limit } : {}), ...how };
  };
  for (let step = walk.next(); !step.done; index++) {
    const { part, rest } = step.value;
    const { level = 0, replicate = 0 } = part.replicate ?? {};
    const tried = { level, replicate };
    if (plan.find_limit && counts(part)) attempts.planned++;
    if (step.value.limit) {
      limit = step.value.limit;
      directory.note({ event: "limit_found", ...limit });
    }
    const complete = context.found?.get(part.name)?.findLast(({ state }) => state === "complete");
    if (complete) {
      count(part, complete.seal!.state);
      step = walk.next(plan.find_limit && part.replicate ? readTried(complete, context) : undefined);
      continue;
    }
    if (level > memory.level) {
      const reason = `less than 15 % of the memory was available at ${sessionsText(memory.level)}`;
      memory.short = true;
      missing.push(`${nameOf(part)}: ${reason}`);
      step = walk.next({ ...tried, by: "machine", reason });
      continue;
    }
    const tell = (attempt: number) =>
      context.onProgress?.({
        kind: "phase",
        phase: part.phase,
        ...(part.replicate ? { ...tried, attempt } : {}),
        index,
        of: index + rest.length,
        elapsed_ms: performance.now() - began_ms,
        remaining_ms: rest.filter(isOpen).reduce((sum, { length_ms }) => sum + length_ms, 0),
      });
    const onLowMemory = () => memory.level = Math.min(memory.level, Math.max(level, 1));
    const { slot_ms } = slotOf(plan);
    const start_at_ms = context.share && context.share.start_at_ms + index * slot_ms;
    const end = await runPart(part, { ...context, start_at_ms, guards, agentsUsed, tell, onLowMemory });
    if (end.kind === "stopped") {
      directory.note({ event: "sweep_stopped", reason: end.reason });
      return ended(end.guard ? "guarded" : "stopped", end.reason);
    }
    if (end.kind === "lost") {
      directory.note({ event: "sweep_partial", reason: end.reason });
      return ended("partial", end.reason);
    }
    if (end.kind === "given_up") {
      missing.push(`${nameOf(part)}: ${end.reason}`);
      step = walk.next({ ...tried, by: "broken", reason: end.reason });
    } else {
      count(part, end.kind);
      const { summary } = end;
      step = walk.next(summary && { ...tried, summary, failing: end.kind === "failing" });
    }
  }
  // A search that has its answer lacks nothing, whatever it could not run on its way there.
  if (missing.length > 0 && (limit === undefined || limit.ended_by === "broken")) {
    const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : "";
    const reason = `no complete attempt of ${missing[0]}${more}`;
    directory.note({ event: "sweep_partial", reason });
    return ended(memory.short ? "guarded" : "partial", reason);
  }
  directory.note({ event: "sweep_complete" });
  return ended("complete");
}

/** What a complete attempt means for a search. */
export function readTried(
  { path, seal }: FoundAttempt,
  { plan, directory, provenance }: Pick<PartsContext, "plan" | "directory" | "provenance">,
): TriedReplicate {
  const { level, replicate, state } = seal!;
  const summary = summariseAttempt(join(directory.path, path), seal!, { plan, provenance });
  return { level, replicate, summary, failing: state === "failing" };
}

/** How a part ended. */
type PartEnd =
  | Exclude<AttemptEnd, { kind: "stopped" }> & { summary?: LevelSummary }
  | Extract<AttemptEnd, { kind: "stopped" }>;

/** `lost`: there is no way to those who drive it. */
interface NotRun<Kind> {
  kind: Kind;
  reason: string;
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

async function runPart(
  part: Part,
  context: PartContext,
): Promise<PartEnd | NotRun<"given_up"> | NotRun<"lost">> {
  const { guards, onProgress } = context;
  const { level = 0, replicate = 0 } = part.replicate ?? {};
  const earlier = context.found?.get(part.name) ?? [];
  const before = Math.max(0, ...earlier.map(({ attempt }) => attempt));
  // Whoever goes on has mended something, so once is tried in any case.
  const broke = earlier.filter((one) => one.broke).length;
  const most = Math.max(1, MOST_ATTEMPTS - broke);
  if (broke > 0) {
    const reason = `it broke ${times(broke)} before: it is tried ${times(most)} more at most`;
    onProgress?.({ kind: "flag", level, replicate, name: "broke_before", reason });
  }
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
    if (context.share || tries === most) return { kind: "given_up", reason: end.reason };
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
): Promise<PartEnd | NotRun<"failed"> | NotRun<"lost">> {
  const { directory, agentsUsed } = context;
  const { level = 0, replicate = 0, discarded = false } = part.replicate ?? {};
  const idle = part.phase !== "level";
  const path = attemptPath(part.name, attempt);
  const folder = directory.folder(path);
  const id = { level, replicate, attempt };
  const noteFailed = (reason: string, stopped = {}) =>
    directory.note(
      idle
        ? { event: "idle_failed", path, reason, ...stopped }
        : { event: "attempt_failed", ...id, path, reason, ...stopped },
    );
  let team: Team | undefined;
  if (!idle && context.fleet) {
    try {
      team = await gather(level, context.fleet, context);
    } catch (error) {
      const { stop } = context.guards;
      if (stop.aborted) return { kind: "stopped", ...stop.reason as StopReason };
      const { message: reason } = error as Error;
      return error instanceof FleetLostError ? { kind: "lost", reason } : { kind: "failed", reason };
    }
  }
  const agents = idle ? 0 : team?.shares.length ?? countAgents(level, replicate, context);
  if (!idle) {
    const set = { ...(discarded ? { discarded } : {}), agents, ...(cooldown ? { cooldown } : {}) };
    directory.note({ event: "attempt_started", ...id, path, ...set });
  }
  let end: AttemptEnd;
  try {
    end = await measure(part, { attempt, agents, folder, team }, context);
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
  } finally {
    const refused = team?.refused();
    if (refused) directory.note({ event: "batches_refused", path, ...refused });
  }
  if (end.kind === "stopped") {
    noteFailed(end.reason, { stopped: true });
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
    agentsUsed.push(...agentUse(folder, seal));
    const summary = summariseAttempt(folder, seal, context);
    tellFlags(summary, context.onProgress);
    return { ...end, summary };
  }
  return end;
}

/** The machines for a level; those who are new are in the provenance before they drive anything. */
async function gather(
  level: number,
  fleet: DrivingFleet,
  { provenance, directory, guards }: PartContext,
): Promise<Team> {
  const team = await fleet.gather(level, guards.stop);
  const machines = fleet.machines();
  if (JSON.stringify(machines) !== JSON.stringify(provenance.shares)) {
    provenance.shares = machines;
    directory.writeJson("provenance.json", provenance);
  }
  return team;
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
  { attempt, agents, folder, team }: { attempt: number; agents: number; folder: string; team?: Team },
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
    const { module } = plan.http_scenario ?? {};
    const job = {
      ...{ plan, level, replicate, attempt, address, run: directory.path, artifacts },
      // The agent may not even ask where it is.
      ...(module === undefined ? {} : { module: resolve(module) }),
      ...(context.secrets ? { secrets: secretsFor(plan, level, context.secrets) } : {}),
    };
    return await runAttempt({
      kind: idle ? "idle" : "level",
      folder,
      start_at_ms,
      jobs: (team?.shares ?? splitShare(context.share ?? WHOLE, agents).map((share) => ({
        share,
        sessions: shareOf(level, share),
      }))).map((share) => ({ ...job, ...share })),
      crew: team?.crew({ plan, level, replicate, attempt, folder, path: relative(directory.path, folder) }),
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

/** Users that no session of the level can be need not be handed over. */
export function secretsFor({ arrivals }: Plan, level: number, secrets: HttpSecrets): HttpSecrets {
  const { users } = secrets;
  // Arrivals take sessions from a pool that is larger than the level.
  return users && !arrivals ? { ...secrets, users: users.slice(0, level) } : secrets;
}

/** What a person calls a part. */
export function nameOf({ replicate, name }: Part): string {
  if (!replicate) return name;
  return `${sessionsText(replicate.level)}, replicate ${replicate.replicate}`;
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}

function sessionsText(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}
