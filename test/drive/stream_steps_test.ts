import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { startStreamer } from "../../src/demo/mod.ts";
import { type AttemptRows, reduceAttempt } from "../../src/quality/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import type { EventRow, HttpStep, RequestRow } from "../../src/schema/mod.ts";
import { drive } from "./drive_http.ts";
import { countingProxy } from "./http1/counting_proxy.ts";
import { rawServer } from "./http1/raw_server.ts";

/** What agrees to a WebSocket, if that is asked for. */
function agreement(piece: string): string | undefined {
  const key = /^GET (?:.*\r\n)*sec-websocket-key: (\S+)/.exec(piece)?.[1];
  if (key === undefined) return undefined;
  const accept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  return `HTTP/1.1 101 Ok\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
}

/** Agrees to every WebSocket, and answers each piece after that by hand. */
function socketServer(act: (socket: Socket, piece: string) => void) {
  return rawServer({
    onData: (socket, piece) => {
      const agreed = agreement(piece);
      if (agreed === undefined) act(socket, piece);
      else socket.write(agreed);
    },
  });
}
const HELLO = "\x81\x05hello";

function stepsOf(rows: readonly { step: string; outcome: string }[]): string[] {
  return rows.map(({ step, outcome }) => outcome === "ok" ? step : `${step}: ${outcome}`);
}

Deno.test("a session talks over its streams between requests, and rows and events have every byte on the wire", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  await using proxy = await countingProxy(streamer.port);
  const say = '{"type":"chat","text":"hello {iteration} of {session}"}';
  const requests: HttpStep[] = [
    { name: "chat", websocket: "/ws/chat?viewer=c{session}", send: [say, say], receive: 2 },
    { name: "feed", sse: "/api/events?viewer=f{session}" },
    { name: "frame", method: "GET", path: "/api/frame?viewer=c{session}" },
  ];
  const { rows, events } = await drive(proxy.port, { sessions: 3, for_ms: 1000, pace_ms: 200, requests });
  for (const session of [0, 1, 2]) {
    const own = rows.filter((row) => row.session === session);
    assert.deepEqual(stepsOf(own).slice(0, 8), [
      "chat (connect)",
      "chat",
      "feed (connect)",
      "feed",
      "frame",
      "chat",
      "feed",
      "frame",
    ]);
    assert.equal(own.filter(({ step }) => step.endsWith("(connect)")).length, 2, "streams are kept over iterations");
    const chats = own.filter(({ step }) => step === "chat");
    for (const [index, row] of chats.entries()) {
      assert(row.bytes_in > 0 && row.bytes_out > 0 && row.scheduled_ms <= row.started_ms);
      assert(index === 0 || row.bytes_from_ms! > chats[index - 1].started_ms && row.bytes_from_ms! < row.started_ms);
    }
  }
  assert.deepEqual(rows.filter(({ outcome }) => outcome !== "ok"), []);
  const ends = events.flatMap((row) => row.event === "stream_end" ? row : []);
  assert(ends.some(({ step }) => step === "chat") && ends.every(({ bytes_from_ms, t_ms }) => bytes_from_ms <= t_ms));
  const sum = (key: "bytes_in" | "bytes_out") => [...rows, ...ends].reduce((total, row) => total + row[key], 0);
  assert.equal(sum("bytes_out"), proxy.counted.out);
  // What the server says at the very end to one who has closed the stream of events is on nobody's wire.
  const heard = sum("bytes_in");
  assert(heard <= proxy.counted.in && heard > proxy.counted.in * 0.98, `${heard} of ${proxy.counted.in} bytes`);
});

Deno.test("what a server says between steps and after the last counts, to the byte", async () => {
  let said = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  await using chatty = await rawServer({
    onData: (socket, piece) => {
      const agreed = agreement(piece);
      const speak = (text: string) => {
        said += text.length;
        socket.write(text, "latin1");
      };
      if (agreed !== undefined) {
        speak(agreed);
        timer = setInterval(() => speak(HELLO), 5);
      } else {
        clearInterval(timer);
        speak("\x88\x02\x03\xe8");
      }
    },
  });
  const requests: HttpStep[] = [{ name: "feed", websocket: "/", receive: 3 }];
  const { rows, events } = await drive(chatty.port, { for_ms: 1000, pace_ms: 400, requests });
  assert.deepEqual(stepsOf(rows).slice(0, 3), ["feed (connect)", "feed", "feed"]);
  const [end] = events.flatMap((row) => row.event === "stream_end" ? row : []);
  assert.equal(rows.reduce((sum, row) => sum + row.bytes_in, end.bytes_in), said);
  const later = rows.filter(({ step }) => step === "feed").slice(1);
  for (const row of later) assert(row.bytes_in > 5 * HELLO.length, "more came between the steps than in them");
});

Deno.test("a stream that is not kept is opened in each iteration; one that breaks between steps is opened again", async () => {
  await using polite = await socketServer((socket, piece) => {
    socket.write(piece.startsWith("\x88") ? "\x88\x00" : HELLO, "latin1");
  });
  const once: HttpStep[] = [{ name: "chat", websocket: "/", send: "a", receive: 1, keep: false }];
  const short = await drive(polite.port, { for_ms: 500, pace_ms: 150, requests: once });
  const names = stepsOf(short.rows);
  assert(names.length >= 4 && names.length % 2 === 0);
  names.forEach((name, index) => assert.equal(name, index % 2 === 0 ? "chat (connect)" : "chat"));
  assert.equal(polite.connections(), names.length / 2);
  assert.deepEqual(short.events.filter(({ event }) => event === "stream_end"), []);

  await using fickle = await socketServer((socket) => socket.end(HELLO + "\x88\x02\x03\xf0", "latin1"));
  const requests: HttpStep[] = [{ name: "chat", websocket: "/", send: "a", receive: 1 }];
  const { rows, events } = await drive(fickle.port, { for_ms: 900, pace_ms: 150, requests });
  assert.deepEqual(stepsOf(rows).slice(0, 5), ["chat (connect)", "chat", "chat: reset", "chat (connect)", "chat"]);
  const told = events.flatMap((row) => row.event === "step_failed" ? row : []);
  assert.deepEqual(told.map(({ step, outcome, reason }) => [step, outcome, reason]), [
    ["chat", "reset", "the server closed the WebSocket: 1008"],
  ]);
});

Deno.test("a handshake that fails is a row, and ends the iteration", async () => {
  await using server = await rawServer({
    onData: (socket) => socket.write("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"),
  });
  const requests: HttpStep[] = [
    { name: "chat", websocket: "/", receive: 1 },
    { name: "after", method: "GET", path: "/" },
  ];
  const { rows, events } = await drive(server.port, { sessions: 2, for_ms: 500, pace_ms: 100, requests });
  assert(rows.length >= 6);
  for (const row of rows) assert.deepEqual([row.step, row.outcome, row.status], ["chat (connect)", "http_error", 403]);
  assert.equal(events.filter(({ event }) => event === "step_failed").length, 1, "told once, not once a session");
});

Deno.test("a hold ends with the attempt, and is no latency", async () => {
  await using server = await socketServer((socket) => socket.write(HELLO, "latin1"));
  const requests: HttpStep[] = [{ name: "chat", websocket: "/", send: "a", receive: 1, hold_ms: 3_600_000 }];
  const { rows } = await drive(server.port, { for_ms: 500, pace_ms: 100, requests });
  assert.deepEqual(stepsOf(rows), ["chat (connect)", "chat"]);
  const [, row] = rows;
  assert(row.bytes_to_ms! > row.started_ms + row.duration_ms);
  assert(row.bytes_to_ms! >= 499, "it held on to the end");
});

Deno.test("reduceAttempt() counts a stream's bytes in the time they came in, and its opening as no step", () => {
  const requests: HttpStep[] = [
    { name: "feed", sse: "/", hold_ms: 1000 },
    { name: "get", method: "GET", path: "/" },
  ];
  const plan = makePlan({ url: "http://127.0.0.1:1/", levels: [1], requests });
  const row = (step: string, started_ms: number, more: Partial<RequestRow> = {}): RequestRow => ({
    ...{ seq: 0, session: 0, iteration: 0, step, scheduled_ms: started_ms, started_ms, duration_ms: 10 },
    ...{ outcome: "ok", status: 200, bytes_in: 0, bytes_out: 0, ...more },
  });
  const attempt: AttemptRows = {
    seal: {
      ...{ kind: "level", level: 1, replicate: 1, attempt: 1, state: "complete", started_at: "", files: {} },
      window: { from_ms: 1000, to_ms: 3000 },
    },
    requests: [
      row("feed (connect)", 0, { bytes_in: 500 }),
      row("feed", 100, { bytes_in: 4000, bytes_from_ms: 0, bytes_to_ms: 2000 }),
      row("get", 2000, { bytes_in: 70, bytes_out: 30 }),
      row("feed (connect)", 2500, { iteration: 1 }),
      row("feed", 2600, { iteration: 1, bytes_from_ms: 2500, bytes_to_ms: 2900, bytes_in: 100 }),
    ],
    resources: [],
    events: [
      {
        seq: 0,
        t_ms: 4000,
        event: "stream_end",
        session: 0,
        step: "feed",
        bytes_in: 900,
        bytes_out: 100,
        bytes_from_ms: 2000,
      },
    ] as EventRow[],
  };
  const { metrics } = reduceAttempt(attempt, plan, { target_cores: 1, machine_cores: 1 });
  assert.equal(metrics.network_bytes_per_s, (2000 + 100 + 100 + 500) / 2);
  assert.equal(metrics.throughput, 0.5, "the second iteration was not whole");
});
