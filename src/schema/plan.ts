import { z } from "zod";
import { type LimitCondition, limitConditionSchema } from "./limit.ts";

/** A kind of load: requests over HTTP, or real browsers. */
export type Mode = "http" | "playwright" | "command";

/** The process groups that a cost is charged to. `system` is everything on the machine, the other three included. */
export type Group = "target" | "browser" | "generator" | "system";

/** What a response must be: anything else is `check_failed`. */
export interface HttpCheck {
  /** The status, or those that are right: `{ "status": [200, 304] }`. Otherwise all below 400 are, and the others are `http_error`. */
  status?: number | number[];
  /** A text that the body has: `{ "contains": "Welcome" }`. Replaced as in the body of a request. */
  contains?: string;
  /** Values in a body that is JSON, by their path: `{ "json": { "user.name": "Ada", "items.0.id": 7 } }`. */
  json?: Record<string, string | number | boolean | null>;
}

/**
 * One request of an `http` iteration. In path, headers and body are replaced: `{session}`, `{iteration}`, `{user.COLUMN}` by what
 * the session's row of `http_scenario.users` has in that column, `{env.NAME}` by the environment variable, which is written nowhere.
 * Put in, a value is written as the place asks: percent-encoded in a path or a form, escaped in JSON.
 *
 * A whole scenario, as the plan's fields:
 * ```json
 * {
 *   "url": "http://127.0.0.1:8080/",
 *   "requests": [
 *     { "name": "feed", "method": "GET", "path": "/feed?page={iteration}", "weight": 9, "check": { "contains": "items" } },
 *     { "name": "post", "method": "POST", "path": "/posts", "weight": 1, "headers": { "content-type": "application/json" },
 *       "body": "{\"text\": \"from {user.name}\"}", "check": { "status": 201, "json": { "author": "{user.name}" } } }
 *   ],
 *   "http_scenario": {
 *     "users": "users.csv",
 *     "setup": [{ "name": "login", "method": "POST", "path": "/login",
 *       "headers": { "content-type": "application/x-www-form-urlencoded", "x-api-key": "{env.API_KEY}" },
 *       "body": "name={user.name}&password={user.password}", "check": { "status": 200 } }],
 *     "teardown": [{ "name": "logout", "method": "POST", "path": "/logout" }]
 *   }
 * }
 * ```
 */
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
  /**
   * Where the plan's requests have weights, an iteration is one of them, drawn as often as its weight says:
   * `{ "name": "feed", …, "weight": 9 }` beside `{ "name": "post", …, "weight": 1 }`. All have one, or none.
   */
  weight?: number;
  /** What its response must be. */
  check?: HttpCheck;
}

/** What steps on a stream have in common. */
export interface StreamStepFields {
  /** The stream's name, in its session and in rows: steps of the same name use the same stream. Its opening is a row of its own, `NAME (connect)`. */
  name: string;
  /** Sent when it is opened, besides `host` and `user-agent`, which they may replace. */
  headers?: Record<string, string>;
  /** Messages to wait for, counted from the step's start; those too few after the plan's `timeout_ms` (or `hold_ms`, if that is longer) are a `timeout`. */
  receive?: number;
  /** Goes on reading until that long after its start, or the attempt's end, whatever comes [ms]. It is not in the step's latency. */
  hold_ms?: number;
  /**
   * Whether it stays open for the next step of its name, over iterations too. What comes meanwhile counts with that step's bytes.
   *
   * @default true
   */
  keep?: boolean;
  /** As an {@linkcode HttpRequest}'s. */
  weight?: number;
}

/**
 * A step on a WebSocket of the session, opened where it is not open yet: sends, then waits, then holds.
 * `{session}` and `{iteration}` in path, headers and messages are replaced.
 * `{ "name": "chat", "websocket": "/ws/chat?viewer=s{session}", "send": "hello {iteration}", "receive": 1 }`
 */
export interface WebSocketStep extends StreamStepFields {
  /** Path on the plan's URL, with its query. */
  websocket: string;
  /** Text messages to send, in order. */
  send?: string | string[];
}

/**
 * A step on a stream of server-sent events, opened where it is not open yet: waits, then holds.
 * `{ "name": "feed", "sse": "/events", "hold_ms": 1000 }`
 */
export interface SseStep extends StreamStepFields {
  /** Path on the plan's URL, with its query. */
  sse: string;
}

/** One step of an `http` session. */
export type HttpStep = HttpRequest | WebSocketStep | SseStep;

