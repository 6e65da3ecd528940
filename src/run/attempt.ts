import { join } from "node:path";
import type { DriveJob } from "../drive/driver.ts";
import { attemptFile } from "../schema/attempt_files.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import type { AttemptSeal, FileSeal, Provenance } from "../schema/run.ts";
import type { ResourceRow } from "../schema/rows.ts";
import type { Agent, Crew, Leader } from "./agents.ts";
import { Child } from "./child.ts";
import type { Guards, StopReason } from "./guards.ts";
import type { AgentStats, FromChild } from "./messages.ts";
import type { Target } from "./target.ts";
import { within } from "./within.ts";

/** Between "ready" and the attempt's zero: time for the word to reach everybody. */
const LEAD_MS = 150;
/** How long memory that rests goes unread, if the window is not shorter [ms]. */
const MEMORY_EVERY_MS = 5000;
/** How long the window's last sample may come after its end [ms]. */
const LAST_SAMPLE_MS = 2000;
/** How long agents may take to drain, stop and seal. */
const STOP_MS = 15_000;
/** The same, for what comes over a network. */
const CREW_STOP_MS = 60_000;
/** A stop that comes so long before the planned end means what it says; later, clocks may only differ [ms]. */
const STOP_EARLY_MS = 1000;
/** How far from its time a share of an attempt may begin: more, and the clock was set meanwhile. */
const MOST_LATE_MS = 1000;
const PREPARE_MS = 120_000;
const BREAKER_MS = 10_000;
const MEMORY_FLOOR = 0.07;
/** No higher level is begun where less than this part of the memory was available. */
const MEMORY_LOW = 0.15;

/** What one part of a sweep needs to know. */
export interface AttemptOptions {
  kind: AttemptSeal["kind"];
  /** Where its rows go. */
  folder: string;
  /** What to drive, one job an agent; none in an idle window. */
  jobs: DriveJob[];
  /** Who drives the jobs, one each; agents of this machine where it is absent. */
  crew?: Crew;
  /** Where this is a share of an attempt: who leads all of them. */
  leader?: Leader;
  /** When it starts by the wall clock [ms since 1970], as one share of a sweep; at once where it is absent. */
  start_at_ms?: number;
  /** Length, ramp and warm-up included [ms]. */
  length_ms: number;
  /** Ramp and warm-up: what comes before the steady window [ms]. */
  lead_ms: number;
  sample_interval_ms: number;
  /** What is sampled as the target, and whether it is still there: that is asked with every sample. */
  target: Omit<Target, "end">;
  /** What happens when it is not: it is started anew for every attempt, or its end is what was measured. */
  targetEnd: "failed" | "failing";
  /** Permission flags of the http agent. */
  permissions: string[];
  guards: Pick<Guards, "stop" | "drop">;
  /** Told once that memory runs short. */
  onLowMemory?: () => void;
  onProgress?: (event: ProgressEvent) => void;
}

/** How one part of a sweep ended. */
export type AttemptEnd =
  | {
    kind: "complete" | "failing";
    seal: Omit<AttemptSeal, "level" | "replicate" | "attempt" | "share">;
    /** How much later than told the last agent began, by the wall clock [ms]. */
    start_late_ms: number;
    /** Why it is `failing`. */
    reason?: string;
    browser?: Provenance["browser"];
  }
  /** Somebody or a guard stopped it: what is written is whole, but it is no measurement. */
  | { kind: "stopped"; reason: string; guard: boolean };

