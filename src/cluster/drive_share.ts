import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { Redis } from "ioredis";
import { agentsFor, type AgentUse, attemptLength, isLoopbackName, makePlan } from "../plan/mod.ts";
import { agentPermissions } from "../run/agent_permissions.ts";
import { agentUse } from "../run/agent_use.ts";
import type { Leader } from "../run/agents.ts";
import { runAttempt } from "../run/attempt.ts";
import { Guards } from "../run/guards.ts";
import { planHash } from "../run/make_provenance.ts";
import { pause } from "../run/pause.ts";
import { type Reached, reachTarget } from "../run/reach_target.ts";
import { Recorder } from "../run/recorder.ts";
import { secretsFor } from "../run/run_parts.ts";
import { within } from "../run/within.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { AttemptSeal, FileSeal } from "../schema/run.ts";
import type { Hub, HubClock } from "./hub.ts";
import {
  type ArtifactLine,
  BEAT,
  type Down,
  keys,
  LEFT_MS,
  type PlanAnswer,
  type PlanJob,
  type ShareJob,
  type ShareResult,
  type WorkerCard,
} from "./messages.ts";
import { checkSpool } from "./check_spool.ts";
import type { WorkerOptions } from "./run_worker.ts";
import { Shipper } from "./shipper.ts";
import { splitByCapacity } from "./split_by_capacity.ts";

/** The target is sampled by the machine that runs the sweep, or another one's page is read there. */
const OF_THE_TARGET = [
  ...["target_pid", "target_port", "target_name", "target_cgroup", "target_command"],
  ...["target_prometheus", "target_labels"],
] as const;
/** A browser is one of this machine's own: what the plan names may be any program. */
const OF_THIS_MACHINE = "browser";
/** Files that a plan may name. */
const FILES = ["module", "users", "ca", "storage_state"];
const BLOCK_MS = 500;
const LOOK_MS = 100;
/** A coordinator waits less for all to be ready [ms]. */
const UNTOLD_MS = 150_000;
/** Of any sweep. */
const [MOST_SESSIONS, MOST_SHARES] = [100_000, 1000];

/** Drives a worker's shares, one at a time, as long as the hub and the coordinator are there. */
export class ShareDriver {
  #heard_ms = performance.now();
  #lease: string | null = null;
  #listeners = new Set<() => void>();
  #guards?: Guards;
  #ended?: string;
  /** Targets that were found, and how busy agents were, by hash of the plan. */
  #known = new Map<string, { reached: Reached; used: AgentUse[] }>();

  #run = "";

  constructor(readonly hub: Hub, readonly card: WorkerCard, readonly options: WorkerOptions & { spool: string }) {}