/** What a session of `http` mode does besides the plan's `requests`, and what it has of its own. */
export interface HttpScenario {
  /**
   * Instead of `requests`, `setup` and `teardown`: path of a TypeScript or JavaScript file whose default export does one
   * iteration, `export default async ({ get, step }) => { await get("/"); … }`. See `HttpModule`.
   */
  module?: string;
  /** SHA-256 of the module's own file, hexadecimal; the sweep writes it, and refuses a file that has another. */
  module_sha256?: string;
  /**
   * Done once by each session at its first slot, in order, before its first iteration: a login. Where a step fails, no
   * iteration begins, and it is tried again at the next slot. Rows have `phase: "setup"`.
   */
  setup?: HttpStep[];
  /** Done once by each session after its last iteration. Rows have `phase: "teardown"`. */
  teardown?: HttpStep[];
  /**
   * Path of a CSV file whose first line names its columns: session k is the user of row k, from the first again after the last.
   * It is read where it is, and never copied into a run.
   */
  users?: string;
  /** SHA-256 of that file, hexadecimal; the sweep writes it, and refuses a file that has another. */
  users_sha256?: string;
  /**
   * Whether each session keeps the cookies that it is given, and sends them.
   *
   * @default true
   */
  cookies?: boolean;
  /**
   * Whether a session goes where a response leads it, at most 10 times a request; all of it is one row. It never leaves the origin
   * of the plan's URL: a response that leads elsewhere is `blocked_host`.
   *
   * @default true
   */
  follow_redirects?: boolean;
  /** Path of a PEM file with the certificates of the authorities to trust, instead of the machine's: `"ca.pem"`. */
  ca?: string;
  /** SHA-256 of that file, hexadecimal; the sweep writes it, and refuses a file that has another. */
  ca_sha256?: string;
}

/**
 * One step of {@linkcode BrowserScenario.steps}: exactly one action, recorded as one row.
 * `{session}` and `{iteration}` in paths and texts are replaced.
 */
export interface BrowserStep {
  /** Of its rows. Otherwise the action's own. For example `"say hello"`. */
  name?: string;
  /** Opens a path on the plan's URL: `{ "goto": "/chat?room={session}" }`. */
  goto?: string;
  /** Clicks the first element that a selector finds: `{ "click": "#like" }`. */
  click?: string;
  /** Puts a text into a field: `{ "fill": ["#chat-input", "hello {session} {iteration}"] }`. */
  fill?: [selector: string, text: string];
  /** Presses a key in an element: `{ "press": ["#chat-input", "Enter"] }`. */
  press?: [selector: string, key: string];
  /** Waits, for a time [ms] or until an element is visible: `{ "wait": 500 }`, `{ "wait": "#chat-log li" }`. */
  wait?: number | string;
  /** Turns the mouse wheel [CSS px], down where positive: `{ "scroll": 400 }`. */
  scroll?: number;
  /** Takes a screenshot and keeps it: `{ "screenshot": true }`. Then none are taken by time. */
  screenshot?: true;
}

/** What a session of `playwright` mode does, and what is kept of it. */
export interface BrowserScenario {
  /** Inside of the browser window [CSS px]. */
  viewport: { width: number; height: number };
  /** Time between two screenshots of one session [ms]; 0 takes none. */
  screenshot_every_ms: number;
  /** What screenshots are encoded as. */
  screenshot_format: "jpeg" | "png";
  /** JPEG quality, 1–100. */
  screenshot_quality: number;
  /**
   * What an iteration does once the first has opened the URL, in order; the first step that fails ends it.
   * For example `[{ "fill": ["#chat-input", "hello"] }, { "press": ["#chat-input", "Enter"] }, { "wait": 500 }]`.
   *
   * @default the default scenario: the mouse moves, the page scrolls, a text box gets a line
   */
  steps?: BrowserStep[];
  /**
   * Instead of `steps`, path of a TypeScript or JavaScript file whose default export does one iteration, page opened and
   * all: `export default async ({ page, step }) => { await page.goto("/"); … }`. See `BrowserModule`.
   */
  module?: string;
  /** SHA-256 of the module's own file, hexadecimal; the sweep writes it, and refuses a file that has another. */
  module_sha256?: string;
  /**
   * Path of a storage state of Playwright that every session starts with, to be logged in: `"login.json"`, as
   * `context.storageState({ path: "login.json" })` saves it. It is read where it is, and never copied into a run.
   */
  storage_state?: string;
  /** SHA-256 of that file, hexadecimal; the sweep writes it, and refuses a file that has another. */
  storage_state_sha256?: string;
  /**
   * What sessions share: `context`, one browser, each in a context of its own (cookies, cache, storage); `browser`,
   * nothing, each in a browser of its own, which costs much more.
   *
   * @default "context"
   */
  isolation?: "context" | "browser";
  /**
   * Whether to keep a HAR file of each session: what it requested when, with sizes and times, without bodies and without
   * what may be secret.
   *
   * @default false
   */
  har?: boolean;
  /**
   * Whether to keep a trace of each session for `npx playwright show-trace FILE`: actions in time, without
   * pictures, page contents, typed texts and requests.
   *
   * @default false
   */
  trace?: boolean;
}