/**
 * Runs one level once, or an idle window: sampler and agents are started, synchronised, watched and stopped.
 *
 * @throws {Error} If a process ends early or does not get ready. What it wrote stays. With the `code` of the operating
 *   system where rows could not be written.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { jobs, folder, target } = options;
  const watch = new Watch(options);
  const children: Agent[] = [];
  try {
    const sampler = new Child(new URL("./sampler_process.ts", import.meta.url), {
      name: "sampler",
      permissions: ["--allow-all"],
      onMessage: (message) => message.type === "rows" && watch.rows(message.rows),
    });
    children.push(sampler);
    const hear = (index: number) => (message: FromChild) => {
      if (message.type === "started") watch.started(message.at_ms);
      if (message.type !== "stats") return;
      const sum = watch.stats(index, message);
      options.leader?.onStats?.(sum);
      // What a machine elsewhere writes is not on this one's disk.
      if (!options.crew) sampler.tell({ type: "artifacts", bytes: sum.artifact_bytes });
    };
    const agents: Agent[] = jobs.map((job, index) => {
      const agent = options.crew?.start(index, hear(index)) ?? startAgent(job, options, hear(index));
      children.push(agent);
      return agent;
    });
    sampler.tell({
      type: "sample",
      file: join(folder, "resources.jsonl"),
      interval_ms: options.sample_interval_ms,
      memory_every_ms: Math.min(MEMORY_EVERY_MS, (options.length_ms - options.lead_ms) / 2),
      roots: {
        target: target.pids,
        target_name: target.name,
        target_cgroup: target.cgroup,
        generator: [Deno.pid],
        browser_agents: agents.flatMap(({ pid }, index) => jobs[index].plan.mode === "playwright" ? pid ?? [] : []),
      },
      page: target.page,
      ...(options.leader ? { share: options.leader.share, groups: options.leader.groups } : {}),
    });
    agents.forEach((agent, index) =>
      agent.tell({
        type: "job",
        job: jobs[index],
        requests: join(folder, attemptFile("requests", index + 1)),
        events: join(folder, attemptFile("events", index + 1)),
        ...(options.leader ? { silence_ms: options.leader.silence_ms } : {}),
      })
    );
    options.leader?.heard(() => agents.forEach((agent) => agent.tell({ type: "heard" })));
    const ready = Promise.all(agents.map((agent) => agent.ready));
    const prepared = inTime(PREPARE_MS, "get ready", Promise.all([ready, sampler.ready]));
    const early = await Promise.race([watch.stopped, prepared.then(() => undefined)]);
    if (early) return stoppedBy(early);
    const [[first]] = await prepared;
    const offsets = await Promise.all(children.map((child) => child.clockOffset()));
    const failed = Promise.race(children.map((child) => child.done.then(() => undefined)));
    failed.catch(() => {});
    const told = options.leader && await Promise.race([options.leader.start(first?.browser), watch.stopped, failed]);
    if (typeof told === "object") return stoppedBy(told);
    const planned_ms = told ?? options.start_at_ms;
    const start_at_ms = planned_ms ?? Date.now() + (options.crew?.lead_ms ?? LEAD_MS);
    const zero_ms = performance.now() + (start_at_ms - Date.now());
    if (planned_ms !== undefined) refuseLate(planned_ms);
    children.forEach((child, index) => child.tell({ type: "start", zero_ms: zero_ms + offsets[index] }));
    watch.onDrop(() => agents.forEach((agent) => agent.tell({ type: "drop_artifacts" })));

    const planned_end_ms = zero_ms + options.length_ms;
    const cut = options.leader ? [toldBefore(options.leader.end, planned_end_ms - STOP_EARLY_MS)] : [];
    let stopped = await Promise.race([watch.until(planned_end_ms), failed, ...cut]);
    // The load goes on until whoever samples the target has the sample that ends the window.
    if (options.leader && !stopped) stopped = await Promise.race([watch.untilTold(options.leader.end), failed]);
    const isCut = options.leader !== undefined && performance.now() < planned_end_ms - STOP_EARLY_MS;
    const end_ms = stopped || isCut ? Math.min(options.length_ms, performance.now() - zero_ms) : options.length_ms;
    agents.forEach((agent) => agent.tell({ type: "stop" }));
    const stop_ms = options.crew ? CREW_STOP_MS : STOP_MS;
    const driven = await inTime(stop_ms, "stop", Promise.all(agents.map((agent) => agent.done)));
    sampler.tell({ type: "stop" });
    const sampled = await inTime(STOP_MS, "stop", sampler.done);
    if (!stopped && !options.target.runs()) stopped = TARGET_ENDED;
    if (stopped?.kind === "target_ended" && (options.kind === "idle" || options.targetEnd === "failed")) {
      throw new Error(stopped.reason);
    }
    if (stopped?.kind === "stop") return stoppedBy(stopped);
    const start_late_ms = watch.late_ms(start_at_ms);
    if (planned_ms !== undefined && Math.abs(start_late_ms) > MOST_LATE_MS) {
      throw new Error(`it began ${(start_late_ms / 1000).toFixed(1)} s after its time, by this machine's clock`);
    }
    const files: Record<string, FileSeal> = Object.assign({}, ...driven.map((done) => done.files), sampled.files);
    const state = stopped || watch.mostlyFailed() ? "failing" : "complete";
    const shares = driven.flatMap(({ share }) => share ?? []);
    return {
      kind: state,
      start_late_ms,
      seal: {
        kind: options.kind,
        state,
        started_at: new Date(start_at_ms).toISOString(),
        window: watch.window(end_ms),
        ...(shares.length > 0 ? { shares } : {}),
        files,
      },
      ...(stopped ? { reason: stopped.reason } : {}),
      ...(first?.browser ? { browser: first.browser } : {}),
    };
  } finally {
    watch.close();
    // Whoever is left saves what it has recorded when its pipe closes.
    await Promise.all(children.map((child) => child.end()));
  }
}

function startAgent(
  job: DriveJob,
  { jobs, permissions }: Pick<AttemptOptions, "jobs" | "permissions">,
  onMessage: (message: FromChild) => void,
): Child {
  const { mode } = job.plan;
  const number = jobs.length > 1 ? ` ${jobs.indexOf(job) + 1}` : "";
  if (mode === "http") {
    const name = `http agent${number}`;
    return new Child(new URL("./http_agent.ts", import.meta.url), { name, permissions, onMessage });
  }
  // A browser, or a program of the user's, is not held by permissions of ours.
  const entry = new URL(mode === "playwright" ? "./browser_agent.ts" : "./command_agent.ts", import.meta.url);
  return new Child(entry, {
    name: `${mode === "playwright" ? "browser agent" : "command agent"}${number}`,
    permissions: ["--allow-all"],
    onMessage,
  });
}

/** Resolves where whoever leads ends an attempt clearly before its time; near it, the sample that ends the window is waited for. */
function toldBefore(end: AbortSignal, before_ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    const hear = () => {
      if (performance.now() < before_ms) resolve(undefined);
    };
    if (end.aborted) hear();
    else end.addEventListener("abort", hear, { once: true });
  });
}