  /** The hub has answered: this coordinator's lease is there, or none. */
  heard(lease: string | null): void {
    this.#heard_ms = performance.now();
    this.#lease = lease;
    for (const tell of this.#listeners) tell();
  }

  /** Stops what is driven, for good. */
  end(reason: string): void {
    this.#ended = reason;
    this.#guards?.end({ reason, guard: true });
  }

  /** Says whether it can drive a plan, as this machine finds what the plan names: before that is asked of the target. */
  async check({ lease, run, plan, isLater }: PlanJob): Promise<PlanAnswer> {
    try {
      if (this.#ended) throw new Error(this.#ended);
      if (!/^[0-9a-f]{8}$/.test(run)) throw new Error("it is of no sweep");
      this.heard(await this.hub.redis.get(keys.lease(this.hub.prefix)));
      if (this.#lease !== lease) throw new Error("its coordinator is not there any more");
      checkSpool(this.options.spool);
      await this.#reach(ownPlan(plan), run, isLater);
      return {};
    } catch (error) {
      const refused = this.#remedy(error as Error, plan.url);
      this.options.onNote?.(`refuses a sweep: ${refused}`);
      return { refused };
    }
  }

  /**
   * Drives one share, and sends its rows.
   *
   * @throws {Error} If it was not driven as planned to its end.
   */
  async drive(id: string, job: ShareJob): Promise<ShareResult> {
    if (this.#ended) throw new Error(this.#ended);
    checkJob(id, job);
    this.heard(await this.hub.redis.get(keys.lease(this.hub.prefix)));
    if (this.#lease !== job.lease) throw new Error("its coordinator is not there any more");
    const plan = ownPlan(job.plan);
    const known = await this.#reach(plan, job.run);
    const run = join(this.options.spool, job.run);
    const part = join("levels", `${job.level}`, `r${job.replicate}`, `a${job.attempt}`);
    const folder = join(run, part);
    const artifacts = plan.mode === "playwright" ? join(run, "artifacts", part) : folder;
    for (const path of [folder, artifacts]) Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    using guards = new Guards(run);
    this.#guards = guards;
    const [up, down] = [keys.up(this.hub.prefix, id), keys.down(this.hub.prefix, id)];
    const shipper = new Shipper(this.hub.redis, up, job.secret, folder);
    const words = new Words(this.hub.connect(), down);
    words.onAbandon = () => guards.end({ reason: "its attempt is void", guard: false });
    const watch = this.#watch(job, guards);
    const { onNote = () => {} } = this.options;
    const { protocol, host, pathname } = new URL(plan.url);
    const mine = splitByCapacity(job.level, job.capacities)[job.index].length;
    const what = `${mine} of ${job.level} sessions at ${protocol}//${host}${pathname}`;
    onNote(`${id}: drives ${what}, ${job.replicate === 0 ? "to warm up" : `replicate ${job.replicate}`}`);
    let isWhole = false;
    try {
      const clock = await Promise.race([this.hub.clock(), aborted(guards.stop)]);
      const agents = this.#split(job, plan, known.used);
      const { address, port, secrets } = known.reached;
      const { length_ms, lead_ms } = attemptLength(plan);
      const { module } = plan.http_scenario ?? {};
      const leader = this.#leader(job, { shipper, words, clock });
      const end = await runAttempt({
        kind: "level",
        folder,
        jobs: agents.map((sessions) => ({
          ...{ plan, level: job.level, replicate: job.replicate, attempt: job.attempt, address, run, artifacts },
          ...(module === undefined ? {} : { module: Deno.realPathSync(module) }),
          ...(secrets ? { secrets: secretsFor(plan, job.level, secrets) } : {}),
          sessions,
        })),
        leader,
        length_ms,
        lead_ms,
        sample_interval_ms: plan.sample_interval_ms,
        target: { pids: [], runs: () => true },
        targetEnd: "failing",
        permissions: agentPermissions(plan, { folder, address, port }),
        guards,
      });
      if (end.kind === "stopped") throw new Error(end.reason);
      const { started_at } = end.seal;
      const files = {
        ...end.seal.files,
        ...await listArtifacts({ run, folder, artifacts }, { worker: this.card.worker, job }),
      };
      await Promise.race([shipper.finish(), aborted(guards.stop)]);
      const seal: AttemptSeal = { ...end.seal, level: job.level, replicate: job.replicate, attempt: job.attempt };
      const sessions = agents.flat().length;
      // What its agents used was for its own sessions, not for all of the level.
      known.used.push(...agentUse(folder, { ...seal, level: sessions }));
      const rows = Object.values(files).reduce((sum, file) => sum + file.rows, 0);
      const isCut = seal.window.to_ms < length_ms;
      onNote(`${id}: ${isCut ? "the sweep ended it early; " : ""}sent ${rows} rows`);
      isWhole = true;
      return {
        files,
        share: {
          ...{ k: job.share, of: job.capacities.length, sessions },
          ...{ intended_at: started_at, start_late_ms: end.start_late_ms },
          ...{ hub_offset_ms: thousandths(clock.offset_ms), hub_error_ms: thousandths(clock.error_ms) },
        },
      };
    } finally {
      clearInterval(watch);
      this.#listeners.clear();
      this.#guards = undefined;
      shipper.stop();
      words.close();
      for (const key of [up, down]) this.hub.redis.pexpire(key, LEFT_MS).catch(() => {});
      // All of it is with the hub, or void: then no run lists what would stay here either.
      for (const path of isWhole ? [folder] : [folder, artifacts]) {
        await Deno.remove(path, { recursive: true }).catch(() => {});
      }
    }
  }

  /** Ends the share where nobody leads it any more. */
  #watch(job: ShareJob, guards: Guards): ReturnType<typeof setInterval> {
    return setInterval(() => {
      const silent = performance.now() - this.#heard_ms > BEAT.silence_ms;
      if (silent) guards.end({ reason: `the hub was not reached for ${BEAT.silence_ms / 1000} s`, guard: true });
      else if (this.#lease !== job.lease) {
        guards.end({ reason: "its coordinator is not there any more", guard: true });
      }
    }, LOOK_MS);
  }

  #leader(job: ShareJob, by: { shipper: Shipper; words: Words; clock: HubClock }): Leader {
    const { shipper, words, clock } = by;
    const say = (message: Parameters<Shipper["say"]>[0]) => shipper.say(message).catch(() => {});
    return {
      share: job.share,
      groups: job.groups,
      silence_ms: BEAT.silence_ms,
      heard: (tell) => this.#listeners.add(tell),
      start: async (browser) => {
        say({ type: "ready", ...(browser ? { browser } : {}) });
        const at_ms = await within(UNTOLD_MS, words.start, "it was not told its start");
        // Whoever set this machine's clock since the hub's was measured has moved no start.
        return at_ms - clock.ahead_ms - performance.now() + Date.now();
      },
      end: words.stop.signal,
      onStats: (stats) => say({ type: "stats", ...stats }),
    };
  }

  /** What the user of this worker can do: the flag is one of its own command. */
  #remedy(error: Error, url: string): string {
    const isConsent = error instanceof InputError && error.message.includes("--i-may-load-test");
    if (!isConsent) return error.message;
    const { hostname, port, protocol } = new URL(url);
    const asked = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
    const flag = `--i-may-load-test=${[...(this.options.consent?.split(",") ?? []), asked].join(",")}`;
    if (!isLoopbackName(hostname)) return `restart it with ${flag}`;
    return `give the sweep a --url that leads from this worker to the target, for ${hostname} is the worker itself; ` +
      `if that is meant, restart it with ${flag}`;
  }

  async #reach(plan: Plan, run: string, isLater = false): Promise<{ reached: Reached; used: AgentUse[] }> {
    // Where a name leads is looked up anew for each sweep.
    if (run !== this.#run) this.#known.clear();
    this.#run = run;
    const hash = planHash(plan);
    let known = this.#known.get(hash);
    if (!known) {
      // Only where all of the fleet is on this machine, its loopback is everybody's.
      const { url, consent = isLoopbackName(new URL(url).hostname) ? undefined : "nothing" } = this.options;
      known = { reached: await reachTarget(plan, consent, { share: true, isLater }), used: [] };
      if (!isLater) this.#known.set(hash, known);
    }
    return known;
  }

  /** The sessions of each agent. */
  #split(job: ShareJob, plan: Plan, used: AgentUse[]): number[][] {
    const sessions = splitByCapacity(job.level, job.capacities)[job.index];
    if (sessions.length > this.card.capacity) {
      throw new Error(`${sessions.length} sessions are more than its capacity, ${this.card.capacity}`);
    }
    const most = Math.min(this.card.vcpus, this.card.cgroup_limits.cores ?? Infinity, sessions.length);
    const wanted = plan.agents ?? (plan.mode === "http" ? agentsFor(sessions.length, used, most).agents : 1);
    const agents = Math.max(1, Math.min(wanted, sessions.length));
    return Array.from({ length: agents }, (_, agent) => sessions.filter((_, index) => index % agents === agent));
  }
}

/** What the coordinator says about a share. */
class Words {
  readonly stop = new AbortController();
  onAbandon = () => {};
  #start = Promise.withResolvers<number>();
  #closed = false;