/** How long a session waits between the end of an iteration and its next intended start. */
export interface ThinkTime {
  /** `constant` is always the mean; the others are drawn, by seed. */
  distribution: "constant" | "uniform" | "exponential" | "lognormal";
  /** Mean [ms]. */
  mean_ms: number;
  /**
   * Standard deviation ÷ mean of `uniform` (at most 0.577) and `lognormal`.
   *
   * @default uniform 0.577, from 0 to twice the mean; lognormal 1
   */
  cv?: number;
}

/** A sweep, whole: what is driven, how hard, for how long, and what is watched. Command-line flags override the fields one to one. */
export interface Plan {
  /** Whether sessions are HTTP clients or browsers. */
  mode: Mode;
  /** What the sessions open or request. Loopback only, unless consent names the host. */
  url: string;
  /** Concurrent sessions of each level [sessions], ascending, without repeats. */
  levels: number[];
  /**
   * Looks for the highest level that keeps these, instead of running all `levels`: of them only the lowest, where the search
   * begins, and the highest, where it ends, count. For example `[{ "metric": "latency_ms_p95", "below": 500 }]`.
   */
  find_limit?: LimitCondition[];
  /** Independent repetitions of each level, each in fresh processes. */
  replicates: number;
  /** Length of the steady window of each attempt, warm-up not included [ms]. */
  duration_ms: number;
  /** Load before the steady window, not counted [ms]. */
  warmup_ms: number;
  /** Time between two intended starts of one session's iterations [ms]; with `think`, its mean. */
  pace_ms: number;
  /**
   * Think time instead of a pace: a session's next intended start is the end of its iteration + a think time, so that a slow
   * target gets less load. Not in `command` mode.
   */
  think?: ThinkTime;
  /**
   * Open model instead of sessions: level N offers on average N iterations a pace, at random moments, whatever has ended by
   * then. Each is run over a free connection of a pool that grows as needed, to 10 N and at least 100; beyond it they are
   * undelivered. Only in `http` mode.
   */
  arrivals?: "poisson";
  /**
   * Sessions start, or arrivals grow, evenly over this time before the warm-up [ms]. Not in `command` mode.
   *
   * @default 0
   */
  ramp_ms?: number;
  /**
   * Levels that are planned to make more requests a second than this count all of them in histograms, and keep as rows only
   * every so manieth iteration.
   *
   * @default 20000
   */
  rows_per_s_max?: number;
  /** After this long a request or a browser step counts as `timeout` [ms]. */
  timeout_ms: number;
  /** Length of each idle window, before and after the sweep [ms]. */
  idle_ms: number;
  /**
   * Longest wait before each attempt until the machine is quiet again [ms]: its CPU use, in two looks in a row, near that of
   * the idle window before the sweep. 0 waits for nothing.
   *
   * @default 5000
   */
  cooldown_ms?: number;
  /** Time between two resource samples [ms]. */
  sample_interval_ms: number;
  /** Seed of level order and of session phases. */
  seed: number;
  /**
   * Agents that share the sessions of each level, each a process that uses one core at most; not more than a level has sessions.
   * In `playwright` mode each has a browser of its own, in `command` mode there is one.
   *
   * @default in `http` mode one, and more for a level where one would use more than 60 % of a core; otherwise one
   */
  agents?: number;
  /** The groups that the machine to be bought will carry. */
  size_groups: Exclude<Group, "system">[];
  /** `http` mode: the steps of one iteration, in order, or by weight. Empty: one GET of `url`. */
  requests: HttpStep[];
  /** `http` mode: what sessions do before, after and beside their iterations. */
  http_scenario?: HttpScenario;
  /** `playwright` mode: the default scenario's settings. */
  browser_scenario: BrowserScenario;
  /**
   * `command` mode: the load generator, program and arguments. `{sessions}`, `{duration}` [whole seconds, warm-up included]
   * and `{seed}` are replaced: `["k6", "run", "--vus", "{sessions}", "--duration", "{duration}s", "script.js"]`.
   */
  command?: string[];
  /** `playwright` mode: path of the browser to use. Otherwise it is looked for. */
  browser?: string;
  /** The system under test, by process id. */
  target_pid?: number;
  /** The system under test, by the TCP port that it listens on. */
  target_port?: number;
  /** The system under test, as a command that Plimsoll starts anew for every attempt: program and arguments. */
  target_command?: string[];
  /** The system under test, by the exact name of its processes: all that have it, and their children. */
  target_name?: string;
  /** The system under test is this cgroup, a container or a service, as `/proc/<pid>/cgroup` names it. Linux only. */
  target_cgroup?: string;
  /**
   * The system under test, by a page of metrics in the text format of Prometheus, of its machine (node_exporter), its container
   * (cAdvisor) or itself. Loopback only, unless consent names this host too.
   */
  target_prometheus?: string;
  /** With `target_prometheus`: only series that have all of these labels are the target's. */
  target_labels?: Record<string, string>;
}

