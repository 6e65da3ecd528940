import { z } from "zod";

/** A kind of load: requests over HTTP, or real browsers. */
export type Mode = "http" | "playwright";

/** The process groups that a cost is charged to. `system` is everything on the machine, the other three included. */
export type Group = "target" | "browser" | "generator" | "system";

/** One request of an `http` iteration. `{session}` and `{iteration}` in path and body are replaced. */
export interface HttpRequest {
  /** The step's name in rows and plots. */
  name: string;
  /** HTTP verb. */
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Path on the plan's URL, with its query. */
  path: string;
  /** Sent besides `host` and `user-agent`, which they may replace. */
  headers?: Record<string, string>;
  /** Sent as it is, after replacement. */
  body?: string;
}

/** What a session of `playwright` mode does besides looking at the page. */
export interface BrowserScenario {
  /** Inside of the browser window [CSS px]. */
  viewport: { width: number; height: number };
  /** Time between two screenshots of one session [ms]; 0 takes none. */
  screenshot_every_ms: number;
  /** What screenshots are encoded as. */
  screenshot_format: "jpeg" | "png";
  /** JPEG quality, 1–100. */
  screenshot_quality: number;
}

/** A sweep, whole: what is driven, how hard, for how long, and what is watched. Command-line flags override the fields one to one. */
export interface Plan {
  /** Whether sessions are HTTP clients or browsers. */
  mode: Mode;
  /** What the sessions open or request. Loopback only, unless consent names the host. */
  url: string;
  /** Concurrent sessions of each level [sessions], ascending, without repeats. */
  levels: number[];
  /** Independent repetitions of each level, each in fresh processes. */
  replicates: number;
  /** Length of the steady window of each attempt, warm-up not included [ms]. */
  duration_ms: number;
  /** Load before the steady window, not counted [ms]. */
  warmup_ms: number;
  /** Time between two intended starts of one session's iterations [ms]. */
  pace_ms: number;
  /** After this long a request or a browser step counts as `timeout` [ms]. */
  timeout_ms: number;
  /** Length of each idle window, before and after the sweep [ms]. */
  idle_ms: number;
  /** Time between two resource samples [ms]. */
  sample_interval_ms: number;
  /** Seed of level order and of session phases. */
  seed: number;
  /** The groups that the machine to be bought will carry. */
  size_groups: Exclude<Group, "system">[];
  /** `http` mode: the requests of one iteration, in order. Empty: one GET of `url`. */
  requests: HttpRequest[];
  /** `playwright` mode: the default scenario's settings. */
  browser_scenario: BrowserScenario;
  /** `playwright` mode: path of the browser to use. Otherwise it is looked for. */
  browser?: string;
  /** The system under test, by process id. */
  target_pid?: number;
  /** The system under test, by the TCP port that it listens on. */
  target_port?: number;
  /** The system under test, as a command that Plimsoll starts anew for every attempt: program and arguments. */
  target_command?: string[];
}

const wholeFrom = (low: number, high: number) => z.int().min(low).max(high);
const HOUR_MS = 3_600_000;

/** Validates an {@linkcode HttpRequest}. */
export const httpRequestSchema = z.strictObject({
  name: z.string().min(1).max(100),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
  path: z.string().startsWith("/"),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
}) satisfies z.ZodType<HttpRequest>;

/** Validates the shape of a {@linkcode Plan}; whether its URL may be loaded is `checkUrl`'s question. */
export const planSchema = z.strictObject({
  mode: z.enum(["http", "playwright"]),
  url: z.string(),
  levels: z.array(wholeFrom(1, 100_000)).min(1).max(100),
  replicates: wholeFrom(1, 100),
  duration_ms: wholeFrom(1000, 24 * HOUR_MS),
  warmup_ms: wholeFrom(0, HOUR_MS),
  pace_ms: wholeFrom(1, HOUR_MS),
  timeout_ms: wholeFrom(1, HOUR_MS),
  idle_ms: wholeFrom(1000, HOUR_MS),
  sample_interval_ms: wholeFrom(100, 10_000),
  seed: wholeFrom(0, 2 ** 32 - 1),
  size_groups: z.array(z.enum(["target", "browser", "generator"])).min(1),
  requests: z.array(httpRequestSchema).max(100),
  browser_scenario: z.strictObject({
    viewport: z.strictObject({ width: wholeFrom(64, 7680), height: wholeFrom(64, 4320) }),
    screenshot_every_ms: wholeFrom(0, HOUR_MS),
    screenshot_format: z.enum(["jpeg", "png"]),
    screenshot_quality: wholeFrom(1, 100),
  }),
  browser: z.string().min(1).optional(),
  target_pid: wholeFrom(1, 2 ** 31 - 1).optional(),
  target_port: wholeFrom(1, 65_535).optional(),
  target_command: z.array(z.string().min(1)).min(1).optional(),
}) satisfies z.ZodType<Plan>;
