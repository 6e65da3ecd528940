import type { SseStep, WebSocketStep } from "../../schema/plan.ts";
import type { ProtocolEvents, StreamProtocol, StreamRequest } from "../streams/mod.ts";
import { type MakeProtocol, NamedStream } from "./named_stream.ts";
import type { RequestSetting } from "./request_step.ts";
import type { SessionState } from "./session_state.ts";
import type { Step, StepEnd } from "./step.ts";
import { Template } from "./template.ts";

/** Tells messages apart: `webSocket` or `serverSentEvents`. */
export type Protocol = (request: StreamRequest, events: ProtocolEvents) => StreamProtocol;

const DEAF: ProtocolEvents = { opened() {}, refused() {}, message() {}, answer() {}, ended() {} };

/** Messages over a stream of the session. */
export class StreamStep implements Step {
  readonly name: string;
  #step: WebSocketStep | SseStep;
  #setting: RequestSetting;
  #path: Template;
  #headers: [name: string, value: Template][];
  #send: Template[];
  #protocol: Protocol;

  /** @throws {TypeError} If it cannot be written as HTTP. */
  constructor(step: WebSocketStep | SseStep, protocol: Protocol, setting: RequestSetting) {
    this.name = step.name;
    this.#step = step;
    this.#setting = setting;
    this.#protocol = protocol;
    this.#path = new Template("websocket" in step ? step.websocket : step.sse);
    this.#headers = Object.entries(step.headers ?? {}).map(([name, value]) => [name, new Template(value)]);
    this.#send = ("websocket" in step ? [step.send ?? []].flat() : []).map((text) => new Template(text));
    this.#opening((text) => text.text)(DEAF);
  }

  async run(state: SessionState, iteration: number, scheduled_ms: number): Promise<StepEnd> {
    const { receive, hold_ms, keep } = this.#step;
    const fill = (text: Template) => text.fill(state, iteration);
    const make = this.#opening(fill);
    const stream = state.stream(this.name, () => new NamedStream(this.name, state, make));
    const act = { timeout_ms: this.#setting.timeout_ms, send: this.#send.map(fill), receive, hold_ms, keepOpen: keep };
    return await stream.act(make, act, { iteration, scheduled_ms });
  }

  #opening(fill: (text: Template) => string): MakeProtocol {
    return (events) => {
      const headers: Record<string, string> = { host: this.#setting.host, "user-agent": "plimsoll" };
      for (const [name, value] of this.#headers) headers[name] = fill(value);
      return this.#protocol({ path: fill(this.#path), headers }, events);
    };
  }
}
