import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { startStreamer } from "../../../src/demo/mod.ts";
import {
  MessageStream,
  type ProtocolEvents,
  serverSentEvents,
  type StreamProtocol,
  type StreamRequest,
  type TurnOptions,
  webSocket,
} from "../../../src/drive/streams/mod.ts";
import { attemptClock } from "../../../src/run/child_end.ts";
import { hasProgram } from "../../has_program.ts";
import { countingProxy } from "../http1/counting_proxy.ts";
import { rawServer } from "../http1/raw_server.ts";
import { selfSigned } from "../http1/self_signed.ts";

const LONG_MS = 20_000;

type Make = (request: StreamRequest, events: ProtocolEvents) => StreamProtocol;

function client(make: Make, port: number, { path = "/", headers = {}, tls }: {
  path?: string;
  headers?: Record<string, string>;
  tls?: { servername?: string; ca?: string };
} = {}) {
  const request = { path, headers: { host: `localhost:${port}`, ...headers } };
  const stream = new MessageStream(
    { host: "127.0.0.1", port, clock: attemptClock(performance.now()), ...(tls ? { tls } : {}) },
    (events) => make(request, events),
  );
  return {
    open: (timeout_ms = LONG_MS) => stream.open({ timeout_ms }),
    turn: (options: Partial<TurnOptions>) => stream.turn({ timeout_ms: LONG_MS, keep: true, ...options }),
    close: () => stream.close(),
    get isOpen() {
      return stream.isOpen;
    },
    stream,
    [Symbol.asyncDispose]: () => stream.close().then(() => {}),
  };
}

function acceptOf(head: string): string {
  const key = /sec-websocket-key: (\S+)/.exec(head)![1];
  return createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
}

