import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import { Receiver as AnyReceiver, Sender as AnySender } from "ws";
import { MalformedResponse, parseHeaders, ResponseParser, serialiseRequest } from "../http1/mod.ts";
import { MESSAGE_LIMIT, type ProtocolEvents, type StreamProtocol, type StreamRequest } from "./protocol.ts";

/** What of `ws` is used here; it comes without types. */
const Receiver = AnyReceiver as new (options: { isServer: boolean; maxPayload: number }) => Writable;
const Sender = AnySender as {
  frame(
    data: Buffer,
    options: { opcode: number; fin: boolean; mask: boolean; readOnly: boolean; rsv1: boolean },
  ): Uint8Array[];
};

/** Of a frame, by RFC 6455, section 5.2. */
const OPCODE = { text: 1, close: 8, pong: 10 };
/** By RFC 6455, section 1.3. */
const HANDSHAKE_ID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const NORMAL = 1000;
/** The server closed without saying why. */
const NO_CODE = 1005;

/**
 * A WebSocket (RFC 6455), without extensions: text and binary messages are counted, pings answered.
 *
 * @example What a client sends first
 * ```ts
 * import { webSocket } from "./web_socket.ts";
 * import assert from "node:assert/strict";
 *
 * const deaf = { opened() {}, refused() {}, message() {}, answer() {}, ended() {} };
 * const { request } = webSocket({ path: "/chat", headers: { host: "a" } }, deaf);
 * assert.match(new TextDecoder().decode(request.bytes), /^GET \/chat HTTP\/1\.1\r\nhost: a\r\nupgrade: websocket\r\n/);
 * ```
 */
export function webSocket({ path, headers }: StreamRequest, events: ProtocolEvents): StreamProtocol {
  const key = randomBytes(16).toString("base64");
  const parser = new ResponseParser();
  const receiver = new Receiver({ isServer: false, maxPayload: MESSAGE_LIMIT });
  let open = false;
  let leaving = false;

  receiver.on("message", (data: Buffer) => events.message(() => data.toString()));
  receiver.on("ping", (data: Buffer) => events.answer(frame(OPCODE.pong, data)));
  receiver.on("conclude", (code: number, reason: Buffer) => {
    if (!leaving) events.answer(frame(OPCODE.close, code === NO_CODE ? Buffer.alloc(0) : closing(code)));
    const why = [code === NO_CODE ? "" : code, reason.toString()].filter((part) => part !== "").join(" ");
    events.ended("reset", `the server closed the WebSocket${why === "" ? "" : `: ${why}`}`);
  });
  receiver.on("error", ({ message }: Error) => events.ended("step_failed", message));

  function readAnswer(): void {
    const { status, head } = parser;
    if (status === 101) {
      const fields = new Map(parseHeaders(head));
      const fault = faultOf(fields, key, headers);
      if (fault) throw new MalformedResponse(fault);
      open = true;
      events.opened(status);
    } else if (status >= 400) events.refused("http_error", `status ${status}`, status);
    else events.refused("step_failed", `status ${status}, where 101 opens a WebSocket`, status);
  }

  parser.begin("GET", true, { upgrade: true, onBody: () => {} });
  return {
    request: serialiseRequest({
      method: "GET",
      path,
      headers: {
        ...withoutHost(headers),
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": key,
      },
    }),
    push(bytes) {
      let from = 0;
      if (!open) {
        from = parser.push(bytes);
        // Below 400 it is no answer that one would wait for the end of.
        if (!parser.done && (parser.status === 0 || parser.status >= 400)) return;
        readAnswer();
      }
      // It keeps what it gets until a message is whole.
      if (open && from < bytes.length) receiver.write(Buffer.from(bytes.subarray(from)));
    },
    end() {
      if (!open && parser.end()) readAnswer();
      else events.ended("reset", "the connection ended");
    },
    encode: (message) => frame(OPCODE.text, Buffer.from(message)),
    goodbye() {
      leaving = true;
      return frame(OPCODE.close, closing(NORMAL));
    },
  };
}

/** `host` first, where every client has it. */
function withoutHost({ host, ...headers }: Record<string, string>): Record<string, string> {
  return host === undefined ? headers : { host, ...headers };
}

function frame(opcode: number, data: Buffer): Uint8Array {
  return Buffer.concat(Sender.frame(data, { opcode, fin: true, mask: true, readOnly: true, rsv1: false }));
}

function closing(code: number): Buffer {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(code);
  return data;
}

/** What is wrong with a handshake's answer, by RFC 6455, section 4.1. */
function faultOf(fields: Map<string, string>, key: string, asked: Record<string, string>): string | undefined {
  if (fields.get("upgrade")?.toLowerCase() !== "websocket") return "status 101, but no upgrade to websocket";
  if (!/(^|,)\s*upgrade\s*(,|$)/i.test(fields.get("connection") ?? "")) return "status 101, but no connection: upgrade";
  const accept = createHash("sha1").update(key + HANDSHAKE_ID).digest("base64");
  if (fields.get("sec-websocket-accept") !== accept) return "an accept that is not for our key";
  if (fields.has("sec-websocket-extensions")) return "an extension that nobody asked for";
  const protocol = fields.get("sec-websocket-protocol");
  const [, offered = ""] = Object.entries(asked).find(([name]) => name.toLowerCase() === "sec-websocket-protocol") ??
    [];
  if (protocol !== undefined && !offered.split(/\s*,\s*/).includes(protocol)) return "a protocol that nobody asked for";
}
