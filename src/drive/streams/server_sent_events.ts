import { createParser } from "eventsource-parser";
import { MalformedResponse, parseHeaders, ResponseParser, serialiseRequest } from "../http1/mod.ts";
import { MESSAGE_LIMIT, type ProtocolEvents, type StreamProtocol, type StreamRequest } from "./protocol.ts";

/**
 * Server-sent events, as browsers read them (https://html.spec.whatwg.org/multipage/server-sent-events.html): a response
 * that does not end, whose `data` of each event is a message.
 */
export function serverSentEvents({ path, headers }: StreamRequest, events: ProtocolEvents): StreamProtocol {
  const parser = new ResponseParser();
  const decoder = new TextDecoder();
  const messages = createParser({
    onEvent: ({ data }) => events.message(() => data),
    onError: ({ type }) => {
      // What is no field is passed over, as browsers do.
      if (type === "max-buffer-size-exceeded") throw new MalformedResponse(`an event of over ${MESSAGE_LIMIT} bytes`);
    },
    maxBufferSize: MESSAGE_LIMIT,
  });
  let state: "opening" | "open" | "refused" = "opening";

  /** As soon as the head is there: the end may never come. */
  function readHead(): void {
    const { status } = parser;
    if (state !== "opening" || status === 0) return;
    const fields = new Map(parseHeaders(parser.head));
    const type = fields.get("content-type") ?? "nothing";
    const encoding = fields.get("content-encoding") ?? "identity";
    if (status === 200 && /^text\/event-stream\s*(;|$)/i.test(type) && encoding === "identity") {
      state = "open";
      events.opened(status);
    } else {
      state = "refused";
      if (status >= 400) return;
      const got = status !== 200 ? `status ${status}` : encoding === "identity" ? type : `content-encoding ${encoding}`;
      events.refused("step_failed", `an answer that is no text/event-stream: ${got}`, status);
    }
  }

  const over = (whole: boolean) => {
    if (state === "refused") events.refused("http_error", `status ${parser.status}`, parser.status);
    else events.ended("reset", whole && state === "open" ? "the server ended the stream" : "the connection ended");
  };
  parser.begin("GET", true, {
    onBody: (piece) => {
      readHead();
      if (state === "open") messages.feed(decoder.decode(piece, { stream: true }));
    },
  });
  return {
    request: serialiseRequest({
      method: "GET",
      path,
      headers: { accept: "text/event-stream", "cache-control": "no-cache", ...headers },
    }),
    push(bytes) {
      parser.push(bytes);
      readHead();
      if (parser.done) over(true);
    },
    end: () => over(parser.end()),
    encode() {
      throw new TypeError(
        "Cannot send a message as the stream must be a WebSocket: current value is server-sent events",
      );
    },
  };
}