const switched = (head: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${
    acceptOf(head)
  }\r\n\r\n`;
const text = (message: string) => `\x81${String.fromCharCode(message.length)}${message}`;
const EVENTS = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";

/** A server that agrees to a WebSocket, and then does as it is told. */
function agreeing(act: (socket: Socket, piece: string) => void) {
  return rawServer({
    onData: (socket, piece) => {
      if (!piece.startsWith("GET ")) return act(socket, piece);
      socket.write(switched(piece), "latin1");
      act(socket, "");
    },
  });
}

Deno.test("a WebSocket to the Streamer: what one says the others hear, and every byte on the wire is counted", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  await using proxy = await countingProxy(streamer.port);
  const listener = client(webSocket, proxy.port, { path: "/ws/chat?viewer=a" });
  const speaker = client(webSocket, streamer.port, { path: "/ws/chat?viewer=b" });
  const opened = await listener.open();
  assert.deepEqual([opened.outcome, opened.status], ["ok", 101]);
  assert.equal((await speaker.open()).outcome, "ok");
  const say = (word: string) => JSON.stringify({ type: "chat", text: word });
  const heard = listener.turn({ receive: 40, hold_ms: 10 });
  const said = await speaker.turn({ send: Array.from({ length: 40 }, (_, n) => say(`hello ${n} é`)), receive: 40 });
  assert.equal(said.outcome, "ok");
  const turn = await heard;
  assert.equal(turn.outcome, "ok");
  assert(turn.messages >= 40);
  assert(turn.texts.some((message) => JSON.parse(message).message?.text === "hello 17 é"));
  assert(turn.over_ms >= turn.started_ms + 10 && turn.ended_ms <= turn.over_ms);
  await speaker.close();
  const rest = await listener.close();
  assert.equal(opened.bytes_in + turn.bytes_in + rest.bytes_in, proxy.counted.in);
  assert.equal(opened.bytes_out + turn.bytes_out + rest.bytes_out, proxy.counted.out);
  assert.equal(turn.bytes_from_ms, opened.over_ms, "bytes that come between two turns belong to the later");
  assert.equal(proxy.counted.connections, 1);
});

Deno.test("server-sent events of the Streamer: each is a message, and every byte is counted", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  await using proxy = await countingProxy(streamer.port);
  const listener = client(serverSentEvents, proxy.port, { path: "/api/events?viewer=a" });
  const opened = await listener.open();
  assert.deepEqual([opened.outcome, opened.status], ["ok", 200]);
  const heard = listener.turn({ receive: 30 });
  for (let n = 0; n < 30; n++) {
    const response = await fetch(`${streamer.url}api/chat?viewer=b`, { method: "POST", body: `hello ${n} é` });
    await response.body?.cancel();
  }
  const turn = await heard;
  assert.equal(turn.outcome, "ok");
  assert(turn.texts.some((message) => JSON.parse(message).message?.text === "hello 17 é"));
  const rest = await listener.close();
  assert.equal(opened.bytes_in + turn.bytes_in + rest.bytes_in, proxy.counted.in);
  assert.equal(opened.bytes_out + turn.bytes_out + rest.bytes_out, proxy.counted.out);
});

Deno.test("a handshake that is refused, wrong or never answered is an outcome, and can be tried again", async () => {
  const answers: [what: string, outcome: string, status: number, reason: RegExp, make: Make, answer: string][] = [
    ["refused", "http_error", 403, /^status 403$/, webSocket, "HTTP/1.1 403 No\r\ncontent-length: 4\r\n\r\nsure"],
    ["no upgrade", "step_failed", 200, /^status 200, where 101/, webSocket, "HTTP/1.1 200 OK\r\n\r\nendless"],
    ["a redirect", "step_failed", 302, /^status 302/, webSocket, "HTTP/1.1 302 Go\r\nlocation: /\r\n\r\n"],
    ["no HTTP", "step_failed", 0, /no HTTP status line/, webSocket, "SSH-2.0-x\r\n"],
    ["wrong accept", "step_failed", 0, /not for our key/, webSocket, switched("sec-websocket-key: eA==\r\n")],
    [
      "another upgrade",
      "step_failed",
      0,
      /no upgrade to websocket/,
      webSocket,
      "HTTP/1.1 101 Ok\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
    ],
    [
      "refused events",
      "http_error",
      500,
      /^status 500$/,
      serverSentEvents,
      "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "a page",
      "step_failed",
      200,
      /no text\/event-stream: text\/html$/,
      serverSentEvents,
      "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>",
    ],
    [
      "compressed events",
      "step_failed",
      200,
      /content-encoding gzip$/,
      serverSentEvents,
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\r\nx",
    ],
    ["nothing", "timeout", 0, /^nothing had come of it/, webSocket, ""],
    ["no events", "timeout", 0, /^nothing had come of it/, serverSentEvents, ""],
  ];
  for (const [what, outcome, status, reason, make, answer] of answers) {
    await using server = await rawServer({ onData: (socket) => socket.write(answer, "latin1") });
    await using stream = client(make, server.port);
    for (let tries = 1; tries <= 2; tries++) {
      const turn = await stream.open(answer === "" ? 100 : LONG_MS);
      assert.deepEqual([turn.outcome, turn.status], [outcome, status], what);
      assert.match(turn.reason!, reason, what);
      assert(!stream.isOpen);
      assert.equal(turn.bytes_in, answer.length, what);
      assert.equal(server.connections(), tries);
    }
  }
  for (const [outcome, act] of [["reset", "resetAndDestroy"], ["reset", "end"]] as const) {
    for (const make of [webSocket, serverSentEvents]) {
      await using server = await rawServer({ onData: (socket) => socket[act]() });
      assert.equal((await client(make, server.port).open()).outcome, outcome, act);
    }
  }
});

Deno.test("a port where nobody listens is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  assert.equal((await client(webSocket, port).open()).outcome, "refused");
});

Deno.test("what goes wrong with a WebSocket in the middle is an outcome", async () => {
  const cases: [what: string, outcome: string, reason: RegExp, act: (socket: Socket) => void][] = [
    [
      "closed in mid-message",
      "reset",
      /^the connection ended$/,
      (socket) => socket.end(text("hello").slice(0, 4), "latin1"),
    ],
    ["cut", "reset", /./, (socket) => socket.resetAndDestroy()],
    [
      "closed",
      "reset",
      /^the server closed the WebSocket: 1008 go$/,
      (socket) => socket.write("\x88\x04\x03\xf0go", "latin1"),
    ],
    [
      "closed without a word",
      "reset",
      /^the server closed the WebSocket$/,
      (socket) => socket.write("\x88\x00", "latin1"),
    ],
    ["masked", "step_failed", /MASK must be clear/, (socket) => socket.write("\x81\x81aaaab", "latin1")],
    ["a reserved opcode", "step_failed", /invalid opcode 3/, (socket) => socket.write("\x83\x00", "latin1")],
    ["compressed", "step_failed", /RSV1 must be clear/, (socket) => socket.write("\xc1\x00", "latin1")],
    ["no UTF-8", "step_failed", /invalid UTF-8/, (socket) => socket.write(text("\xff"), "latin1")],
    [
      "huge",
      "step_failed",
      /Max payload size exceeded/,
      (socket) => socket.write("\x82\x7f\0\0\0\0\x7f\0\0\0", "latin1"),
    ],
    [
      "beyond all measure",
      "step_failed",
      /payload length > 2\^53/,
      (socket) => socket.write("\x82\x7f\x7f\0\0\0\0\0\0\0", "latin1"),
    ],
  ];
  for (const [what, outcome, reason, act] of cases) {
    await using server = await agreeing((socket, piece) => piece !== "" && act(socket));
    await using stream = client(webSocket, server.port);
    assert.equal((await stream.open()).outcome, "ok", what);
    const turn = await stream.turn({ send: ["go"], receive: 1 });
    assert.equal(turn.outcome, outcome, what);
    assert.match(turn.reason!, reason, what);
    assert(!stream.isOpen, what);
    assert.equal((await stream.open()).outcome, "ok", `again after ${what}`);
  }
});

Deno.test("what goes wrong with server-sent events in the middle is an outcome", async () => {
  const cases: [what: string, outcome: string, reason: RegExp, act: (socket: Socket) => void][] = [
    ["ended", "reset", /^the server ended the stream$/, (socket) => socket.end("data: half")],
    ["cut", "reset", /./, (socket) => socket.resetAndDestroy()],
    ["an event without an end", "step_failed", /an event of over/, (socket) => {
      const more = () => void socket.write(`data: ${"x".repeat(1_000_000)}\n`, () => !socket.destroyed && more());
      more();
    }],
  ];
  for (const [what, outcome, reason, act] of cases) {
    await using server = await rawServer({
      onData: (socket) => void socket.write(EVENTS, () => setTimeout(act, 50, socket)),
    });
    await using stream = client(serverSentEvents, server.port);
    assert.equal((await stream.open()).outcome, "ok", what);
    const turn = await stream.turn({ receive: 1 });
    assert.equal(turn.outcome, outcome, what);
    assert.match(turn.reason!, reason, what);
  }
});

Deno.test("events come in pieces, chunks, comments and several lines", async () => {
  const bytes = new TextEncoder().encode(
    ": hi\nid: 1\nevent: x\ndata: é\ndata: two\n\nretry: 5\n\ndata: three\r\n\r\n",
  );
  await using server = await rawServer({
    onData: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
      (async () => {
        for (const byte of bytes) {
          socket.write(new Uint8Array([49, 13, 10, byte, 13, 10]));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
    },
  });
  await using stream = client(serverSentEvents, server.port);
  await stream.open();
  assert.deepEqual((await stream.turn({ receive: 2 })).texts, ["é\ntwo", "three"]);
  await assert.rejects(stream.turn({ send: ["x"] }), { name: "TypeError", message: /must be a WebSocket/ });
});

Deno.test("a ping is answered, also between two turns, and its bytes count with the next", async () => {
  const pong = Promise.withResolvers<string>();
  await using server = await agreeing((socket, piece) => {
    if (piece === "") socket.write("\x89\x02hi", "latin1");
    else if (piece.startsWith("\x8a")) pong.resolve(piece);
    else socket.write(text("ok"), "latin1");
  });
  await using stream = client(webSocket, server.port);
  await stream.open();
  const piece = await pong.promise;
  const [mask, data] = [piece.slice(2, 6), piece.slice(6)];
  const unmasked = [...data].map((letter, at) => String.fromCharCode(letter.charCodeAt(0) ^ mask.charCodeAt(at))).join(
    "",
  );
  assert.deepEqual([piece.length, unmasked], [8, "hi"]);
  const turn = await stream.turn({ send: ["x"], receive: 1 });
  assert.equal(turn.bytes_out, 8 + 7, "the pong and a masked message of one letter");
  assert.deepEqual(turn.texts, ["ok"]);
});

Deno.test("messages are counted from a turn's start; those too few are a timeout, and the stream goes on", async () => {
  await using server = await agreeing((socket, piece) => socket.write(text(piece === "" ? "early" : "late"), "latin1"));
  await using stream = client(webSocket, server.port);
  await stream.open();
  // The early one comes with the answer to the handshake, or soon after it.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const short = await stream.turn({ send: ["a"], receive: 2, timeout_ms: 300 });
  assert.deepEqual([short.outcome, short.reason, short.texts], ["timeout", "1 of 2 messages had come", ["late"]]);
  assert.equal(short.ended_ms, short.over_ms);
  assert(stream.isOpen);
  assert.deepEqual((await stream.turn({ send: ["a"], receive: 1 })).texts, ["late"]);
  assert.equal(server.connections(), 1);
});

Deno.test("a hold reads on, is no waiting for the server, and can be let go", async () => {
  await using server = await agreeing((socket, piece) => piece !== "" && socket.write(text("ok"), "latin1"));
  await using stream = client(webSocket, server.port);
  await stream.open();
  const held = await stream.turn({ send: ["a"], receive: 1, hold_ms: 300, timeout_ms: 100 });
  assert.equal(held.outcome, "ok");
  assert(held.over_ms - held.started_ms >= 300 && held.ended_ms < held.over_ms);
  const endless = stream.turn({ hold_ms: 3_600_000 });
  setTimeout(() => stream.stream.release(), 50);
  assert.equal((await endless).outcome, "ok");
  const cut = stream.turn({ receive: 1 });
  stream.stream.abort();
  assert.equal((await cut).outcome, "aborted");
});

Deno.test("a stream that breaks between two turns is the outcome of the next, whose bytes are not lost", async () => {
  const sockets: Socket[] = [];
  await using server = await agreeing((socket) => sockets.push(socket));
  await using stream = client(webSocket, server.port);
  await stream.open();
  const ended = new Promise((resolve) => sockets[0].on("close", resolve));
  sockets[0].write(text("one"), "latin1");
  sockets[0].end("\x88\x02\x03\xe9", "latin1");
  await ended;
  assert(stream.isOpen, "the next turn is to say it");
  const turn = await stream.turn({ send: ["never sent"], receive: 1 });
  assert.deepEqual([turn.outcome, turn.reason], ["reset", "the server closed the WebSocket: 1001"]);
  assert.equal(turn.bytes_in, 5 + 4);
  assert(!stream.isOpen);
  assert.equal((await stream.open()).outcome, "ok");
});

Deno.test("closing says goodbye, and waits a moment for the answer", async () => {
  const heard: string[] = [];
  await using server = await agreeing((socket, piece) => {
    if (piece === "") return;
    heard.push(piece);
    setTimeout(() => socket.end("\x88\x02\x03\xe8", "latin1"), 50);
  });
  const stream = client(webSocket, server.port);
  await stream.open();
  const rest = await stream.close();
  assert.deepEqual([rest.bytes_in, rest.bytes_out, heard[0].length], [4, 8, 8]);
  await using silent = await agreeing(() => {});
  const stubborn = client(webSocket, silent.port);
  await stubborn.open();
  assert.equal((await stubborn.close()).bytes_in, 0);
});

Deno.test(
  "over TLS, with the authority given, every byte on the wire counts",
  { ignore: !hasProgram("openssl") },
  async () => {
    const pem = await selfSigned();
    const secure: Server = createTlsServer(pem, (socket) => {
      socket.on("error", () => {}).on("data", (bytes) => {
        const piece = bytes.toString("latin1");
        if (piece.startsWith("GET /ws")) socket.write(switched(piece), "latin1");
        else if (piece.startsWith("GET ")) socket.write(`${EVENTS}data: one\n\n`);
        else socket.write(text("ok"), "latin1");
      });
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const { port } = secure.address() as { port: number };
    for (const [make, path, send] of [[webSocket, "/ws", ["hi"]], [serverSentEvents, "/", []]] as const) {
      await using proxy = await countingProxy(port);
      const stream = client(make, proxy.port, { path, tls: { servername: "localhost", ca: pem.cert } });
      const opened = await stream.open();
      assert.equal(opened.outcome, "ok");
      const turn = await stream.turn(send.length > 0 ? { send, receive: 1 } : { hold_ms: 100 });
      assert.equal(turn.outcome, "ok");
      const rest = await stream.close();
      assert.equal(opened.bytes_in + turn.bytes_in + rest.bytes_in, proxy.counted.in);
      assert.equal(opened.bytes_out + turn.bytes_out + rest.bytes_out, proxy.counted.out);
    }
    const stranger = client(webSocket, port, { tls: { servername: "localhost" } });
    assert.equal((await stranger.open()).outcome, "tls");
    await new Promise<void>((resolve) => secure.close(() => resolve()));
  },
);
