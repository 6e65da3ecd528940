// deno-lint-ignore-file no-explicit-any -- JSON of a reply, as a fetch gives it
import type { HttpCheck } from "../../schema/plan.ts";

/** How a request of a module is to be made. */
export interface HttpCallOptions {
  /** Of its row. @default the step that it is in, otherwise its method in lower case */
  name?: string;
  /** Sent besides `host`, `user-agent` and the session's cookies. */
  headers?: Record<string, string>;
  /** A text is sent as it is, anything else as JSON. */
  body?: unknown;
  /** What its response must be. @default any status below 400 */
  check?: HttpCheck;
}

/** A response, read to its end. */
export interface HttpReply {
  /** HTTP status. */
  status: number;
  /** Names in lower case; of a name that came more than once the values, joined by a comma. */
  headers: Record<string, string>;
  /** The body as UTF-8, up to 16 MiB of it. */
  text(): string;
  /** What the body is as JSON. @throws {SyntaxError} If it is none. */
  json(): any;
}

/** What a module does on a stream. */
export interface StreamCallOptions {
  /** Sent when it is opened. */
  headers?: Record<string, string>;
  /** Messages to wait for, counted from the call. @default 0 */
  receive?: number;
  /** Goes on reading until that long after the call [ms]. @default 0 */
  hold_ms?: number;
  /** Whether it stays open for the next call of its name, over iterations too. @default true */
  keep?: boolean;
}

/** As {@linkcode StreamCallOptions}, where one can also speak. */
export interface WebSocketCallOptions extends StreamCallOptions {
  /** Messages to send first, in order: a text as it is, anything else as JSON. */
  send?: unknown | unknown[];
}

/**
 * What one call of a module's function gets.
 *
 * Every request is a row, and so is every call on a stream. One that fails is recorded and thrown: unless the module catches
 * it, the iteration ends there. `{session}`, `{iteration}`, `{user.COLUMN}` and `{env.NAME}` in paths, headers and bodies are
 * replaced as in a plan. Requests of one session go over its one connection, one after the other.
 */
export interface HttpContext {
  /** The session's number, from 0. */
  session: number;
  /** The iteration's number, from 0; of `setup` and `teardown` the one that they come before or after. */
  iteration: number;
  /** The session's row of the plan's `users`, by column. */
  user: Readonly<Record<string, string>>;
  /** Of this session alone, from its setup to its teardown: what a login gave, for example. */
  state: Record<string, unknown>;
  /** Gets a path on the plan's URL. Any other host is `blocked_host`. */
  get(path: string, options?: Omit<HttpCallOptions, "body">): Promise<HttpReply>;
  /** Posts to a path on the plan's URL. */
  post(path: string, body?: unknown, options?: Omit<HttpCallOptions, "body">): Promise<HttpReply>;
  /** Sends any request. */
  request(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD",
    path: string,
    options?: HttpCallOptions,
  ): Promise<HttpReply>;
  /** Sends and waits on the session's WebSocket of that name, opened where it is not. @returns the messages that came. */
  websocket(name: string, path: string, options?: WebSocketCallOptions): Promise<string[]>;
  /** Waits on the session's server-sent events of that name, opened where they are not. @returns `data` of those that came. */
  sse(name: string, path: string, options?: StreamCallOptions): Promise<string[]>;
  /** Names the rows of what is done in it; what else it throws is a row `step_failed` of that name. */
  step<T>(name: string, act: () => T | Promise<T>): Promise<T>;
  /** Ends the iteration as `check_failed`, and says what, if it does not hold. */
  check(holds: unknown, what: string): void;
  /** Waits, as a user would [ms]; not in any latency. Nobody waits any more once the attempt is over. */
  think(ms: number): Promise<void>;
}

/**
 * The default export of a scenario module of `http` mode: one iteration of one session. It may also export `setup` and
 * `teardown`, of the same type, called once by each session before its first and after its last iteration.
 *
 * What it throws is a row `step_failed`, and so is an iteration that does nothing for longer than the plan's `timeout_ms` a
 * `timeout`. The module runs where the sessions do: it may connect to the target and read its own folder, and nothing else.
 *
 * @example A module for `--scenario chat.ts`
 * ```ts
 * import type { HttpModule } from "plimsoll";
 *
 * export const setup: HttpModule = async ({ get, session, state }) => {
 *   state.viewer = `s${session}`;
 *   await get(`/api/chat?viewer=${state.viewer}`, { name: "join" });
 * };
 *
 * const chat: HttpModule = async ({ get, post, websocket, step, check, think, state, iteration }) => {
 *   const who = `viewer=${state.viewer}`;
 *   await step("say", () => post(`/api/chat?${who}`, `hello ${iteration}`, { check: { status: 201 } }));
 *   await think(200);
 *   const { messages } = (await get(`/api/chat?${who}`, { name: "read" })).json();
 *   check(messages.length > 0, "one hears at least oneself");
 *   await websocket("live", `/ws/chat?${who}`, { send: { type: "chat", text: "and live" }, receive: 1 });
 * };
 * export default chat;
 * ```
 */
export type HttpModule = (context: HttpContext) => Promise<void> | void;
