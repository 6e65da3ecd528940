import type { HttpRequest } from "../../schema/plan.ts";
import {
  type HttpMessage,
  type HttpResponse,
  type SendOptions,
  serialiseRequest,
  type WireRequest,
} from "../http1/mod.ts";
import { encodeForBody, encodeForPath } from "./encode_for.ts";
import { redirected } from "./redirected.ts";
import { ResponseCheck } from "./response_check.ts";
import type { SessionState } from "./session_state.ts";
import type { Step, StepEnd } from "./step.ts";
import { Template } from "./template.ts";

const MOST_HOPS = 10;

/** What all requests of a sweep have in common. */
export interface RequestSetting {
  /** Of the plan's URL. */
  origin: string;
  timeout_ms: number;
  /** Values of `{env.NAME}`, by name. */
  environment?: Readonly<Record<string, string>>;
  /** @default true */
  follow_redirects?: boolean;
  /** Leave the response with the step's end. @default false */
  keep?: boolean;
}

/**
 * A request and its response, over the session's connection: with the session's cookies, on to where the server leads, and
 * checked.
 *
 * What is the same for all sessions is written once; nothing of a response is kept that nobody looks at.
 */
export class RequestStep implements Step {
  readonly name: string;
  #method: HttpRequest["method"];
  #path: Template;
  #headers: [name: string, value: Template][];
  #body?: Template;
  #check?: ResponseCheck;
  #follows: boolean;
  /** Whether its end has the response. */
  #leaves: boolean;
  /** As the server knows it: a `host` header of the plan's own names it anew. */
  #origin: string;
  /** Written once where it is the same for all sessions and iterations. */
  #wire?: WireRequest;
  /** Likewise, with a session's cookies. */
  #cookied = new WeakMap<SessionState, { cookie: string; wire: WireRequest }>();
  #options: SendOptions;

  /** @throws {TypeError} If it cannot be written as HTTP. */
  constructor(request: HttpRequest, setting: RequestSetting) {
    const { origin, timeout_ms, environment, follow_redirects = true } = setting;
    const { name, method, path, headers = {}, body, check } = request;
    const { host, protocol } = new URL(origin);
    const own = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    this.name = name;
    this.#method = method;
    this.#path = new Template(path, { environment, encode: encodeForPath(path) });
    this.#headers = [...new Map([["host", host], ["user-agent", "plimsoll"], ...own])]
      .map(([name, value]) => [name, new Template(value, { environment })]);
    const encode = encodeForBody(own.get("content-type"));
    if (body !== undefined) this.#body = new Template(body, { environment, encode });
    if (check) this.#check = new ResponseCheck(check, { environment });
    this.#follows = follow_redirects;
    this.#origin = own.has("host") ? `${protocol}//${own.get("host")}` : origin;
    this.#leaves = setting.keep ?? false;
    const keep = this.#leaves || (this.#check?.needsBody ?? false);
    this.#options = { timeout_ms, keep, notice: true };
    const texts = [this.#path, ...this.#headers.map(([, value]) => value), ...this.#body ? [this.#body] : []];
    const sample = serialiseRequest(this.#message((text) => text.sample));
    if (texts.every(({ constant }) => constant)) this.#wire = sample;
  }

  async run(state: SessionState, iteration: number): Promise<StepEnd> {
    const response = await state.connection.send(this.#written(state, iteration), this.#options);
    // Nearly all end here, without anything made for them.
    if (response.headers.length === 0 && !this.#check && !this.#leaves) return response;
    return this.#goOn(response, state, iteration);
  }

  #written(state: SessionState, iteration: number): WireRequest {
    const { cookies } = state;
    const filled = () => this.#message((text) => text.fill(state, iteration));
    if (!cookies || cookies.isEmpty) return this.#wire ?? serialiseRequest(filled());
    if (!this.#wire) return this.#withCookies(filled(), state);
    const cookie = cookies.header(this.#origin + this.#path.text);
    let kept = this.#cookied.get(state);
    if (kept?.cookie !== cookie) this.#cookied.set(state, kept = { cookie, wire: this.#withCookies(filled(), state) });
    return kept.wire;
  }

  #message(fill: (text: Template) => string): HttpMessage {
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#headers) headers[name] = fill(value);
    return { method: this.#method, path: fill(this.#path), headers, body: this.#body && fill(this.#body) };
  }

  #withCookies(message: HttpMessage, { cookies }: SessionState): WireRequest {
    const cookie = [message.headers.cookie, cookies?.header(this.#origin + message.path)].filter(Boolean).join("; ");
    return serialiseRequest(cookie ? { ...message, headers: { ...message.headers, cookie } } : message);
  }

  /** Takes cookies, goes where the response leads, and judges the last one. */
  async #goOn(first: HttpResponse, state: SessionState, iteration: number): Promise<StepEnd> {
    let message = this.#message((text) => text.fill(state, iteration));
    let last = first;
    let { bytes_in, bytes_out } = first;
    const end = (outcome = last.outcome, reason?: string): StepEnd => {
      const { status, ended_ms } = last;
      const response = this.#leaves ? { response: last } : {};
      return { outcome, status, started_ms: first.started_ms, ended_ms, bytes_in, bytes_out, reason, ...response };
    };
    for (let hop = 0;; hop++) {
      const url = this.#origin + message.path;
      const set = last.headers.flatMap(([name, value]) => name === "set-cookie" ? value : []);
      if (set.length > 0) state.cookies?.take(set, url);
      if (last.outcome !== "ok" || !this.#follows || this.#check?.asksFor(last.status)) break;
      const next = redirected(last, { message, url });
      if (next.kind === "final") break;
      if (next.kind === "blocked") return end("blocked_host", next.reason);
      if (next.kind === "malformed") return end("http_error", next.reason);
      if (hop === MOST_HOPS) return end("http_error", `led on more than ${MOST_HOPS} times`);
      const left_ms = this.#options.timeout_ms - (last.ended_ms - first.started_ms);
      if (left_ms <= 0) return end("timeout");
      if (state.drained) return end("aborted");
      message = next.message;
      last = await state.connection.send(this.#withCookies(message, state), { ...this.#options, timeout_ms: left_ms });
      bytes_in += last.bytes_in;
      bytes_out += last.bytes_out;
    }
    if (!this.#check || (last.outcome !== "ok" && last.outcome !== "http_error")) return end();
    const { outcome, reason } = this.#check.judge(last, state, iteration);
    return end(outcome, reason);
  }
}
