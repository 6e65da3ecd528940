import type { Queue } from "bullmq";
import { hostname } from "node:os";
import type { Agent, Crew, CrewAttempt, DrivingFleet, Team } from "../run/agents.ts";
import type { Fleet } from "../run/mod.ts";
import { machineKey } from "../run/machine_key.ts";
import { pause } from "../run/pause.ts";
import { within } from "../run/within.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ShareProvenance } from "../schema/run.ts";
import { Hub, type HubClock, type HubOptions } from "./hub.ts";
import { BEAT, keys, type ShareJob, type WorkerCard } from "./messages.ts";
import type { Refused } from "./receiver.ts";
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
  /** Told what a person should know. */
  onNote?: (text: string) => void;
}

/** Between everybody's "ready" and an attempt's zero. */
const LEAD_MS = 2000;
const POLL_MS = 250;

/** Keeps the lease only where nobody else has it. */
const HOLD = `local held = redis.call("GET", KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ARGV[1]`;
const LET_GO = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

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

/** A worker, and the number that it has in this run. */
interface Member {
  k: number;
  card: WorkerCard;
}

class HubFleet implements DrivingFleet, AsyncDisposable {
  readonly lease = `${hostname()} ${Deno.pid} ${crypto.randomUUID()}`;
  readonly run = crypto.randomUUID().slice(0, 8);
  #members = new Map<string, Member>();
  #queues = new Map<string, Queue>();
  #beat?: ReturnType<typeof setInterval>;
  #lost = new AbortController();
  #leftovers = new Set<string>();

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
    let asking = false;
    this.#beat = setInterval(async () => {
      if (asking) return;
      asking = true;
      try {
        if (await this.#hold() !== this.lease) this.#lost.abort();
      } catch { /* the hub is away: whoever waits for it sees that */ }
      asking = false;
    }, BEAT.every_ms);
    const weakness = await this.hub.weakness();
    if (weakness) this.options.onNote?.(`The hub: ${weakness}`);
  }

  async check(plan: Plan, signal = new AbortController().signal): Promise<void> {
    if (plan.mode === "command") {
      throw new InputError(
        "--hub",
        this.hub.options.url,
        "--mode http or playwright: a load generator of yours is not shared out",
      );
    }
    const most = Math.max(...plan.levels);
    const { cards, enough } = await this.#wait(most, signal);
    // Who ends it now finds a sweep that has not begun.
    if (enough || signal.aborted) return;
    const { workers = 1 } = this.options;
    if (cards.length < workers) {
      throw new InputError(
        "--workers",
        workers,
        `as many as there are: ${cards.length} came. Start others with: plimsoll worker`,
      );
    }
    const remedy = `levels up to ${
      capacityOf(cards)
    }, which is what all ${cards.length} workers carry, or start more of them`;
    throw new InputError("--levels", most, remedy);
  }

  async gather(level: number, signal: AbortSignal): Promise<Team> {
    const { cards, enough } = await this.#wait(level, signal);
    if (!enough) {
      const { workers = 1 } = this.options;
      throw new Error(
        `there are ${cards.length} workers for ${capacityOf(cards)} sessions: it takes ${workers} and ${level}`,
      );
    }
    const members = cards.map((card) => this.#member(card));
    return new HubTeam(this, members.sort((a, b) => a.k - b.k), level);
  }

  adopt(machines: readonly ShareProvenance[]): void {
    for (const { k, sampled_target: _, ...card } of machines) {
      this.#members.set(identityOf(card as WorkerCard), { k, card: card as WorkerCard });
    }
  }

  machines(): ShareProvenance[] {
    return [...this.#members.values()].map(({ k, card }) => ({ ...card, k, sampled_target: false }));
  }

  async queue(worker: string): Promise<Queue> {
    let queue = this.#queues.get(worker);
    if (!queue) {
      const { Queue } = await import("bullmq");
      queue = new Queue(worker, {
        connection: this.hub.redis,
        prefix: keys.bull(this.hub.prefix),
        skipMetasUpdate: true,
      });
      queue.on("error", () => {});
      this.#queues.set(worker, queue);
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
      await Promise.all([...this.#queues.values()].map((queue) => queue.obliterate({ force: true }).catch(() => {})));
      if (this.#leftovers.size > 0) await this.hub.redis.del(...this.#leftovers);
      await this.hub.redis.eval(LET_GO, 1, keys.lease(this.hub.prefix), this.lease);
    };
    // A hub that is away keeps what is left until somebody removes it.
    await within(2000, tidy(), "the hub is away").catch(() => {});
    await this.hub[Symbol.asyncDispose]();
  }

  #hold(): Promise<string> {
    return this.hub.redis.eval(HOLD, 1, keys.lease(this.hub.prefix), this.lease, BEAT.lost_ms) as Promise<string>;
  }

  async #wait(level: number, signal: AbortSignal): Promise<{ cards: WorkerCard[]; enough: boolean }> {
    const { workers = 1, wait_ms = 60_000 } = this.options;
    let cards: WorkerCard[] = [];
    let enough = false;
    const over = new AbortController();
    const until = AbortSignal.any([signal, this.#lost.signal, over.signal]);
    const ended = pause(wait_ms, until).then(() => over.abort());
    try {
      while (!enough && !until.aborted) {
        // A hub that is away answers later, or not at all.
        cards = await Promise.race([this.cards(), ended.then(() => cards)]);
        enough = cards.length >= workers && capacityOf(cards) >= level;
        if (!enough) await pause(POLL_MS, until);
      }
    } finally {
      over.abort();
    }
    if (this.#lost.signal.aborted) throw new Error("another sweep has taken the fleet");
    return { cards, enough };
  }

  /** Workers that are there now. */
  async cards(): Promise<WorkerCard[]> {
    const { redis, prefix } = this.hub;
    const names = await redis.smembers(keys.workers(prefix));
    if (names.length === 0) return [];
    const texts = await redis.mget(names.map((name) => keys.worker(prefix, name)));
    const gone = names.filter((_, index) => texts[index] === null);
    if (gone.length > 0) await redis.srem(keys.workers(prefix), ...gone);
    return texts.flatMap((text) => text === null ? [] : [JSON.parse(text) as WorkerCard])
      .sort((a, b) => a.worker < b.worker ? -1 : 1);
  }

  #member(card: WorkerCard): Member {
    const known = this.#members.get(identityOf(card));
    if (known) return known;
    const k = 1 + Math.max(0, ...[...this.#members.values()].map((member) => member.k));
    // Its token is for the hub alone.
    const { artifacts: _, ...told } = card;
    const member = { k, card: told };
    this.#members.set(identityOf(card), member);
    return member;
  }
}

class HubTeam implements Team {
  readonly shares: Team["shares"];
  readonly #members: Member[];
  #remote: RemoteShare[] = [];

  constructor(readonly fleet: HubFleet, members: Member[], readonly level: number) {
    const all = splitByCapacity(level, members.map(({ card }) => card.capacity));
    this.#members = members.filter((_, index) => all[index].length > 0);
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
          queue: fleet.queue(card.worker),
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
function identityOf({ worker, capacity, machine }: WorkerCard): string {
  return `${worker} ${capacity} ${machine}`;
}

function capacityOf(cards: readonly WorkerCard[]): number {
  return cards.reduce((sum, { capacity }) => sum + capacity, 0);
}
