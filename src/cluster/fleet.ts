import type { Queue } from "bullmq";
import { hostname } from "node:os";
import {
  type Agent,
  type Crew,
  type CrewAttempt,
  type DrivingFleet,
  FleetLostError,
  type Team,
} from "../run/agents.ts";
import type { Fleet } from "../run/mod.ts";
import { machineKey } from "../run/machine_key.ts";
import { makeResumer } from "../run/make_provenance.ts";
import { pause } from "../run/pause.ts";
import { within } from "../run/within.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ShareProvenance } from "../schema/run.ts";
import { askWorker } from "./ask_worker.ts";
import { Hub, type HubClock, type HubOptions } from "./hub.ts";
import { BEAT, keys, queueOf, type ShareJob, type WorkerCard } from "./messages.ts";
import type { Refused } from "./receiver.ts";
import { removeQueue } from "./remove_queue.ts";
import { RemoteShare } from "./remote_share.ts";
import { splitByCapacity } from "./split_by_capacity.ts";
import { UpReader } from "./up_reader.ts";

/** How the fleet of a sweep is to be. */
export interface FleetOptions extends HubOptions {
  /**
   * The sweep waits for so many workers, and each attempt too.
   *
   * @default 1
   */
  workers?: number;
  /**
   * How long it waits for them [ms].
   *
   * @default 60000
   */
  wait_ms?: number;
  /**
   * How long it waits for a hub that is not reached, between two attempts [ms].
   *
   * @default 600000
   */
  hub_wait_ms?: number;
  /** Told what a person should know. */
  onNote?: (text: string) => void;
}

/** Between everybody's "ready" and an attempt's zero. */
const LEAD_MS = 2000;
const POLL_MS = 250;
/** A hub that has not answered for so long is away [ms]. */
const AWAY_MS = 2000;
/** Whoever waits is told so after this time, and then again and again [ms]. */
const [TELL_MS, TELL_AGAIN_MS] = [1000, 10_000];

/**
 * Finds the workers of a hub, for a sweep to be driven by them. One sweep at a time has a fleet.
 *
 * @param options where the hub is, and how many workers to wait for.
 * @returns what `sweep` and `resume` take as `fleet`; to be disposed of after them.
 * @throws {InputError} If the hub does not let this user in, or another sweep has the fleet.
 *
 * @example
 * ```ts ignore
 * import { openFleet, sweep } from "plimsoll";
 * await using fleet = await openFleet({ url: "rediss://hub.example:6380", workers: 3 });
 * const run = await sweep({ url: "https://staging.example/", levels: [1000, 2000] }, { fleet, consent: "staging.example:443" });
 * ```
 */
