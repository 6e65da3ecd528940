import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Connection } from "../../../src/drive/http1/mod.ts";
import { attemptClock } from "../../../src/run/child_end.ts";
import type { Outcome } from "../../../src/schema/mod.ts";
import { rawServer } from "./raw_server.ts";

/** For what must end by it; all else gets ample time, as the machine may be busy. */
const TIMEOUT_MS = 600;
const AMPLE_MS = 20_000;
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

type Act = (socket: Socket) => void;

const say = (...lines: string[]): Act => (socket) => socket.write(lines.join("\r\n"));
const sayAndEnd = (...lines: string[]): Act => (socket) => socket.end(lines.join("\r\n"));
const chunked = (...lines: string[]): Act => say("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", ...lines);

/** Writes for as long as anybody reads. */
function pour(beginning: string, piece: string): Act {
  return (socket) => {
    socket.write(beginning);
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on("drain", more);
    more();
  };
}

const HOSTILE: [what: string, outcome: Outcome, status: number, act: Act][] = [
  ["closes without a word", "reset", 0, (socket) => socket.end()],
  ["resets", "reset", 0, (socket) => socket.resetAndDestroy()],
  ["closes in the status line", "reset", 0, sayAndEnd("HTTP/1.1 2")],
  ["closes in the head", "reset", 0, sayAndEnd("HTTP/1.1 200 OK", "content-le")],
  ["closes after 100 Continue", "reset", 0, sayAndEnd("HTTP/1.1 100 Continue", "", "")],
  ["closes in a body of known length", "reset", 200, sayAndEnd("HTTP/1.1 200 OK", "content-length: 50", "", "half")],
  ["closes in a chunk", "reset", 200, sayAndEnd("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "50", "half")],
  [
    "closes before the last chunk",
    "reset",
    200,
    sayAndEnd("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "2", "ok", ""),
  ],
  [
    "closes in the trailers",
    "reset",
    200,
    sayAndEnd("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "0", "x: y", ""),
  ],
  ["resets in a body until the end", "reset", 200, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\nsome", () => setTimeout(() => socket.resetAndDestroy(), 30));
  }],
  ["never answers", "timeout", 0, () => {}],
  ["never ends its head, sending nothing", "timeout", 0, say("HTTP/1.1 200 OK", "x: y", "")],
  ["never ends its body, sending nothing", "timeout", 200, say("HTTP/1.1 200 OK", "content-length: 50", "", "half")],
  ["never ends its body until the end", "timeout", 200, say("HTTP/1.1 200 OK", "", "half")],
  ["announces more than it sends", "timeout", 200, say("HTTP/1.1 200 OK", "content-length: 6", "", "hello")],
  ["pours a body without an end", "timeout", 200, pour("HTTP/1.1 200 OK\r\n\r\n", "z".repeat(10_000))],
  [
    "pours chunks without an end",
    "timeout",
    200,
    pour("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "5\r\nhello\r\n".repeat(1000)),
  ],
  ["pours 1xx without an end", "timeout", 0, pour("", "HTTP/1.1 102 Processing\r\n\r\n".repeat(100))],
  ["pours a header without an end", "step_failed", 0, pour("HTTP/1.1 200 OK\r\nx: ", "z".repeat(10_000))],
  ["pours headers without an end", "step_failed", 0, pour("HTTP/1.1 200 OK\r\n", "x: y\r\n".repeat(1000))],
  [
    "has a head of over 64 KiB",
    "step_failed",
    0,
    say("HTTP/1.1 200 OK", `x: ${"z".repeat(70_000)}`, "content-length: 0", "", ""),
  ],
  [
    "pours a chunk extension without an end",
    "step_failed",
    200,
    pour("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;", "x".repeat(1000)),
  ],
  [
    "pours zeros of a chunk size",
    "step_failed",
    200,
    pour("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "0".repeat(1000)),
  ],
  [
    "pours trailers without an end",
    "step_failed",
    200,
    pour("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "x: y\r\n".repeat(100)),
  ],
  ["speaks another protocol", "step_failed", 0, say("SSH-2.0-OpenSSH_9.2", "")],
  [
    "speaks HTTP/2",
    "step_failed",
    0,
    (socket) => socket.write(new Uint8Array([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100])),
  ],
  ["has no status line", "step_failed", 0, say("content-length: 5", "", "hello")],
  ["answers in HTTP/0.9", "step_failed", 0, say("<html>old</html>")],
  ["says HTTP/2 in text", "step_failed", 0, say("HTTP/2.0 200 OK", "content-length: 0", "", "")],
  ["says HTTP/1.2", "step_failed", 0, say("HTTP/1.2 200 OK", "content-length: 0", "", "")],
  ["has a status of two digits", "step_failed", 0, say("HTTP/1.1 20 OK", "content-length: 0", "", "")],
  ["has a status of four digits", "step_failed", 0, say("HTTP/1.1 2000 OK", "content-length: 0", "", "")],
  ["has a status in words", "step_failed", 0, say("HTTP/1.1 OK 200", "content-length: 0", "", "")],
  ["has status 000", "step_failed", 0, say("HTTP/1.1 000 None", "content-length: 0", "", "")],
  ["changes the protocol unasked", "step_failed", 0, say("HTTP/1.1 101 Switching", "upgrade: websocket", "", "")],
  ["ends lines in LF alone", "step_failed", 0, say("HTTP/1.1 200 OK\ncontent-length: 5\n\nhello")],
  ["has a CR within a header", "step_failed", 0, say("HTTP/1.1 200 OK", "x: a\rb", "content-length: 0", "", "")],
  ["has NUL in a header", "step_failed", 0, say("HTTP/1.1 200 OK", "x: a\0b", "content-length: 0", "", "")],
  ["has NUL in a name", "step_failed", 0, say("HTTP/1.1 200 OK", "x\0: a", "content-length: 0", "", "")],
  ["has NUL instead of a response", "step_failed", 0, say("\0\0\0\0\0\0\0\0")],
  [
    "has a control character in a header",
    "step_failed",
    0,
    say("HTTP/1.1 200 OK", "x: a\x07", "content-length: 0", "", ""),
  ],
  ["has a header without a colon", "step_failed", 0, say("HTTP/1.1 200 OK", "nonsense", "content-length: 0", "", "")],
  ["has a header without a name", "step_failed", 0, say("HTTP/1.1 200 OK", ": x", "content-length: 0", "", "")],
  ["has a blank before the colon", "step_failed", 0, say("HTTP/1.1 200 OK", "content-length : 5", "", "hello")],
  ["begins with a folded line", "step_failed", 0, say("HTTP/1.1 200 OK", " x: y", "content-length: 0", "", "")],
  [
    "has a length twice",
    "step_failed",
    0,
    say("HTTP/1.1 200 OK", "content-length: 5", "content-length: 6", "", "hello"),
  ],
  ["has a length twice in one line", "step_failed", 0, say("HTTP/1.1 200 OK", "content-length: 5, 5", "", "hello")],
  ["has a negative length", "step_failed", 0, say("HTTP/1.1 200 OK", "content-length: -5", "", "hello")],
  ["has a length in hexadecimal", "step_failed", 0, say("HTTP/1.1 200 OK", "content-length: 0x5", "", "hello")],
  ["has an empty length", "step_failed", 0, say("HTTP/1.1 200 OK", "content-length:", "", "hello")],
  [
    "has a length beyond all measure",
    "step_failed",
    0,
    say("HTTP/1.1 200 OK", "content-length: 99999999999999999999", "", "x"),
  ],
  [
    "has both a length and chunks",
    "step_failed",
    0,
    say("HTTP/1.1 200 OK", "content-length: 5", "transfer-encoding: chunked", "", "0", "", ""),
  ],
  ["has garbage for a chunk size", "step_failed", 200, chunked("zz", "hello", "")],
  ["has a chunk without a size", "step_failed", 200, chunked("", "hello", "")],
  ["has a negative chunk size", "step_failed", 200, chunked("-5", "hello", "")],
  ["has a chunk size with 0x", "step_failed", 200, chunked("0x5", "hello", "")],
  ["has a chunk size beyond all measure", "step_failed", 200, chunked("ffffffffffffffffff", "hello", "")],
  ["has a chunk longer than its size", "step_failed", 200, chunked("2", "hello", "0", "", "")],
  ["has a chunk size line in LF alone", "step_failed", 200, chunked("5\nhello", "0", "", "")],
  ["has a control character in an extension", "step_failed", 200, chunked("5;a\0b", "hello", "0", "", "")],
];

Deno.test("whatever a server does is an outcome in time, and the next request is answered over a new connection", async (t) => {
  for (const [what, outcome, status, act] of HOSTILE) {
    await t.step(`a server that ${what}`, async () => {
      let first = true;
      await using server = await rawServer({
        onData: (socket) => {
          if (first) act(socket);
          else socket.write(OK);
          first = false;
        },
      });
      const connection = new Connection({
        host: "127.0.0.1",
        port: server.port,
        clock: attemptClock(performance.now()),
      });
      const get = (timeout_ms: number) =>
        connection.request({ method: "GET", path: "/", headers: { host: "a" } }, { timeout_ms, keep: true });
      const response = await get(outcome === "timeout" ? TIMEOUT_MS : AMPLE_MS);
      assert.deepEqual([response.outcome, response.status], [outcome, status]);
      const next = await get(AMPLE_MS);
      connection.close();
      assert.deepEqual([next.outcome, next.status, server.connections()], ["ok", 200, 2]);
    });
  }
});

Deno.test("what comes before a request, or between two, is not taken for a response", async () => {
  const early = "HTTP/1.1 408 Too slow\r\ncontent-length: 0\r\n\r\n";
  await using server = await rawServer({
    onData: (socket) => {
      socket.write(OK);
      if (server.connections() === 1) setTimeout(() => socket.write(early), 20);
    },
  });
  const connection = new Connection({ host: "127.0.0.1", port: server.port, clock: attemptClock(performance.now()) });
  const get = () => connection.request({ method: "GET", path: "/", headers: { host: "a" } }, { timeout_ms: AMPLE_MS });
  assert.equal((await get()).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal((await get()).status, 200, "the early 408 answers nothing");
  assert.equal(server.connections(), 2, "a connection that is out of step is not used again");
  connection.close();
});

Deno.test("a server that answers on connecting is a response too early, and no later one is put off by it", async () => {
  await using server = await rawServer({
    onConnect: (socket) => server.connections() === 1 && socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
    onData: (socket) => socket.write(OK),
  });
  const connection = new Connection({ host: "127.0.0.1", port: server.port, clock: attemptClock(performance.now()) });
  const get = () => connection.request({ method: "GET", path: "/", headers: { host: "a" } }, { timeout_ms: AMPLE_MS });
  assert.equal((await get()).outcome, "http_error");
  await new Promise((resolve) => setTimeout(resolve, 60));
  for (let n = 0; n < 3; n++) {
    assert.deepEqual(await get().then(({ outcome, body_bytes }) => [outcome, body_bytes]), ["ok", 5]);
  }
  connection.close();
});

Deno.test("a request under way is aborted at once, and its connection opened anew for the next", async () => {
  await using server = await rawServer({ onData: (socket) => server.connections() > 1 && socket.write(OK) });
  const connection = new Connection({ host: "127.0.0.1", port: server.port, clock: attemptClock(performance.now()) });
  const get = () => connection.request({ method: "GET", path: "/", headers: { host: "a" } }, { timeout_ms: 60_000 });
  const pending = get();
  await new Promise((resolve) => setTimeout(resolve, 30));
  connection.abort();
  assert.equal((await pending).outcome, "aborted");
  assert.equal((await get()).outcome, "ok");
  connection.close();
  assert.throws(() => get(), /closed/);
});

Deno.test("a connection is not trusted for as long as the server says that it keeps it", async () => {
  await using server = await rawServer({
    onData: (socket) => socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 0\r\n\r\n"),
  });
  let now_ms = 0;
  const clock = { now: () => now_ms, until: () => new Promise<void>(() => {}) };
  const connection = new Connection({ host: "127.0.0.1", port: server.port, clock });
  for (const [waited_ms, connections] of [[0, 1], [3999, 1], [4000, 2], [3999, 2], [60_000, 3]]) {
    now_ms += waited_ms;
    await connection.request({ method: "GET", path: "/", headers: { host: "a" } }, { timeout_ms: AMPLE_MS });
    assert.equal(server.connections(), connections, `after ${waited_ms} ms`);
  }
  connection.close();
});

Deno.test("a port where nobody listens is refused, and a name that there is not is dns", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  for (const [host, outcome] of [["127.0.0.1", "refused"], ["no-such-name.invalid", "dns"]]) {
    const connection = new Connection({ host, port, clock: attemptClock(performance.now()) });
    const response = await connection.request({ method: "GET", path: "/", headers: { host } }, {
      timeout_ms: AMPLE_MS,
    });
    assert.deepEqual([response.outcome, response.status, response.bytes_in, response.bytes_out], [outcome, 0, 0, 0]);
    connection.close();
  }
});
