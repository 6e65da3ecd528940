import type { HttpRequest } from "../../schema/plan.ts";
import { type SendOptions, serialiseRequest, type WireRequest } from "../http1/mod.ts";
import type { SessionState } from "./session_state.ts";
import type { Step, StepEnd } from "./step.ts";
import { Template } from "./template.ts";

/** What all requests of a sweep have in common. */
export interface RequestSetting {
  /** Of the plan's URL, as the `host` header says it. */
  host: string;
  timeout_ms: number;
}

/** A request and its response, over the session's connection. */
export class RequestStep implements Step {
  readonly name: string;
  #request: HttpRequest;
  #host: string;
  #path: Template;
  #headers: [name: string, value: Template][];
  #body?: Template;
  /** Written once where it is the same for all sessions and iterations. */
  #wire?: WireRequest;
  #options: SendOptions;

  /** @throws {TypeError} If it cannot be written as HTTP. */
  constructor(request: HttpRequest, { host, timeout_ms }: RequestSetting) {
    this.name = request.name;
    this.#request = request;
    this.#host = host;
    this.#path = new Template(request.path);
    this.#headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name, new Template(value)]);
    if (request.body !== undefined) this.#body = new Template(request.body);
    this.#options = { timeout_ms };
    const parts = [this.#path, ...this.#headers.map(([, value]) => value), ...this.#body ? [this.#body] : []];
    const asWritten = this.#write((text) => text.text);
    if (parts.every(({ constant }) => constant)) this.#wire = asWritten;
  }

  run(state: SessionState, iteration: number): Promise<StepEnd> {
    const wire = this.#wire ?? this.#write((text) => text.fill(state, iteration));
    return state.connection.send(wire, this.#options);
  }

  #write(fill: (text: Template) => string): WireRequest {
    const headers: Record<string, string> = { host: this.#host, "user-agent": "plimsoll" };
    for (const [name, value] of this.#headers) headers[name] = fill(value);
    return serialiseRequest({
      method: this.#request.method,
      path: fill(this.#path),
      headers,
      body: this.#body && fill(this.#body),
    });
  }
}