const wholeFrom = (low: number, high: number) => z.int().min(low).max(high);
const HOUR_MS = 3_600_000;

const status = wholeFrom(100, 599);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256, 64 hexadecimal digits");

/** Validates an {@linkcode HttpRequest}. */
export const httpRequestSchema = z.strictObject({
  name: z.string().min(1).max(100),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
  path: z.string().startsWith("/"),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  weight: z.number().positive().max(1e6).optional(),
  check: z.strictObject({
    status: z.union([status, z.array(status).min(1)], "a status, for example 200, or a list of them").optional(),
    contains: z.string().min(1).optional(),
    json: z.record(
      z.string().min(1),
      z.union([z.string(), z.number(), z.boolean(), z.null()], "a text, a number, true, false or null"),
    ).optional(),
  }).optional(),
}) satisfies z.ZodType<HttpRequest>;

const ofStream = {
  name: z.string().min(1).max(100),
  headers: z.record(z.string(), z.string()).optional(),
  receive: wholeFrom(1, 1_000_000).optional(),
  hold_ms: wholeFrom(1, 24 * HOUR_MS).optional(),
  keep: z.boolean().optional(),
  weight: z.number().positive().max(1e6).optional(),
};

/** Validates a {@linkcode WebSocketStep}. */
export const webSocketStepSchema = z.strictObject({
  websocket: z.string().startsWith("/"),
  send: z.union([z.string(), z.array(z.string()).min(1).max(1000)], "a text, or a list of texts").optional(),
  ...ofStream,
}) satisfies z.ZodType<WebSocketStep>;

/** Validates an {@linkcode SseStep}. */
export const sseStepSchema = z.strictObject({
  sse: z.string().startsWith("/"),
  ...ofStream,
}) satisfies z.ZodType<SseStep>;

/** Validates an {@linkcode HttpStep}. */
export const httpStepSchema = z.union([httpRequestSchema, webSocketStepSchema, sseStepSchema]) satisfies z.ZodType<
  HttpStep
>;

/** Validates an {@linkcode HttpScenario}. */
export const httpScenarioSchema = z.strictObject({
  module: z.string().min(1).optional(),
  module_sha256: sha256.optional(),
  setup: z.array(httpStepSchema).max(100).optional(),
  teardown: z.array(httpStepSchema).max(100).optional(),
  users: z.string().min(1).optional(),
  users_sha256: sha256.optional(),
  cookies: z.boolean().optional(),
  follow_redirects: z.boolean().optional(),
  ca: z.string().min(1).optional(),
  ca_sha256: sha256.optional(),
}) satisfies z.ZodType<HttpScenario>;

const ACTIONS = {
  // Two slashes, or a backslash, would name another host.
  goto: z.string().regex(/^\/(?![/\\])/, "a path on the plan's URL, for example /chat"),
  click: z.string().min(1),
  fill: z.tuple([z.string().min(1), z.string()]),
  press: z.tuple([z.string().min(1), z.string().min(1)]),
  wait: z.union([wholeFrom(1, HOUR_MS), z.string().min(1)], "milliseconds, or a selector"),
  scroll: z.int().min(-100_000).max(100_000),
  screenshot: z.literal(true),
};