  constructor(readonly redis: Redis, readonly key: string) {
    this.#read();
  }

  /** By the hub's clock [ms since 1970]. */
  get start(): Promise<number> {
    return this.#start.promise;
  }

  close(): void {
    this.#closed = true;
    this.redis.disconnect();
  }

  async #read(): Promise<void> {
    for (let last = "0"; !this.#closed;) {
      try {
        const answer = await this.redis.xread("BLOCK", BLOCK_MS, "STREAMS", this.key, last);
        for (const [id, [, text]] of answer?.[0][1] ?? []) {
          last = id;
          this.#hear(JSON.parse(text));
        }
      } catch {
        // The hub is away: it is there again, or the share ends.
        if (!this.#closed) await pause(BLOCK_MS, new AbortController().signal);
      }
    }
  }

  #hear(word: Down): void {
    if (word.type === "start") this.#start.resolve(word.at_ms);
    else if (word.type === "stop") this.stop.abort();
    else if (word.type === "abandon") this.onAbandon();
  }
}

/** What stays here is listed in the run, with hashes: whoever fetches it later sees whether it is the same. */
async function listArtifacts(
  { run, folder, artifacts }: { run: string; folder: string; artifacts: string },
  { worker, job }: { worker: string; job: ShareJob },
): Promise<Record<string, FileSeal>> {
  if (artifacts === folder) return {};
  const names = [...Deno.readDirSync(artifacts)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  const recorder = new Recorder(join(folder, "artifacts.jsonl"));
  for (const name of names) {
    // Bit by bit: the hub has to hear of this worker meanwhile.
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of (await Deno.open(join(artifacts, name))).readable) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const path = relative(run, join(artifacts, name));
    recorder.add({ worker, run: job.run, path, bytes, sha256: hash.digest("hex") } satisfies Omit<ArtifactLine, "seq">);
  }
  return { "artifacts.jsonl": recorder.close() };
}

