import { join } from "node:path";
import type { DriveJob } from "../drive/driver.ts";
import type { ProgressEvent } from "../schema/progress.ts";
import type { AttemptSeal, FileSeal, Provenance } from "../schema/run.ts";
import type { ResourceRow } from "../schema/rows.ts";
import { Child } from "./child.ts";
import type { AgentStats, FromChild } from "./messages.ts";

/** Between "ready" and the attempt's zero: time for the word to reach everybody. */
const LEAD_MS = 150;
/** How long agents may take to drain, stop and seal. */
const STOP_MS = 15_000;
const PREPARE_MS = 120_000;
const BREAKER_MS = 10_000;
const MEMORY_FLOOR = 0.07;

/** What one part of a sweep needs to know. */
export interface AttemptOptions {
  kind: AttemptSeal["kind"];
  /** Where its rows go. */
  folder: string;
  /** What to drive; nothing in an idle window. */
  job?: DriveJob;
  /** Length, warm-up included [ms]. */
  length_ms: number;
  warmup_ms: number;
  sample_interval_ms: number;
  target_pids: number[];
  /** Permission flags of the http agent. */
  permissions: string[];
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** How one part of a sweep ended. */
export type AttemptEnd =
  | {
    kind: "complete" | "failing";
    seal: Omit<AttemptSeal, "level" | "replicate" | "attempt">;
    browser?: Provenance["browser"];
  }
  /** Somebody or a guard stopped it: what is written is whole, but it is no measurement. */
  | { kind: "stopped"; reason: string; guard: boolean };

/**
 * Runs one level once, or an idle window: sampler and agent are started, synchronised, watched and stopped.
 *
 * @throws {Error} If a process ends early or does not get ready. What it wrote stays.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { job, folder } = options;
  const watch = new Watch(options);
  const children: Child[] = [];
  try {
    const sampler = new Child(new URL("./sampler_process.ts", import.meta.url), {
      name: "sampler",
      permissions: ["--allow-all"],
      onMessage: (message) => message.type === "rows" && watch.rows(message.rows),
    });
    children.push(sampler);
    const agent = job && startAgent(job, options.permissions, (message) => {
      if (message.type !== "stats") return;
      watch.stats(message);
      sampler.tell({ type: "artifacts", bytes: message.artifact_bytes });
    });
    if (agent) children.push(agent);
    sampler.tell({
      type: "sample",
      file: join(folder, "resources.jsonl"),
      interval_ms: options.sample_interval_ms,
      roots: {
        target: options.target_pids,
        generator: [Deno.pid],
        browser_agents: agent && job.plan.mode === "playwright" ? [agent.pid] : [],
      },
    });
    agent?.tell({
      type: "job",
      job: job!,
      requests: join(folder, "requests.jsonl"),
      events: join(folder, "events.jsonl"),
    });
    const [ready] = await within(PREPARE_MS, "get ready", Promise.all([agent?.ready, sampler.ready]));
    const offsets = await Promise.all(children.map((child) => child.clockOffset()));
    const zero_ms = performance.now() + LEAD_MS;
    const started_at = new Date(Date.now() + LEAD_MS).toISOString();
    children.forEach((child, index) => child.tell({ type: "start", zero_ms: zero_ms + offsets[index] }));
    watch.start(zero_ms);

    const failed = Promise.race(children.map((child) => child.done.then(() => undefined)));
    const stopped = await Promise.race([watch.until(zero_ms + options.length_ms), failed]);
    const to_ms = stopped ? Math.min(options.length_ms, performance.now() - zero_ms) : options.length_ms;
    agent?.tell({ type: "stop" });
    const driven = await within(STOP_MS, "stop", agent?.done ?? Promise.resolve(undefined));
    sampler.tell({ type: "stop" });
    const sampled = await within(STOP_MS, "stop", sampler.done);
    if (stopped && stopped.kind !== "failing") {
      return { kind: "stopped", reason: stopped.reason, guard: stopped.kind === "guard" };
    }
    const files: Record<string, FileSeal> = { ...driven?.files, ...sampled.files };
    const state = stopped || watch.mostlyFailed() ? "failing" : "complete";
    return {
      kind: state,
      seal: {
        kind: options.kind,
        state,
        started_at,
        // The breaker may end a level before its warm-up has.
        window: { from_ms: to_ms > options.warmup_ms ? options.warmup_ms : 0, to_ms },
        files,
      },
      ...(ready?.browser ? { browser: ready.browser } : {}),
    };
  } catch (error) {
    for (const child of children) child.kill();
    throw error;
  } finally {
    watch.close();
    await Promise.all(children.map((child) => child.end()));
  }
}

function startAgent(job: DriveJob, permissions: string[], onMessage: (message: FromChild) => void): Child {
  return job.plan.mode === "http"
    ? new Child(new URL("./http_agent.ts", import.meta.url), { name: "http agent", permissions, onMessage })
    : new Child(new URL("./browser_agent.ts", import.meta.url), {
      name: "browser agent",
      permissions: ["--allow-all"],
      onMessage,
    });
}

interface Stop {
  kind: "failing" | "guard" | "signal";
  reason: string;
}

/** Watches a running attempt: tells the listener how it goes, and says when a guard ends it. */
class Watch {
  #stats: AgentStats | undefined;
  #last: ResourceRowLike[] = [];
  #memory: Record<string, number> = {};
  #failingSince_ms?: number;
  #stop = Promise.withResolvers<Stop>();
  #timer?: ReturnType<typeof setTimeout>;
  #onAbort = () => this.#stop.resolve({ kind: "signal", reason: String(this.options.signal?.reason ?? "stopped") });

