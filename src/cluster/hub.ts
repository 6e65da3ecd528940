import type { Redis, RedisOptions } from "ioredis";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { isLoopbackName, redacted } from "../plan/mod.ts";
import { within } from "../run/within.ts";
import { InputError } from "../schema/input_error.ts";
import { makeConnector } from "./make_connector.ts";

/** Where the hub is, and how to get in. */
export interface HubOptions {
  /** `rediss://HOST:PORT`; without TLS, `redis://`, on loopback only. No user and password: those are not for a command line. */
  url: string;
  /**
   * The Redis user.
   *
   * @default "default"
   */
  user?: string;
  /** Its password. */
  password?: string;
  /** Certificates of the authorities to trust, PEM, instead of the machine's. */
  ca?: string;
  /** Certificate and key of this client, PEM, where the hub asks for one. */
  cert?: string;
  /** As `cert`. */
  key?: string;
  /**
   * The workers' common name: all keys of a fleet begin with `plimsoll:NAME:`.
   *
   * @default "main"
   */
  fleet?: string;
}

/** Redis as it must be: below it, access lists do not hold for what scripts do. */
const LEAST_VERSION = 7;
const CONNECT_MS = 5000;
const ANSWER_MS = 10_000;
/** A connection that owes an answer for so long is given up for a new one. Whoever blocks on it asks for less. */
const SILENCE_MS = 10_000;
const RETRY_MS = 250;
const PINGS = 8;

/** Keeps a key only where nobody else has it. */
const HOLD = `local held = redis.call("GET", KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ARGV[1]`;
const LET_GO = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

/** A clock beside this machine's. */
export interface HubClock {
  /** The hub's time minus this machine's wall clock [ms]. */
  offset_ms: number;
  /** How far off that may be: half of the fastest round trip [ms]. */
  error_ms: number;
  /** The hub's time minus this process's monotonic clock, which nobody sets [ms]. */
  ahead_ms: number;
}

/**
 * The Redis server that coordinator and workers talk through. Its names of keys, its clock, and connections to it, which find
 * their way back after it was away.
 *
 * @example
 * ```ts ignore
 * import { Hub } from "./hub.ts";
 * await using hub = await Hub.open({ url: "rediss://hub.example:6380", password: Deno.env.get("PLIMSOLL_HUB_PASSWORD") });
 * const { offset_ms } = await hub.clock();
 * ```
 */
export class Hub implements AsyncDisposable {
  readonly prefix: string;
  #connections = new Set<Redis>();

  private constructor(readonly redis: Redis, readonly options: HubOptions) {
    this.prefix = prefixOf(options);
    this.#connections.add(redis);
  }

  /**
   * Connects, and checks that this user may read and write the fleet's keys.
   *
   * @throws {InputError} If the address is not right, nothing answers there, or it lets this user do nothing.
   */
  static async open(options: HubOptions): Promise<Hub> {
    const url = checkHubUrl(options.url);
    checkFleetName(options.fleet);
    checkPair(options);
    const { AbstractConnector, Redis } = await import("ioredis");
    let isOpen = false;
    let said: Error | undefined;
    const redis = new Redis({
      ...connectionOptions(url, options),
      Connector: makeConnector(AbstractConnector),
      lazyConnect: true,
      retryStrategy: () => isOpen ? RETRY_MS : null,
    });
    redis.on("error", (error) => said = error);
    try {
      const ask = async () => {
        await redis.connect();
        const info = await redis.info();
        await tryKeys(redis, `${prefixOf(options)}:try:${crypto.randomUUID()}`);
        return info;
      };
      // What accepts and says nothing is no hub.
      const info = await within(ANSWER_MS, ask(), `nothing was answered within ${ANSWER_MS / 1000} s`);
      isOpen = true;
      const version = /^redis_version:(\d+)/m.exec(info)?.[1] ?? "0";
      if (Number(version) < LEAST_VERSION) {
        throw new InputError("--hub", options.url, `a Redis of version ${LEAST_VERSION} or later: this is ${version}`);
      }
      return new Hub(redis, options);
    } catch (error) {
      redis.disconnect();
      if (error instanceof InputError) throw error;
      throw refused(options, [said, error as Error], url.protocol === "redis:" && await speaksTls(url));
    }
  }