/** @throws {Error} If it is too late for a start at that time of the wall clock: the other shares do not wait. */
export function refuseLate(start_at_ms: number): void {
  const late_ms = Date.now() + LEAD_MS - start_at_ms;
  if (late_ms <= 0) return;
  const at = new Date(start_at_ms).toISOString().slice(11, 19);
  throw new Error(`it was not ready for its start at ${at}Z, but ${(late_ms / 1000).toFixed(1)} s later`);
}

type Stop =
  | ({ kind: "stop" } & StopReason)
  | { kind: "failing" | "target_ended"; reason: string };

const TARGET_ENDED: Stop = { kind: "target_ended", reason: "the target ended while it was measured" };

function stoppedBy(stop: Stop): AttemptEnd {
  return { kind: "stopped", reason: stop.reason, guard: stop.kind === "stop" && stop.guard };
}

/** Watches a running attempt: tells the listener how it goes, and says when a guard ends it. */
class Watch {
  #started_at_ms = 0;
  /** The latest of each agent. */
  #stats: AgentStats[] = [];
  #last: ResourceRowLike[] = [];
  #memory: Record<string, number> = {};
  #failingSince_ms?: number;
  #stop = Promise.withResolvers<Stop>();
  #timers: ReturnType<typeof setTimeout>[] = [];
  #window: { from_ms?: number; to_ms?: number } = {};
  #sampled = Promise.withResolvers<undefined>();
  #lowMemory = false;
  #listeners = new AbortController();

