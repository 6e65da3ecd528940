import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import type { HubOptions } from "../../src/cluster/mod.ts";
import { makeConnector } from "../../src/cluster/make_connector.ts";
import { freePort, lines, type Running, startMarked, until } from "../faults/under_fault.ts";
import { hasProgram, works } from "../has_program.ts";
import { tempFolder } from "../temp_folder.ts";

/** Tests with a hub need one. */
export const withRedis = { ignore: !hasProgram("redis-server") };

/** A Redis as a hub has to be. */
export interface RunningHub extends AsyncDisposable {
  port: number;
  folder: string;
  /** What a worker or sweep needs to come in. */
  options: HubOptions;
  /** The same as flags of the command line, and its environment. */
  flags: string[];
  env: Record<string, string>;
  /** Of its process. */
  pid(): number;
  /** Starts it anew, on the same files. */
  restart(): Promise<void>;
  /** Whether it runs. */
  runs(): boolean;
  /** A connection with all rights. */
  connect(): Promise<Redis & AsyncDisposable>;
}

const ADMIN = "of-the-test";

/** What a {@linkcode startHub} may be told. */
export interface HubSettings {
  /** Where it keeps its files. @default a folder of its own */
  folder?: string;
  /** A certificate of an authority of its own, and clients that have one too. */
  tls?: boolean;
  /** Where it listens besides loopback. */
  address?: string;
  /** Before the command, as `ip netns exec NAME`. */
  before?: string[];
}

/** The access list of a fleet's user: nothing but the fleet's keys, and no command that shows or changes the server. */
export function accessOf(user: string, password: string, fleet = "main"): string {
  return `user ${user} on >${password} resetchannels ~plimsoll:${fleet}:* -@all +@all -@admin -@dangerous +info`;
}

/** Starts Redis with an access list, everything on disk before it is acknowledged, nothing forgotten. */
export async function startHub(settings: HubSettings = {}): Promise<RunningHub> {
  const own = await tempFolder();
  const folder = settings.folder ?? join(own.path, "data");
  await Deno.mkdir(folder, { recursive: true });
  const port = freePort();
  const users = join(own.path, "users.acl");
  await Deno.writeTextFile(
    users,
    [accessOf("fleet", "of-the-fleet"), `user default on >${ADMIN} ~* &* +@all`, ""].join("\n"),
  );
  const address = settings.address ?? "127.0.0.1";
  const tls = settings.tls ? await makeCertificates(own.path, address) : undefined;
  const config = join(own.path, "redis.conf");
  await Deno.writeTextFile(
    config,
    [
      ...tls
        ? [
          `port 0`,
          `tls-port ${port}`,
          `tls-cert-file ${tls.server.cert}`,
          `tls-key-file ${tls.server.key}`,
          `tls-ca-cert-file ${tls.ca}`,
          "tls-auth-clients yes",
        ]
        : [`port ${port}`],
      `bind ${address}`,
      `dir ${folder}`,
      `aclfile ${users}`,
      ...["appendonly yes", "appendfsync always", "maxmemory-policy noeviction", 'save ""', "daemonize no"],
      "",
    ].join("\n"),
  );
  const host = `${tls ? "rediss" : "redis"}://${address}:${port}`;
  const options: HubOptions = {
    url: host,
    user: "fleet",
    password: "of-the-fleet",
    ...(tls ? { ca: read(tls.ca), cert: read(tls.client.cert), key: read(tls.client.key) } : {}),
  };
  let child: Deno.ChildProcess;
  const start = async () => {
    child = new Deno.Command((settings.before ?? ["redis-server"])[0], {
      args: [...(settings.before ? [...settings.before.slice(1), "redis-server"] : []), config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    globalThis.addEventListener("unload", () => kill(child));
    await answers();
  };
  const connect = async () => {
    const { AbstractConnector, Redis } = await import("ioredis");
    const redis = new Redis({
      Connector: makeConnector(AbstractConnector),
      ...{ host: address, port, username: "default", password: ADMIN, protocol: 2 as const },
      ...(tls ? { tls: { ca: options.ca, cert: options.cert, key: options.key } } : {}),
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    redis.on("error", () => {});
    await redis.connect();
    return Object.assign(redis, { [Symbol.asyncDispose]: () => Promise.resolve(redis.disconnect()) });
  };
  const answers = async () => {
    for (let tries = 0;; tries++) {
      try {
        if (settings.before) return await new Promise<void>((resolve) => setTimeout(resolve, 500));
        await using redis = await connect();
        await redis.ping();
        return;
      } catch (error) {
        if (tries > 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  await start();
  return {
    ...{ port, folder, options, connect },
    flags: [
      ...["--hub", host, "--hub-user", "fleet"],
      ...(tls ? ["--hub-ca", tls.ca, "--hub-cert", tls.client.cert, "--hub-key", tls.client.key] : []),
    ],
    env: { PLIMSOLL_HUB_PASSWORD: "of-the-fleet" },
    pid: () => child.pid,
    restart: start,
    runs: () => works(`kill -0 ${child.pid}`),
    async [Symbol.asyncDispose]() {
      kill(child);
      await child.status;
      await own[Symbol.asyncDispose]();
    },
  };
}

/** A worker as a process of its own, and what it says. */
export interface RunningWorker extends Running {
  name: string;
  /** What it wrote so far. */
  said(): string;
}

/** Starts `plimsoll worker` and waits until it is at the hub. */
export async function startWorker(
  hub: Pick<RunningHub, "flags" | "env" | "folder">,
  name: string,
  options: { capacity?: number; args?: string[]; before?: string[] } = {},
): Promise<RunningWorker> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const log = join(hub.folder, "..", `${name}.log`);
  const spool = join(hub.folder, "..", `spool-${name}`);
  const command = [
    ...[Deno.execPath(), "run", "-A", "--quiet", `--config=${path("../../deno.json")}`, path("../../src/cli/main.ts")],
    ...[
      "worker",
      ...hub.flags,
      "--capacity",
      `${options.capacity ?? 1000}`,
      "--name",
      name,
      "--spool",
      spool,
      "--json",
    ],
    ...(options.args ?? []),
  ];
  const { output, ...running } = startMarked(
    ["sh", "-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", log, ...(options.before ?? []), ...command],
    hub.env,
  );
  const said = () => lines(log).join("\n");
  const ended = (async () => {
    const { code, signal, stdout } = await output();
    return { code, signal, end: stdout.trim() === "" ? undefined : JSON.parse(stdout), stderr: said() };
  })();
  ended.catch(() => {});
  await until(() => said().includes("takes up to"), () => `worker ${name} at the hub: ${said()}`);
  return { ...running, name, said, ended: () => ended };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended */ }
}

function read(path: string): string {
  return Deno.readTextFileSync(path);
}

/** An authority of its own, and what it signed for the hub and for its clients. */
async function makeCertificates(folder: string, address: string) {
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
      stderr: "piped",
      stdout: "null",
    })
      .output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...ec, "-days", "2", "-subj", "/CN=fleet", "-keyout", "ca.key", "-out", "ca.pem");
  for (const name of ["server", "client"]) {
    await openssl("req", ...ec, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    await Deno.writeTextFile(join(folder, "names"), `subjectAltName=IP:${address},DNS:localhost\n`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signed, "-out", `${name}.pem`);
  }
  const pair = (name: string) => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) });
  return { ca: join(folder, "ca.pem"), server: pair("server"), client: pair("client") };
}
