import { parseArgs } from "node:util";

/** What the Streamer costs, and how it behaves. */
export interface StreamerSettings {
  /** TCP port on 127.0.0.1; 0 lets the system choose. */
  port: number;
  /** CPU time that each request to `/api/*` burns on top of its own cost [ms]. */
  cpu_ms: number;
  /**
   * How long each request to `/api/*` holds a lock that all of them share, and that costs no CPU time [ms]: the Streamer
   * is full at `1000 / lock_ms` such requests a second, on an idle machine.
   */
  lock_ms: number;
  /** Memory held for each viewer [MB, 10⁶ bytes]. */
  memory_mb: number;
  /** Whether a chat message reaches the other viewers. Without it the message is only acknowledged. */
  broadcast: boolean;
  /** Frames of the page's player [1/s]. */
  fps: number;
  /** Body of `GET /api/frame` [bytes]. */
  frame_bytes: number;
  /** A viewer without an open socket is forgotten, and its memory freed, after so long without a request [ms]. */
  silence_ms: number;
}

/** The settings of a Streamer that is started without flags. */
export const DEFAULT_SETTINGS: Readonly<StreamerSettings> = {
  port: 0,
  cpu_ms: 1,
  lock_ms: 0,
  memory_mb: 1,
  broadcast: true,
  fps: 10,
  frame_bytes: 2048,
  silence_ms: 10_000,
};

/** The text of `--help`. */
export const HELP = `The Streamer: a small live-stream and chat server on 127.0.0.1, with costs that you set.

  deno run -A src/demo/main.ts [flags]

  --port N          TCP port, 0 for any that is free            (default ${DEFAULT_SETTINGS.port})
  --cpu-ms X        CPU time burned by each /api/* request [ms]  (default ${DEFAULT_SETTINGS.cpu_ms})
  --lock-ms X       each /api/* request holds one lock so long   (default ${DEFAULT_SETTINGS.lock_ms})
  --memory-mb X     memory held for each viewer [MB]             (default ${DEFAULT_SETTINGS.memory_mb})
  --no-broadcast    acknowledge chat messages, deliver none
  --fps X           frames of the page's player [1/s]            (default ${DEFAULT_SETTINGS.fps})
  --frame-bytes N   body of GET /api/frame [bytes]               (default ${DEFAULT_SETTINGS.frame_bytes})
  --silence-ms N    forget a viewer after so long [ms]           (default ${DEFAULT_SETTINGS.silence_ms})
  --help            print this

When ready it prints one line of JSON on stdout: {"url", "port", "pid"}. SIGTERM or SIGINT ends it.

  deno run -A src/demo/main.ts --port 8080 --cpu-ms 2 --memory-mb 4
  curl 'http://127.0.0.1:8080/api/frame?viewer=anna' -o frame
  curl 'http://127.0.0.1:8080/api/chat?viewer=anna'
  curl 'http://127.0.0.1:8080/api/chat?viewer=ben' -d 'Ahoy'
  curl 'http://127.0.0.1:8080/api/chat?viewer=anna'
  curl 'http://127.0.0.1:8080/truth'
`;

interface NumberFlag {
  key: "port" | "cpu_ms" | "lock_ms" | "memory_mb" | "fps" | "frame_bytes" | "silence_ms";
  meaning: string;
  low: number;
  high: number;
  whole: boolean;
}

const NUMBER_FLAGS: Record<string, NumberFlag> = {
  "port": { key: "port", meaning: "TCP port", low: 0, high: 65_535, whole: true },
  "cpu-ms": { key: "cpu_ms", meaning: "CPU time a request [ms]", low: 0, high: 10_000, whole: false },
  "lock-ms": { key: "lock_ms", meaning: "time a request holds the lock [ms]", low: 0, high: 10_000, whole: false },
  "memory-mb": { key: "memory_mb", meaning: "memory a viewer [MB]", low: 0, high: 1024, whole: false },
  "fps": { key: "fps", meaning: "frames a second", low: 0.1, high: 60, whole: false },
  "frame-bytes": { key: "frame_bytes", meaning: "size of a segment [bytes]", low: 0, high: 16_777_216, whole: true },
  "silence-ms": { key: "silence_ms", meaning: "silence of a viewer [ms]", low: 100, high: 3_600_000, whole: true },
};

/**
 * Reads the Streamer's command line.
 *
 * @param args Flags, as in {@linkcode HELP}.
 * @returns `help` where `--help` is among them, else the settings, defaults filled in.
 * @throws {TypeError} If a flag is unknown, or lacks its value.
 * @throws {RangeError} If a value is not a number, or outside its range.
 *
 * @example Two requests' worth of CPU, everything else as it is
 * ```ts
 * import { parseSettings } from "./settings.ts";
 * import assert from "node:assert/strict";
 *
 * const parsed = parseSettings(["--cpu-ms", "2"]);
 * assert(parsed.kind === "settings" && parsed.settings.cpu_ms === 2 && parsed.settings.broadcast);
 * ```
 */
export function parseSettings(
  args: readonly string[],
): { kind: "help" } | { kind: "settings"; settings: StreamerSettings } {
  const { values } = parseArgs({
    args: joinValues(args),
    strict: true,
    allowPositionals: false,
    options: {
      ...Object.fromEntries(Object.keys(NUMBER_FLAGS).map((flag) => [flag, { type: "string" as const }])),
      "no-broadcast": { type: "boolean" },
      "help": { type: "boolean" },
    },
  });
  if (values.help) return { kind: "help" };
  const settings: StreamerSettings = { ...DEFAULT_SETTINGS, broadcast: !values["no-broadcast"] };
  for (const [flag, { key, meaning, low, high, whole }] of Object.entries(NUMBER_FLAGS)) {
    const text = (values as Record<string, string | boolean | undefined>)[flag];
    if (typeof text !== "string") continue;
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw new RangeError(
        `Cannot use --${flag} as ${meaning}: it must be a ${whole ? "whole number" : "number"} ` +
          `from ${low} to ${high}: current value is ${JSON.stringify(text)}`,
      );
    }
    settings[key] = value;
  }
  return { kind: "settings", settings };
}

/** Makes `--flag value` into `--flag=value`, so that a value may begin with a minus sign and be refused for what it is. */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const takesNext = Object.hasOwn(NUMBER_FLAGS, args[i].slice(2)) && i + 1 < args.length &&
      !args[i + 1].startsWith("--");
    joined.push(takesNext ? `${args[i]}=${args[++i]}` : args[i]);
  }
  return joined;
}