/** Validates a {@linkcode BrowserStep}. */
export const browserStepSchema = z.looseObject({
  name: z.string().min(1).max(100).optional(),
  ...z.object(ACTIONS).partial().shape,
}).refine(
  (step) => {
    const actions = Object.keys(step).filter((key) => key !== "name");
    return actions.length === 1 && actions[0] in ACTIONS;
  },
  `exactly one of ${Object.keys(ACTIONS).join(", ")}, and a name if you like`,
) satisfies z.ZodType<BrowserStep>;

/** Validates a {@linkcode BrowserScenario}. */
export const browserScenarioSchema = z.strictObject({
  viewport: z.strictObject({ width: wholeFrom(64, 7680), height: wholeFrom(64, 4320) }),
  screenshot_every_ms: wholeFrom(0, HOUR_MS),
  screenshot_format: z.enum(["jpeg", "png"]),
  screenshot_quality: wholeFrom(1, 100),
  steps: z.array(browserStepSchema).min(1).max(100).optional(),
  module: z.string().min(1).optional(),
  module_sha256: sha256.optional(),
  storage_state: z.string().min(1).optional(),
  storage_state_sha256: sha256.optional(),
  isolation: z.enum(["context", "browser"]).optional(),
  har: z.boolean().optional(),
  trace: z.boolean().optional(),
}).refine(({ steps, module }) => !steps || !module, "steps or a module, not both") satisfies z.ZodType<BrowserScenario>;

/** Validates a {@linkcode ThinkTime}. */
export const thinkTimeSchema = z.strictObject({
  distribution: z.enum(["constant", "uniform", "exponential", "lognormal"]),
  mean_ms: wholeFrom(1, HOUR_MS),
  cv: z.number().positive().max(10).optional(),
}).refine(
  ({ distribution, cv }) =>
    cv === undefined || distribution === "lognormal" || (distribution === "uniform" && cv <= 1 / Math.sqrt(3)),
  "a cv only of uniform, at most 0.577, or of lognormal",
) satisfies z.ZodType<ThinkTime>;

/** Validates the shape of a {@linkcode Plan}; whether its URL may be loaded is `checkUrl`'s question. */
export const planSchema = z.strictObject({
  mode: z.enum(["http", "playwright", "command"]),
  url: z.string(),
  levels: z.array(wholeFrom(1, 100_000)).min(1).max(100),
  find_limit: z.array(limitConditionSchema).min(1).max(5).optional(),
  replicates: wholeFrom(1, 100),
  duration_ms: wholeFrom(1000, 24 * HOUR_MS),
  warmup_ms: wholeFrom(0, HOUR_MS),
  pace_ms: wholeFrom(1, HOUR_MS),
  think: thinkTimeSchema.optional(),
  arrivals: z.literal("poisson").optional(),
  ramp_ms: wholeFrom(0, HOUR_MS).optional(),
  rows_per_s_max: wholeFrom(1, 10_000_000).optional(),
  timeout_ms: wholeFrom(1, HOUR_MS),
  idle_ms: wholeFrom(1000, HOUR_MS),
  cooldown_ms: wholeFrom(0, HOUR_MS).refine((ms) => ms === 0 || ms >= 500, "0, or at least 500").optional(),
  sample_interval_ms: wholeFrom(100, 10_000),
  seed: wholeFrom(0, 2 ** 32 - 1),
  agents: wholeFrom(1, 256).optional(),
  size_groups: z.array(z.enum(["target", "browser", "generator"])).min(1),
  requests: z.array(httpStepSchema).max(100),
  http_scenario: httpScenarioSchema.optional(),
  browser_scenario: browserScenarioSchema,
  command: z.array(z.string().min(1)).min(1).optional(),
  browser: z.string().min(1).optional(),
  target_pid: wholeFrom(1, 2 ** 31 - 1).optional(),
  target_port: wholeFrom(1, 65_535).optional(),
  target_command: z.array(z.string().min(1)).min(1).optional(),
  target_name: z.string().regex(/^[^\0]{1,255}$/, "the name of a program, as ps shows it").optional(),
  target_cgroup: z.string().regex(
    /^(?!.*\/\.\.?(\/|$))\/[^\0]*$/,
    "an absolute path without . and .., for example /system.slice/web.service",
  ).optional(),
  target_prometheus: z.string().optional(),
  target_labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "the name of a label"), z.string()).optional(),
}) satisfies z.ZodType<Plan>;
