import type { SseStep, WebSocketStep } from "../../schema/plan.ts";
import type { ProtocolEvents, StreamProtocol, StreamRequest } from "../streams/mod.ts";
import { encodeForPath } from "./encode_for.ts";
import { type MakeProtocol, NamedStream } from "./named_stream.ts";
import type { RequestSetting } from "./request_step.ts";
import type { SessionCookies } from "./session_cookies.ts";
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
  /** Of its stream in a session. */
  #key: string;
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
    this.#key = `${"websocket" in step ? "websocket" : "sse"} ${step.name}`;
    const { environment } = setting;
    const path = "websocket" in step ? step.websocket : step.sse;
    const headers = { host: new URL(setting.origin).host, "user-agent": "plimsoll", ...step.headers };
    this.#path = new Template(path, { environment, encode: encodeForPath(path) });
    this.#headers = Object.entries(headers).map(([name, value]) => [name, new Template(value, { environment })]);
    this.#send = ("websocket" in step ? [step.send ?? []].flat() : []).map((text) =>
      new Template(text, { environment })
    );
    this.#opening((text) => text.sample)(DEAF);
  }

  /** @param keep `texts`: the messages that come, too. */
  async run(
    state: SessionState,
    iteration: number,
    scheduled_ms: number,
    keep: { texts?: boolean } = {},
  ): Promise<StepEnd> {
    const { receive, hold_ms, keep: keepOpen } = this.#step;
    const fill = (text: Template) => text.fill(state, iteration);
    const make = this.#opening(fill, state.cookies);
    const stream = state.stream(this.#key, () => new NamedStream(this.name, state, make));
    const { timeout_ms } = this.#setting;
    const act = { timeout_ms, send: this.#send.map(fill), receive, hold_ms, keepOpen, keep: keep.texts };
    return await stream.act(make, act, { iteration, scheduled_ms });
  }

  #opening(fill: (text: Template) => string, cookies?: SessionCookies): MakeProtocol {
    return (events) => {
      const path = fill(this.#path);
      const headers: Record<string, string> = {};
      for (const [name, value] of this.#headers) headers[name] = fill(value);
      const cookie = cookies?.header(this.#setting.origin + path);
      if (cookie) headers.cookie = headers.cookie ? `${headers.cookie}; ${cookie}` : cookie;
      return this.#protocol({ path, headers }, events);
    };
  }
}