  constructor(readonly options: AttemptOptions) {}

  start(_zero_ms: number): void {
    if (this.options.signal?.aborted) this.#onAbort();
    this.options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Resolves at that time with nothing, or earlier with why. */
  until(end_ms: number): Promise<Stop | undefined> {
    const end = new Promise<undefined>((resolve) => {
      this.#timer = setTimeout(() => resolve(undefined), end_ms - performance.now());
    });
    return Promise.race([end, this.#stop.promise]);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener("abort", this.#onAbort);
  }

  /** Whether more than half of all requests failed. */
  mostlyFailed(): boolean {
    return this.#stats !== undefined && this.#stats.errors > 0.5 * this.#stats.requests;
  }

  stats(stats: AgentStats): void {
    this.#stats = stats;
    const now_ms = performance.now();
    // A second without requests says nothing: a slow pace has many.
    if (stats.recent_requests === 0) return;
    const failing = stats.recent_errors > 0.5 * stats.recent_requests;
    if (!failing) this.#failingSince_ms = undefined;
    else if (this.#failingSince_ms === undefined) this.#failingSince_ms = now_ms;
    else if (now_ms - this.#failingSince_ms >= BREAKER_MS) {
      this.#stop.resolve({ kind: "failing", reason: "more than half of the requests failed for 10 s" });
    }
  }

  rows(rows: ResourceRowLike[]): void {
    const before = this.#last;
    const system = rows.find(({ group }) => group === "system");
    // The last sample comes when the attempt ends, not when it is due: too soon for a rate.
    if (before.length > 0 && rows[0].t_ms - before[0].t_ms < 0.5 * this.options.sample_interval_ms) return;
    this.#last = rows;
    const total = (system?.memory_available_bytes ?? 0) + (system?.memory_used_bytes ?? 0);
    if (system?.memory_available_bytes !== undefined && system.memory_available_bytes < MEMORY_FLOOR * total) {
      this.#stop.resolve({ kind: "guard", reason: "less than 7 % of the memory was available" });
    }
    const cores: Record<string, number> = {};
    for (const row of rows) {
      if (row.memory_bytes !== undefined) this.#memory[row.group] = row.memory_bytes;
      const earlier = before.find(({ group }) => group === row.group);
      if (earlier && row.t_ms > earlier.t_ms) {
        cores[row.group] = (row.cpu_ms - earlier.cpu_ms) / (row.t_ms - earlier.t_ms);
      }
    }
    if (before.length === 0 || !this.options.job) return;
    this.options.onProgress?.({
      kind: "sample",
      t_ms: system?.t_ms ?? rows[0].t_ms,
      level: this.options.job.level,
      replicate: this.options.job.replicate,
      live_sessions: this.#stats?.live_sessions ?? 0,
      iterations: this.#stats?.iterations ?? 0,
      errors: this.#stats?.errors ?? 0,
      cores,
      memory_bytes: { ...this.#memory },
    });
  }
}

type ResourceRowLike = Omit<ResourceRow, "seq">;

async function within<T>(limit_ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Agent or sampler did not ${what} within ${limit_ms / 1000} s`)),
      limit_ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
