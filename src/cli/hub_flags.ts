import { readFileSync } from "node:fs";
import process from "node:process";
import type { FleetOptions, HubOptions } from "../cluster/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { type Flags, readNumber } from "./flags.ts";

/** Flags that say where the hub is, as `node:util` describes them. */
export const HUB_FLAGS = Object.fromEntries(
  ["hub", "hub-user", "hub-password-file", "hub-ca", "hub-cert", "hub-key", "fleet"].map((
    name,
  ) => [name, { type: "string" as const }]),
);

/** What every command with a hub says of it. */
export const HUB_HELP =
  `  --hub rediss://HOST:PORT  the Redis that workers and sweeps meet at; redis:// on loopback only
  --fleet NAME             workers and sweep of one name find each other; keys begin with plimsoll:NAME:   (main)
  --hub-user NAME          the Redis user                             (PLIMSOLL_HUB_USER, default)
  --hub-password-file FILE its password                               (PLIMSOLL_HUB_PASSWORD)
  --hub-ca FILE            PEM of the authorities to trust            (the machine's)
  --hub-cert FILE, --hub-key FILE   who this is, where the hub asks for certificates`;

/**
 * Reads where the hub is. A password is in a file or the environment: what is on a command line, everybody on the machine reads.
 *
 * @throws {InputError} If a file cannot be read, or flags lack `--hub`.
 */
export function readHub({ values }: Flags): HubOptions | undefined {
  const text = (name: string) => values[name] as string | undefined;
  const url = text("hub");
  if (url === undefined) {
    const alone = [...Object.keys(HUB_FLAGS), "workers"].find((name) => values[name] !== undefined);
    if (alone) throw new InputError(`--${alone}`, values[alone], "--hub too, with the hub's address");
    return undefined;
  }
  const file = (name: string) => text(name) === undefined ? undefined : readText(text(name)!, `--${name}`);
  const password = file("hub-password-file")?.trim() ?? process.env.PLIMSOLL_HUB_PASSWORD;
  // No agent inherits it, and no step of a session can name it.
  delete process.env.PLIMSOLL_HUB_PASSWORD;
  const user = text("hub-user") ?? process.env.PLIMSOLL_HUB_USER;
  const options = {
    ...{ user, password, ca: file("hub-ca"), cert: file("hub-cert"), key: file("hub-key"), fleet: text("fleet") },
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  return { url, ...Object.fromEntries(given) };
}

/**
 * As {@linkcode readHub}, of a command that does nothing without one.
 *
 * @throws {InputError} If there is none, or a file cannot be read.
 */
export function requireHub(flags: Flags): HubOptions {
  const hub = readHub(flags);
  if (!hub) throw new InputError("--hub", "nothing", "the hub's address, for example rediss://hub.example:6380");
  return hub;
}

/** As {@linkcode readHub}, of a sweep. */
export function readFleet(flags: Flags): FleetOptions | undefined {
  const hub = readHub(flags);
  if (!hub) return undefined;
  const workers = flags.values.workers as string | undefined;
  return {
    ...hub,
    ...(workers === undefined
      ? {}
      : { workers: readNumber(workers, "--workers", { low: 1, high: 1000, whole: true }) }),
  };
}

/** What a further command needs to reach the same hub, as it was given: text for a shell, with a blank before it. */
export function hubText({ values }: Flags, more: string[] = []): string {
  return [...Object.keys(HUB_FLAGS), ...more].flatMap((name) => {
    const value = values[name];
    return typeof value === "string" ? [` --${name}=${quoted(value)}`] : [];
  }).join("");
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function readText(path: string, field: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new InputError(field, path, "a file that may be read");
  }
}
