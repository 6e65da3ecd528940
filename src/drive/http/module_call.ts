import { AsyncLocalStorage } from "node:async_hooks";
import type { HttpRequest } from "../../schema/plan.ts";
import type { Outcome } from "../../schema/rows.ts";
import { redactText } from "../browser/redact_url.ts";
import type { AttemptClock } from "../driver.ts";
import type { HttpCallOptions, HttpContext, HttpModule, HttpReply, StreamCallOptions } from "./http_module.ts";
import { ModuleFailure } from "./module_failure.ts";
import type { ModuleSession } from "./module_session.ts";
import type { PreparedModule } from "./prepare_module.ts";
import { RequestStep } from "./request_step.ts";
import type { RowOf } from "./session_state.ts";
import type { StepEnd } from "./step.ts";
import { StreamStep } from "./stream_step.ts";

/** What all calls of a module have in common. */
export interface ModuleSetting extends Omit<PreparedModule, "exported"> {
  clock: AttemptClock;
  stop: AbortSignal;
}

/** Of rows that belong to no step. */
export const WHOLE = "scenario";

/** The step that code is in, through whatever it awaits. */
const steps = new AsyncLocalStorage<string>();

/** The attempt is over: nothing more is done or recorded. */
class Cut extends Error {
  override name = "Cut";
}

/** Whether an error has been recorded, or is none. */
export function isRecorded(error: unknown): boolean {
  return error instanceof ModuleFailure || error instanceof Cut;
}

/** One call of a module's function: what it is given, and the rows that come of it. */
export class ModuleCall {
  #session: ModuleSession;
  #of: RowOf;
  /** When the first row was to start. */
  #due_ms?: number;
  #rows = 0;
  #failed = false;
  #over = false;
  #busy = new Set<Promise<unknown>>();
  #idle_ms: number;
  #cut = Promise.withResolvers<never>();

  constructor(session: ModuleSession, of: RowOf) {
    this.#session = session;
    this.#of = { ...of };
    this.#due_ms = of.scheduled_ms;
    this.#idle_ms = this.#now();
    // Nobody may be waiting when it comes.
    this.#cut.promise.catch(() => {});
  }