  /** A further connection, for whoever waits on it. */
  connect(): Redis {
    const redis = this.redis.duplicate({ lazyConnect: false });
    // It comes back by itself; what it could not do meanwhile, whoever asked for it sees.
    redis.on("error", () => {});
    this.#connections.add(redis);
    redis.once("end", () => this.#connections.delete(redis));
    return redis;
  }

  /** Writes a key for so long [ms] where it is free or has this value already; returns the value that it has now. */
  hold(key: string, value: string, for_ms: number): Promise<string> {
    return this.redis.eval(HOLD, 1, key, value, for_ms) as Promise<string>;
  }

  /** Removes a key that has this value. */
  async letGo(key: string, value: string): Promise<void> {
    await this.redis.eval(LET_GO, 1, key, value);
  }

  /** Whether a restart of the hub would lose what is under way, and how; nothing where it would not. */
  async weakness(): Promise<string | undefined> {
    const info = await this.redis.info();
    if (!/^aof_enabled:1/m.test(info)) {
      return "it keeps nothing on disk (appendonly no): a restart loses what is under way";
    }
    if (!/^maxmemory_policy:noeviction/m.test(info)) {
      return "it may forget keys when memory runs short (maxmemory-policy)";
    }
    return undefined;
  }

  /** The hub's time beside this machine's, by the fastest of eight round trips. */
  async clock(): Promise<HubClock> {
    let best = { error_ms: Infinity, offset_ms: 0, ahead_ms: 0 };
    for (let ping = 0; ping < PINGS; ping++) {
      const sent_ms = performance.now();
      const [seconds, microseconds] = (await this.redis.time()).map(Number);
      const got_ms = performance.now();
      const error_ms = (got_ms - sent_ms) / 2;
      if (error_ms >= best.error_ms) continue;
      const ahead_ms = 1000 * seconds + microseconds / 1000 - (got_ms - error_ms);
      best = { error_ms, offset_ms: ahead_ms + performance.now() - Date.now(), ahead_ms };
    }
    return best;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const redis of this.#connections) redis.disconnect();
    return Promise.resolve();
  }
}

/** What the keys of a fleet begin with. */
export function prefixOf({ fleet = "main" }: Pick<HubOptions, "fleet">): string {
  return `plimsoll:${fleet}`;
}

/**
 * Checks the address of a hub.
 *
 * @throws {InputError} If it is none, carries a password, or would send one, and everybody's rows, in the clear.
 *
 * @example
 * ```ts
 * import { checkHubUrl } from "./hub.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(checkHubUrl("rediss://hub.example:6380").hostname, "hub.example");
 * assert.throws(() => checkHubUrl("redis://hub.example:6379"), { name: "InputError" });
 * ```
 */
export function checkHubUrl(text: string): URL {
  const right = "the hub's address, for example rediss://hub.example:6380";
  const shown = redacted(text);
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) throw new InputError("--hub", shown, right);
  const url = new URL(text);
  if (url.username || url.password) {
    const remedy = `${right}, without user and password: they come from PLIMSOLL_HUB_PASSWORD, or --hub-password-file`;
    throw new InputError("--hub", shown, remedy);
  }
  if (url.hostname === "" || !/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new InputError("--hub", shown, `${right}, and nothing after the port`);
  }
  if (url.protocol === "redis:" && !isLoopbackName(url.hostname)) {
    throw new InputError("--hub", shown, "rediss://, with TLS: without it, anybody on the way could read and write");
  }
  return url;
}

function checkFleetName(fleet: string | undefined): void {
  if (fleet === undefined || /^[a-z0-9][a-z0-9_-]{0,39}$/i.test(fleet)) return;
  throw new InputError("--fleet", fleet, "a name of letters, digits, - and _, at most 40");
}

function connectionOptions(url: URL, { user, password, ca, cert, key }: HubOptions): RedisOptions {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    port: Number(url.port || 6379),
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(url.protocol === "rediss:"
      ? { tls: { ca, cert, key, servername: /[a-z]/i.test(host) ? host : undefined } }
      : {}),
    protocol: 2,
    connectTimeout: CONNECT_MS,
    keepAlive: 1000,
    socketTimeout: SILENCE_MS,
    // Whoever waits, waits: what is under way ends by its own clocks.
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
  } as RedisOptions;
}

/** What every worker and coordinator has to be able to do. */
async function tryKeys(redis: Redis, key: string): Promise<void> {
  await redis.set(key, "", "PX", 1000);
  await redis.get(key);
  await redis.del(key);
}

/** @throws {InputError} If a client would show a certificate whose key it has not. */
function checkPair({ cert, key }: HubOptions): void {
  if (cert === undefined || key === undefined) return;
  let fits = false;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new InputError("--hub-cert", "given", `a certificate and its key, both PEM (${(error as Error).message})`);
  }
  if (!fits) {
    throw new InputError("--hub-key", "given", "the key of the certificate in --hub-cert: this one is another's");
  }
}

/** Whether what is there waits for TLS. */
function speaksTls(url: URL): Promise<boolean> {
  const at = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 6379) };
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Nothing is said to it: whose certificate it shows does not matter.
  const socket = connect({ ...at, rejectUnauthorized: false });
  socket.once("secureConnect", () => resolve(true));
  // It may ask for a certificate, and say so in TLS.
  socket.on("error", ({ message }) => resolve(/alert|certificate/i.test(message)));
  return within(ANSWER_MS / 5, promise, "it says nothing").catch(() => false).finally(() => socket.destroy());
}

function refused({ url, password }: HubOptions, errors: (Error | undefined)[], isTls: boolean): InputError {
  const text = errors.map((error) => error?.message ?? "").join(" ");
  // What it says of a certificate that is missing may be lost with the connection.
  const brokeOff = /^rediss:/.test(url) && /ECONNRESET|EPIPE/.test(text);
  const names = /[^ ]* is not in the cert's list.*/.exec(text)?.[0] ??
    /[^ ]* is not cert's CN.*/.exec(text)?.[0];
  const found = isTls
    ? `${url.replace("redis:", "rediss:")}: what answers there speaks TLS`
    : /NOAUTH/i.test(text) && password === undefined
    ? "PLIMSOLL_HUB_PASSWORD, or --hub-password-file: it asks for a password, and none is set"
    : /NOAUTH|WRONGPASS|invalid username-password/i.test(text)
    ? "the right PLIMSOLL_HUB_PASSWORD, or --hub-password-file, and --hub-user: it refuses this one"
    : /NOPERM/i.test(text)
    ? `a user that may use the fleet's keys: ${/NOPERM[^.]*/i.exec(text)![0]}`
    : names !== undefined
    ? `a name or address that the hub's certificate has (${names})`
    : /certificate|self.signed|UnknownIssuer|altname|tls|ssl|alert/i.test(text) || brokeOff
    ? "--hub-ca with the authority of the hub's certificate, and --hub-cert and --hub-key where it asks for them " +
      `(${errors.find((error) => error)!.message})`
    : `the address of a hub that answers (${errors.find((error) => error)?.message ?? "nothing does"})`;
  return new InputError("--hub", url, found);
}