  constructor(readonly options: AttemptOptions) {
    const { stop } = options.guards;
    const end = () => this.#stop.resolve({ kind: "stop", ...stop.reason as StopReason });
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { signal: this.#listeners.signal });
  }

  /** Resolves when the attempt is to end before its time. */
  get stopped(): Promise<Stop> {
    return this.#stop.promise;
  }

  /** Calls when no more artifacts may be written, at once where that is so already. */
  onDrop(tell: () => void): void {
    const { drop } = this.options.guards;
    if (drop.aborted) tell();
    else drop.addEventListener("abort", tell, { signal: this.#listeners.signal });
  }

  /** The steady window: from the first sample after the warm-up to the sample that ended it, or to `end_ms` without one. */
  window(end_ms: number): AttemptSeal["window"] {
    const { lead_ms } = this.options;
    const { from_ms = lead_ms, to_ms = end_ms } = this.#window;
    // The breaker may end a level before its warm-up has.
    if (to_ms <= lead_ms) return { from_ms: 0, to_ms };
    return { from_ms: from_ms < to_ms ? from_ms : lead_ms, to_ms };
  }

  #bound(rows: ResourceRowLike[]): void {
    const times = rows.map(({ t_ms }) => t_ms);
    const { lead_ms, length_ms } = this.options;
    if (Math.min(...times) >= lead_ms) this.#window.from_ms ??= Math.min(...times);
    if (Math.min(...times) < length_ms) return;
    this.#window.to_ms ??= Math.max(...times);
    this.#sampled.resolve(undefined);
  }

  /**
   * Resolves at that time with nothing, or earlier with why. The load goes on until the sample has come that ends the window:
   * one that is late would count rest in.
   */
  until(end_ms: number): Promise<Stop | undefined> {
    const after = (ms: number) =>
      new Promise<undefined>((resolve) => this.#timers.push(setTimeout(() => resolve(undefined), ms)));
    const end = after(end_ms - performance.now()).then(() =>
      Promise.race([this.#sampled.promise, after(LAST_SAMPLE_MS)])
    );
    return Promise.race([end, this.#stop.promise]);
  }

  /** Resolves when the leader ends the load, or does not for long enough, or earlier with why. */
  untilTold(end: AbortSignal): Promise<Stop | undefined> {
    const told = new Promise<undefined>((resolve) => {
      if (end.aborted) resolve(undefined);
      else end.addEventListener("abort", () => resolve(undefined), { signal: this.#listeners.signal });
      this.#timers.push(setTimeout(() => resolve(undefined), 2 * LAST_SAMPLE_MS));
    });
    return Promise.race([told, this.#stop.promise]);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#listeners.abort();
  }

  /** Takes an agent's word that it began, at that time of the wall clock. */
  started(at_ms: number): void {
    this.#started_at_ms = Math.max(this.#started_at_ms, at_ms);
  }

  /** How much later than at that time the last agent began; 0 without agents. */
  late_ms(start_at_ms: number): number {
    return this.#started_at_ms === 0 ? 0 : Math.round(this.#started_at_ms - start_at_ms);
  }

  /** Whether more than half of all requests failed. */
  mostlyFailed(): boolean {
    const { errors, requests } = sumStats(this.#stats);
    return !this.options.leader && errors > 0.5 * requests;
  }

  /** Takes an agent's word, and returns what all of them come to. */
  stats(agent: number, stats: AgentStats): AgentStats {
    this.#stats[agent] = stats;
    const sum = sumStats(this.#stats);
    // A second without requests says nothing: a slow pace has many.
    // Of a share, who leads all of them judges.
    if (sum.recent_requests > 0 && !this.options.leader) this.#break(sum.recent_errors > 0.5 * sum.recent_requests);
    return sum;
  }

  #break(failing: boolean): void {
    const now_ms = performance.now();
    if (!failing) this.#failingSince_ms = undefined;
    else if (this.#failingSince_ms === undefined) this.#failingSince_ms = now_ms;
    else if (now_ms - this.#failingSince_ms >= BREAKER_MS) {
      this.#stop.resolve({ kind: "failing", reason: "more than half of the requests failed for 10 s" });
    }
  }

  rows(rows: ResourceRowLike[]): void {
    if (!this.options.target.runs()) this.#stop.resolve(TARGET_ENDED);
    this.#bound(rows);
    const before = this.#last;
    const system = rows.find(({ group }) => group === "system");
    // The last sample comes when the attempt ends, not when it is due: too soon for a rate.
    if (before.length > 0 && rows[0].t_ms - before[0].t_ms < 0.5 * this.options.sample_interval_ms) return;
    this.#last = rows;
    const total = (system?.memory_available_bytes ?? 0) + (system?.memory_used_bytes ?? 0);
    const available = total > 0 ? (system?.memory_available_bytes ?? total) / total : 1;
    if (available < MEMORY_FLOOR) {
      this.#stop.resolve({ kind: "stop", reason: "less than 7 % of the memory was available", guard: true });
    } else if (available < MEMORY_LOW && !this.#lowMemory) {
      this.#lowMemory = true;
      this.options.onLowMemory?.();
    }
    const cores: Record<string, number> = {};
    for (const row of rows) {
      if (row.memory_bytes !== undefined) this.#memory[row.group] = row.memory_bytes;
      const earlier = before.find(({ group }) => group === row.group);
      if (earlier && row.t_ms > earlier.t_ms) {
        cores[row.group] = (row.cpu_ms - earlier.cpu_ms) / (row.t_ms - earlier.t_ms);
      }
    }
    const [job] = this.options.jobs;
    if (before.length === 0 || !job) return;
    const { live_sessions, iterations, errors } = sumStats(this.#stats);
    this.options.onProgress?.({
      kind: "sample",
      t_ms: system?.t_ms ?? rows[0].t_ms,
      level: job.level,
      replicate: job.replicate,
      live_sessions,
      iterations,
      errors,
      cores,
      memory_bytes: { ...this.#memory },
    });
  }
}

/** What several agents come to; those that have said nothing yet count nothing. */
function sumStats(stats: readonly AgentStats[]): AgentStats {
  const artifact_bytes: Record<string, number> = {};
  const sum = { live_sessions: 0, requests: 0, errors: 0, iterations: 0, recent_requests: 0, recent_errors: 0 };
  // Agents speak in any order: there may be holes.
  for (const one of stats.filter((stat) => stat !== undefined)) {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += one[key];
    for (const [kind, bytes] of Object.entries(one.artifact_bytes)) {
      artifact_bytes[kind] = (artifact_bytes[kind] ?? 0) + bytes;
    }
  }
  return { ...sum, artifact_bytes };
}

type ResourceRowLike = Omit<ResourceRow, "seq">;

/** @throws {Error} If agents or the sampler take longer. */
function inTime<T>(limit_ms: number, what: string, work: Promise<T>): Promise<T> {
  return within(limit_ms, work, `Agent or sampler did not ${what} within ${limit_ms / 1000} s`);
}