/**
 * Whether a job may name folders here, and be computed with.
 *
 * @throws {Error} If no sweep has made it.
 */
function checkJob(id: string, { run, level, replicate, attempt, index, share, capacities }: ShareJob): void {
  const numbers = [level, replicate, attempt, index, share, ...capacities];
  const isShare = /^[0-9a-f]{8}$/.test(run) && numbers.every((one) => Number.isSafeInteger(one) && one >= 0) &&
    level <= MOST_SESSIONS && index < capacities.length && capacities.length <= MOST_SHARES &&
    id === `${run}.${level}.${replicate}.${attempt}.${index + 1}`;
  if (!isShare) throw new Error("it is no share of a sweep");
}

/**
 * The plan without the target's processes, which are another machine's, and without programs to run on this one.
 *
 * @throws {Error} If it names such a program, or a file that may be any.
 */
function ownPlan(plan: Plan): Plan {
  if (plan.mode === "command") throw new Error("a worker runs no load generator that a plan names");
  const own: Partial<Plan> = { ...plan };
  for (const field of [...OF_THE_TARGET, OF_THIS_MACHINE] as const) delete own[field];
  const made = makePlan(own as Plan);
  const scenario: Record<string, unknown> = { ...(made.mode === "http" ? made.http_scenario : made.browser_scenario) };
  const loose = FILES.find((file) => scenario[file] !== undefined && scenario[`${file}_sha256`] === undefined);
  // Whatever lies there would be taken, run, or sent: every sweep knows what it has read.
  if (loose) throw new Error(`its plan names a file and not its hash: ${loose}`);
  return made;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error(signal.reason.reason));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