  /** @returns whether all went well. */
  async run(act: HttpModule): Promise<boolean> {
    const started_ms = this.#now();
    try {
      const acting = (async () => await act(this.#context()))();
      await Promise.race([acting, this.#cut.promise]);
      // What it did not wait for belongs to it all the same.
      while (this.#busy.size > 0) await Promise.race([Promise.allSettled(this.#busy), this.#cut.promise]);
      if (this.#rows === 0) this.#record(WHOLE, this.#endOf("ok", started_ms));
    } catch (error) {
      if (!isRecorded(error)) this.#fail(WHOLE, error, started_ms);
      this.#failed = true;
    } finally {
      this.#over = true;
    }
    return !this.#failed;
  }

  /** Ends it without a further row. */
  abort(): void {
    this.#cut.reject(new Cut("the attempt is over"));
  }

  #context(): HttpContext {
    const { state: { session, user }, memory } = this.#session;
    return {
      session,
      iteration: this.#of.iteration,
      user,
      state: memory,
      get: (path, options) => this.#request("GET", path, options),
      post: (path, body, options) => this.#request("POST", path, { ...options, body }),
      request: (method, path, options) => this.#request(method, path, options),
      websocket: (name, path, { send = [], ...options } = {}) =>
        this.#stream("webSocket", name, path, { ...options, send: [send].flat().map(textOf) }),
      sse: (name, path, options = {}) => this.#stream("serverSentEvents", name, path, options),
      step: (name, act) => this.#step(name, act),
      check: (holds, what) => {
        if (!holds) throw this.#failAs("check_failed", stepName(WHOLE), { reason: what, started_ms: this.#now() });
      },
      think: (ms) => this.#think(ms),
    };
  }

  async #request(method: HttpRequest["method"], path: string, options: HttpCallOptions = {}): Promise<HttpReply> {
    const { name = stepName(method.toLowerCase()), headers = {}, body, check } = options;
    const { setting: { request }, state } = this.#session;
    const end = await this.#do(name, "", () => {
      const typed: Record<string, string> = body === undefined || typeof body === "string"
        ? {}
        : { "content-type": "application/json" };
      const message = { name, method, path: this.#pathOf(path), headers: { ...typed, ...lowered(headers) }, check };
      const step = new RequestStep({ ...message, ...(body === undefined ? {} : { body: textOf(body) }) }, request);
      return step.run(state, this.#of.iteration);
    });
    return replyOf(end);
  }

  async #stream(
    protocol: "webSocket" | "serverSentEvents",
    name: string,
    path: string,
    { headers, receive, hold_ms, ...options }: StreamCallOptions & { send?: string[] },
  ): Promise<string[]> {
    const { setting: { request, protocols, stop }, state } = this.#session;
    const end = await this.#do(name, name, (of) => {
      const kind = protocol === "webSocket" ? { websocket: this.#pathOf(path) } : { sse: this.#pathOf(path) };
      const hold = stop.aborted ? {} : { hold_ms };
      const step = new StreamStep(
        { name, headers, receive, ...hold, ...options, ...kind },
        protocols[protocol],
        request,
      );
      return step.run(state, of.iteration, of.scheduled_ms, { texts: true });
    });
    return end.texts ?? [];
  }

  /** Does what is a row, once what went before on its lane has ended. */
  async #do(name: string, lane: string, act: (of: RowOf) => Promise<StepEnd>): Promise<StepEnd> {
    if (this.#over) throw new Error(`Cannot do ${name} as its iteration must be under way: current state is ended`);
    const { state, lanes } = this.#session;
    const scheduled_ms = this.#due_ms ?? this.#now();
    this.#due_ms = undefined;
    const before = lanes.get(lane);
    const doing = (async () => {
      await before;
      if (state.drained) throw new Cut("the attempt is over");
      const started_ms = this.#now();
      let end: StepEnd;
      try {
        end = await act({ ...this.#of, scheduled_ms });
      } catch (error) {
        throw this.#fail(name, error, started_ms);
      }
      this.#record(name, end, scheduled_ms);
      if (end.outcome !== "ok") throw new ModuleFailure(name, end.outcome, end.reason);
      return end;
    })();
    lanes.set(lane, doing.catch(() => {}));
    this.#busy.add(doing);
    try {
      return await doing;
    } finally {
      this.#busy.delete(doing);
      this.#idle_ms = this.#now();
    }
  }

  async #step<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    const started_ms = this.#now();
    try {
      return await steps.run(name, async () => await act());
    } catch (error) {
      if (isRecorded(error)) throw error;
      throw this.#fail(name, error, started_ms);
    }
  }

  async #think(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new RangeError(`Cannot think as the time must be a number of milliseconds from 0: current value is ${ms}`);
    }
    const { clock, stop } = this.#session.setting;
    const thinking = clock.until(this.#now() + ms, stop);
    this.#busy.add(thinking);
    await thinking;
    this.#busy.delete(thinking);
    this.#due_ms = undefined;
    this.#idle_ms = this.#now();
  }

  /**
   * Ends it as `timeout` if nothing has been under way for too long.
   *
   * @returns when to look again.
   */
  look(): number {
    const { request: { timeout_ms } } = this.#session.setting;
    const now_ms = this.#now();
    if (this.#busy.size > 0) return now_ms + timeout_ms;
    const due_ms = this.#idle_ms + timeout_ms;
    if (now_ms < due_ms) return due_ms;
    const reason = `it asked for nothing for ${timeout_ms} ms`;
    this.#cut.reject(this.#failAs("timeout", WHOLE, { reason, started_ms: this.#idle_ms }));
    return now_ms + timeout_ms;
  }

  /** A path on the target, of what may be a whole URL. */
  #pathOf(given: string): string {
    const base = new URL(this.#session.setting.url);
    // A place that is filled in must not look like a part of a URL.
    const isPath = given.startsWith("/") && !/^\/[/\\]/.test(given);
    if (isPath) return given;
    let url: URL;
    try {
      url = new URL(given, base);
    } catch {
      throw new TypeError(`Cannot request ${JSON.stringify(given)} as it must be a path or a URL`);
    }
    const protocol = url.protocol.replace(/^ws/, "http");
    if (protocol !== base.protocol || url.host !== base.host) {
      throw new ElseWhere(url.origin === "null" ? given : url.origin);
    }
    return url.pathname + url.search;
  }

  /** Records what code of the module, or of ours on its behalf, threw. */
  #fail(name: string, error: unknown, started_ms: number): ModuleFailure {
    if (error instanceof ElseWhere) return this.#failAs("blocked_host", name, { reason: error.message, started_ms });
    return this.#failAs("step_failed", name, { reason: reasonOf(error), started_ms });
  }

  #failAs(
    outcome: Outcome,
    name: string,
    { reason, started_ms }: { reason: string; started_ms: number },
  ): ModuleFailure {
    const said = redactText(reason);
    if (!this.#over) this.#record(name, { ...this.#endOf(outcome, started_ms), reason: said }, started_ms);
    this.#failed = true;
    return new ModuleFailure(name, outcome, said);
  }

  #endOf(outcome: Outcome, started_ms: number): StepEnd {
    return { outcome, status: 0, started_ms, ended_ms: this.#now(), bytes_in: 0, bytes_out: 0 };
  }

  #record(name: string, end: StepEnd, scheduled_ms = this.#due_ms ?? end.started_ms): void {
    this.#rows++;
    this.#session.state.record(name, end, { ...this.#of, scheduled_ms });
  }

  #now(): number {
    return this.#session.setting.clock.now();
  }
}

/** A URL that is not the target's. */
class ElseWhere extends Error {
  constructor(where: string) {
    super(`${where} is not the target`);
  }
}

function lowered(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** What was thrown, in one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return redactText(text.split("\n")[0]).slice(0, 300);
}

function stepName(otherwise: string): string {
  return steps.getStore() ?? otherwise;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`Cannot send ${typeof value} as it must be a text, or something that JSON has`);
  }
  return text;
}

function replyOf({ status, response }: StepEnd): HttpReply {
  const headers: Record<string, string> = {};
  for (const [name, value] of response?.headers ?? []) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const text = () => new TextDecoder().decode(response?.body);
  return { status, headers, text, json: () => JSON.parse(text()) };
}