export async function openFleet(options: FleetOptions): Promise<Fleet & AsyncDisposable> {
  const hub = await Hub.open(options);
  try {
    const fleet = new HubFleet(hub, options);
    await fleet.open();
    return fleet;
  } catch (error) {
    await hub[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Looks who is at a hub, and what each would drive of a plan's levels, without taking the fleet.
 *
 * @throws {InputError} If the hub does not let this user in, or workers cannot drive such a plan.
 */
export async function dryFleet(plan: Plan, options: FleetOptions) {
  await using hub = await Hub.open(options);
  refuseCommand(plan, hub);
  const cards = await new HubFleet(hub, options).cards();
  const carried = capacityOf(cards);
  const levels = [...new Set(plan.levels)].sort((a, b) => a - b).map((level) => ({
    level,
    sessions: splitByCapacity(level, cards.map(({ capacity }) => capacity)).map(({ length }) => length),
    ...(carried < level ? { missing: `more than all workers carry, ${carried}: the sweep would wait for others` } : {}),
  }));
  const workers = cards.map(({ worker, capacity, plimsoll_version, git_revision }) => {
    return { worker, capacity, plimsoll_version, git_revision };
  });
  return { workers, levels };
}
/** What a run tells of a worker: its token is for the hub alone. */
type Told = Omit<WorkerCard, "artifacts" | "instance">;

/** A worker, and the number that it has in this run. */
interface Member<Card extends Told = WorkerCard> {
  k: number;
  card: Card;
}

class HubFleet implements DrivingFleet, AsyncDisposable {
  readonly lease = `${hostname()} ${Deno.pid} ${crypto.randomUUID()}`;
  readonly run = crypto.randomUUID().slice(0, 8);
  #members = new Map<string, Member<Told>>();
  #queues = new Map<string, Queue>();
  #beat?: ReturnType<typeof setInterval>;
  #lost = new AbortController();
  #leftovers = new Set<string>();
  #plan?: Plan;
  /** Version of this sweep's program. */
  #program?: string;
  /** Workers that were asked whether they can drive the plan, and those who cannot. */
  #asked = new Set<string>();
  #refusing = new Set<string>();
  #asks = 0;
  /** When the hub was last reached [ms], and whether somebody was told that it is not. */
  #heard_ms = performance.now();
  #isAway = false;
  /** What was said last of who is there, and of whom a level leaves without sessions. */
  #said = { there: "", idle: new Map<number, string>() };

  constructor(readonly hub: Hub, readonly options: FleetOptions) {}

  async open(): Promise<void> {
    const end_ms = performance.now() + BEAT.lost_ms + BEAT.every_ms;
    // One whose coordinator was killed is free when its lease has run out.
    for (let held = await this.#hold(); held !== this.lease; held = await this.#hold()) {
      if (performance.now() > end_ms) {
        const [host, pid] = held.split(" ");
        const remedy = `a fleet that no other sweep has: process ${pid} on ${host} has this one`;
        throw new InputError("--fleet", this.options.fleet ?? "main", remedy);
      }
      await pause(POLL_MS, this.#lost.signal);
    }
    this.#heard_ms = performance.now();
    let asking = false;
    let answer = "";
    this.#beat = setInterval(async () => {
      this.#lookAway(answer);
      if (asking) return;
      asking = true;
      try {
        if (await this.#hold() !== this.lease) this.#lost.abort();
        this.#heard_ms = performance.now();
        answer = "";
      } catch (error) {
        answer = ` (${(error as Error).message})`;
      }
      asking = false;
    }, BEAT.every_ms);
    const weakness = await this.hub.weakness();
    if (weakness) this.note(`The hub: ${weakness}`);
  }

  async check(plan: Plan, signal = new AbortController().signal): Promise<void> {
    refuseCommand(plan, this.hub);
    const most = Math.max(...plan.levels);
    this.#plan = plan;
    const { cards, enough } = await this.#wait(most, signal);
    // Who ends it now finds a sweep that has not begun.
    if (signal.aborted) return;
    if (enough) {
      const refusals = await this.#ask(cards, signal);
      if (refusals.length === 0) return;
      const remedy = `workers that can drive this plan: ${refusals.join("; ")}`;
      throw new InputError("--hub", this.hub.options.url, remedy);
    }
    const { workers = 1 } = this.options;
    if (cards.length < workers) {
      const remedy = `as many as there are: ${cards.length} came within ${this.#wait_ms / 1000} s` +
        `${cards.length > 0 ? ` (${listOf(cards)})` : ""}. Start others with: plimsoll worker`;
      throw new InputError("--workers", workers, remedy);
    }
    const remedy = `levels up to ${
      capacityOf(cards)
    }, which is what all ${cards.length} workers carry, or start more of them`;
    throw new InputError("--levels", most, remedy);
  }

  async gather(level: number, signal: AbortSignal): Promise<Team> {
    const { workers = 1 } = this.options;
    let cards: WorkerCard[];
    let refusals: string[];
    do {
      const found = await this.#wait(level, signal);
      cards = found.cards;
      if (signal.aborted) throw new Error("it was ended while it waited for workers");
      if (!found.enough) {
        throw new Error(
          `there are ${cards.length} workers for ${capacityOf(cards)} sessions: it takes ${workers} and ${level}`,
        );
      }
      // One that joins a sweep that runs is left out where it cannot drive it.
      refusals = await this.#ask(cards, signal);
      for (const refusal of refusals) this.note(`Left out: ${refusal}`);
    } while (refusals.length > 0);
    const members = cards.map((card) => this.#member(card));
    return new HubTeam(this, members.sort((a, b) => a.k - b.k), level);
  }

  /** Says whom a level leaves without sessions, once. */
  tellIdle(level: number, cards: readonly WorkerCard[]): void {
    const idle = cards.map(({ worker }) => worker).join(", ");
    if (idle !== "" && this.#said.idle.get(level) !== idle) {
      this.note(`${level} ${level === 1 ? "session is" : "sessions are"} too few for all workers: ${idle} gets none`);
    }
    this.#said.idle.set(level, idle);
  }

  note(text: string): void {
    this.options.onNote?.(text);
  }

  adopt(machines: readonly ShareProvenance[]): void {
    if (machines.length > 1 && this.options.workers === undefined) {
      this.note(`${machines.length} workers drove it before. Without --workers it goes on with as many as there are`);
    }
    for (const { k, sampled_target: _, ...card } of machines) {
      this.#members.set(identityOf(card as Told), { k, card: card as Told });
    }
  }

  machines(): ShareProvenance[] {
    return [...this.#members.values()].map(({ k, card }) => ({ ...card, k, sampled_target: false }));
  }

  async queue(name: string): Promise<Queue> {
    let queue = this.#queues.get(name);
    if (!queue) {
      const { Queue } = await import("bullmq");
      queue = new Queue(name, {
        connection: this.hub.redis,
        prefix: keys.bull(this.hub.prefix),
        skipMetasUpdate: true,
      });
      queue.on("error", () => {});
      this.#queues.set(name, queue);
      // A coordinator that was killed while it cleared up has left it paused.
      await queue.resume();
    }
    return queue;
  }

  /** Keys that nobody needs when the sweep is over. */
  leave(...left: string[]): void {
    for (const key of left) this.#leftovers.add(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    const tidy = async () => {
      await Promise.all([...this.#queues.keys()].map((name) => removeQueue(this.hub, name).catch(() => {})));
      if (this.#leftovers.size > 0) await this.hub.redis.del(...this.#leftovers);
      await this.hub.letGo(keys.lease(this.hub.prefix), this.lease);
    };
    // A hub that is away keeps what is left until somebody removes it.
    await within(2000, tidy(), "the hub is away").catch(() => {});
    await this.hub[Symbol.asyncDispose]();
  }

  #hold(): Promise<string> {
    return this.hub.hold(keys.lease(this.hub.prefix), this.lease, BEAT.lost_ms);
  }

  async #wait(level: number, signal: AbortSignal): Promise<{ cards: WorkerCard[]; enough: boolean }> {
    const { workers = 1, hub_wait_ms = 600_000 } = this.options;
    let cards: WorkerCard[] = [];
    let enough = false;
    const until = AbortSignal.any([signal, this.#lost.signal]);
    let asking: Promise<WorkerCard[] | undefined> | undefined;
    let end_ms = performance.now() + this.#wait_ms;
    let tell_ms = performance.now() + TELL_MS;
    while (!enough && !until.aborted && performance.now() < end_ms) {
      asking ??= this.cards().catch(() => undefined);
      // A hub that is away answers later, or not at all.
      const soon = new AbortController();
      const late = pause(POLL_MS, AbortSignal.any([until, soon.signal])).then(() => "late" as const);
      const found = await Promise.race([asking, late]);
      soon.abort();
      if (found !== "late") asking = undefined;
      const away_ms = performance.now() - this.#heard_ms;
      if (away_ms > hub_wait_ms) {
        throw new FleetLostError(`the hub was not reached for ${Math.round(away_ms / 1000)} s`);
      }
      if (found === "late" || found === undefined) {
        // That time is not the workers'.
        if (away_ms > AWAY_MS) end_ms = performance.now() + this.#wait_ms;
        if (found === undefined) await pause(POLL_MS, until);
        continue;
      }
      cards = found.filter((card) => !this.#refusing.has(queueOf(card)));
      enough = cards.length >= workers && capacityOf(cards) >= level;
      if (enough) break;
      if (performance.now() > tell_ms) {
        tell_ms = performance.now() + TELL_AGAIN_MS;
        const carried = cards.length < workers ? "" : `, which carry ${capacityOf(cards)} of ${level} sessions`;
        const list = cards.length > 0 ? ` (${listOf(cards)})` : "";
        const left = Math.max(0, Math.round((end_ms - performance.now()) / 1000));
        this.note(`Waiting for workers: ${cards.length} of ${workers}${list}${carried}; ${left} s left`);
        this.#said.there = "";
      }
      await pause(POLL_MS, until);
    }
    if (this.#lost.signal.aborted) throw new FleetLostError("another sweep has taken the fleet");
    if (enough) this.#tellThere(cards);
    return { cards, enough };
  }

  get #wait_ms(): number {
    return this.options.wait_ms ?? 60_000;
  }

  /** Says who drives the sweep, and who is of another version, whenever that changes. */
  #tellThere(cards: readonly WorkerCard[]): void {
    const own = this.#program ??= programOf(makeResumer(this.#plan!));
    const text = `${cards.length} ${cards.length === 1 ? "worker" : "workers"}: ${listOf(cards)} sessions`;
    const others = cards.filter((card) => programOf(card) !== own)
      .map((card) => `${card.worker} runs plimsoll ${programOf(card)}, and this sweep ${own}`);
    const there = [text, ...others].join("\n");
    if (there === this.#said.there) return;
    this.#said.there = there;
    for (const line of [text, ...others]) this.note(line);
    const mute = cards.filter(({ artifacts }) => artifacts === undefined).map(({ worker }) => worker).join(", ");
    if (this.#plan!.mode !== "playwright" || mute === "") return;
    this.note(`Screenshots stay with ${mute}: plimsoll fetch gets them from workers with --serve-artifacts only`);
  }

  /** Says once that the hub is away, and that it is there again. */
  #lookAway(answer: string): void {
    const away_ms = performance.now() - this.#heard_ms;
    if (away_ms > AWAY_MS === this.#isAway) return;
    this.#isAway = !this.#isAway;
    const since = new Date(Date.now() - away_ms).toISOString().slice(11, 19);
    const limit = `${(this.options.hub_wait_ms ?? 600_000) / 1000} s`;
    const away = `The hub is not reached since ${since}Z${answer}; waiting, at most ${limit}`;
    this.note(this.#isAway ? away : "The hub is there again");
  }

  /** Why workers cannot drive the plan, each named, of those that were not asked before. */
  async #ask(cards: readonly WorkerCard[], signal: AbortSignal): Promise<string[]> {
    const job = {
      lease: this.lease,
      run: this.run,
      plan: this.#plan!,
      isLater: this.#plan!.target_command !== undefined,
    };
    const fresh = cards.filter((card) => !this.#asked.has(queueOf(card)));
    const answers = await Promise.all(fresh.map(async (card) => {
      const id = `${this.run}.plan.${++this.#asks}`;
      const reason = await askWorker(job, { hub: this.hub, queue: await this.queue(queueOf(card)), card, id, signal });
      if (signal.aborted) return [];
      if (reason === undefined) this.#asked.add(queueOf(card));
      else this.#refusing.add(queueOf(card));
      return reason === undefined ? [] : `worker ${card.worker}: ${reason}`;
    }));
    return answers.flat();
  }

  /** Workers that are there now. */
  async cards(): Promise<WorkerCard[]> {
    const { redis, prefix } = this.hub;
    const queues = await redis.smembers(keys.workers(prefix));
    if (queues.length === 0) return [];
    const texts = await redis.mget(queues.map((queue) => keys.worker(prefix, queue.split(".")[0])));
    const cards = texts.map((text) => text === null ? undefined : JSON.parse(text) as WorkerCard);
    const isThere = (index: number) => cards[index] !== undefined && queueOf(cards[index]) === queues[index];
    const gone = queues.filter((_, index) => !isThere(index));
    if (gone.length > 0) await redis.srem(keys.workers(prefix), ...gone);
    // One that was killed could not.
    await Promise.all(gone.map((queue) => removeQueue(this.hub, queue).catch(() => {})));
    return cards.flatMap((card, index) => isThere(index) ? [card!] : []).sort((a, b) => a.worker < b.worker ? -1 : 1);
  }

  #member(card: WorkerCard): Member {
    const known = this.#members.get(identityOf(card));
    // It may have been started anew.
    if (known) return { k: known.k, card };
    const k = 1 + Math.max(0, ...[...this.#members.values()].map((member) => member.k));
    const { artifacts: _, instance: __, ...told } = card;
    this.#members.set(identityOf(card), { k, card: told });
    return { k, card };
  }
}

class HubTeam implements Team {
  readonly shares: Team["shares"];
  readonly #members: Member[];
  #remote: RemoteShare[] = [];

  constructor(readonly fleet: HubFleet, members: Member[], readonly level: number) {
    const all = splitByCapacity(level, members.map(({ card }) => card.capacity));
    this.#members = members.filter((_, index) => all[index].length > 0);
    fleet.tellIdle(level, members.filter((_, index) => all[index].length === 0).map(({ card }) => card));
    const split = splitByCapacity(level, this.#members.map(({ card }) => card.capacity));
    this.shares = split.map((sessions, index) => ({ share: { k: index + 1, of: split.length }, sessions }));
  }

  crew({ plan, level, replicate, attempt, folder }: CrewAttempt): Crew {
    const { fleet } = this;
    const { hub } = fleet;
    const reader = new UpReader(hub.connect());
    const here = machineKey().machine;
    const seen = new Set(here === undefined ? [] : [here]);
    const capacities = this.#members.map(({ card }) => card.capacity);
    const secret = crypto.randomUUID() + crypto.randomUUID();
    let open = this.#members.length;
    // All at once would keep each other waiting, and the best of their round trips would be none.
    let measured: Promise<HubClock> | undefined;
    const clock = () => measured ??= hub.clock();
    return {
      lead_ms: LEAD_MS,
      start: (index, onMessage): Agent => {
        const { k, card } = this.#members[index];
        const isNew = card.machine === undefined || !seen.has(card.machine);
        if (card.machine !== undefined) seen.add(card.machine);
        const job: ShareJob = {
          ...{ lease: fleet.lease, secret: `${secret}${index}`, run: fleet.run, plan, level, replicate, attempt },
          ...{ share: k, index, capacities, groups: ["generator", "browser", ...(isNew ? ["system" as const] : [])] },
        };
        const id = `${fleet.run}.${level}.${replicate}.${attempt}.${index + 1}`;
        fleet.leave(keys.up(hub.prefix, id), keys.down(hub.prefix, id));
        const share = new RemoteShare({
          hub,
          clock,
          reader,
          queue: fleet.queue(queueOf(card)),
          card,
          id,
          job,
          folder,
          onMessage,
        }, () => {
          if (--open === 0) reader.close();
        });
        this.#remote.push(share);
        return share;
      },
    };
  }

  refused(): Refused | undefined {
    const all = this.#remote.map(({ refused }) => refused);
    const sum = (key: "duplicate" | "quarantined") => all.reduce((total, one) => total + one[key], 0);
    const [duplicate, quarantined] = [sum("duplicate"), sum("quarantined")];
    if (duplicate + quarantined === 0) return undefined;
    return { duplicate, quarantined, reasons: [...new Set(all.flatMap(({ reasons }) => reasons))] };
  }
}

/** One that was started anew as another, or on another machine, is another, whatever its name. */
function identityOf({ worker, capacity, machine }: Told): string {
  return `${worker} ${capacity} ${machine}`;
}

function refuseCommand({ mode }: Plan, { options }: Hub): void {
  if (mode !== "command") return;
  const remedy = "--mode http or playwright: a load generator of yours is not shared out";
  throw new InputError("--hub", options.url, remedy);
}

function listOf(cards: readonly WorkerCard[]): string {
  return cards.map(({ worker, capacity }) => `${worker} ${capacity}`).join(", ");
}

function programOf({ plimsoll_version, git_revision }: Pick<WorkerCard, "plimsoll_version" | "git_revision">): string {
  return `${plimsoll_version} (${git_revision.slice(0, 9)})`;
}

function capacityOf(cards: readonly WorkerCard[]): number {
  return cards.reduce((sum, { capacity }) => sum + capacity, 0);
}
