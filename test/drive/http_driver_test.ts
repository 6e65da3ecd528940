import assert from "node:assert/strict";
import type { Socket } from "node:net";
import type { HttpRequest } from "../../src/schema/mod.ts";
import { drive, rawServer } from "./drive_http.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

Deno.test("a session keeps its pace over one connection, and its bytes are those on the wire", async () => {
  const seen: string[] = [];
  await using server = await rawServer((socket, text) => {
    seen.push(text);
    socket.write(OK);
  });
  const { rows, events, late } = await drive(server.port, { for_ms: 1050, pace_ms: 100 });
  assert.equal(server.connections(), 1);
  assert(rows.length >= 9 && rows.length <= 11, `${rows.length} rows`);
  for (const [index, row] of rows.entries()) {
    assert.equal(row.outcome, "ok");
    assert.equal(row.status, 200);
    assert.equal(row.iteration, index);
    assert.equal(row.bytes_in, OK.length);
    assert.equal(row.bytes_out, seen[index].length);
    assert(row.started_ms >= row.scheduled_ms - 1, "no request starts before its slot");
  }
  const gaps = rows.slice(1).map((row, index) => row.scheduled_ms - rows[index].scheduled_ms);
  for (const gap of gaps) assert(Math.abs(gap - 100) < 1e-6, `slots are ${gap} ms apart`);
  assert.equal(late.length, rows.length);
  assert.deepEqual(events.map(({ event }) => event), ["session_start", "session_end"]);
});

Deno.test("each session has a connection of its own", async () => {
  await using server = await rawServer((socket) => socket.write(OK));
  const { rows } = await drive(server.port, { sessions: 7, for_ms: 500, pace_ms: 100 });
  assert.equal(server.connections(), 7);
  assert.deepEqual([...new Set(rows.map(({ session }) => session))].toSorted(), [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("the requests of an iteration run in order, with session and iteration filled in", async () => {
  const lines: string[] = [];
  await using server = await rawServer((socket, text) => {
    lines.push(`${text.split(" HTTP")[0]} ${text.split("\r\n\r\n")[1]}`.trim());
    socket.write(OK);
  });
  const requests: HttpRequest[] = [
    { name: "say", method: "POST", path: "/chat?viewer={session}", body: "hello {iteration}" },
    { name: "read", method: "GET", path: "/chat?viewer={session}" },
  ];
  const { rows } = await drive(server.port, { for_ms: 330, pace_ms: 150, requests });
  assert.deepEqual(lines.slice(0, 4), [
    "POST /chat?viewer=0 hello 0",
    "GET /chat?viewer=0",
    "POST /chat?viewer=0 hello 1",
    "GET /chat?viewer=0",
  ]);
  assert.deepEqual(rows.slice(0, 2).map(({ step, iteration }) => [step, iteration]), [["say", 0], ["read", 0]]);
  assert(
    rows[1].scheduled_ms >= rows[0].started_ms + rows[0].duration_ms - 1,
    "a later step is due when the one before has ended",
  );
});

Deno.test("what goes wrong is an outcome, and the session goes on", async () => {
  const rude: [outcome: string, status: number, act: (socket: Socket) => void][] = [
    ["http_error", 503, (socket) => socket.write("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")],
    ["reset", 0, (socket) => socket.resetAndDestroy()],
    ["reset", 0, (socket) => socket.end()],
    ["reset", 200, (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")],
    ["timeout", 0, () => {}],
    ["timeout", 200, (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")],
    ["step_failed", 0, (socket) => socket.write("this is not HTTP\r\n\r\n")],
  ];
  for (const [outcome, status, act] of rude) {
    let first = true;
    await using server = await rawServer((socket) => {
      if (first) act(socket);
      else socket.write(OK);
      first = false;
    });
    const { rows } = await drive(server.port, { for_ms: 700, pace_ms: 200, timeout_ms: 150 });
    assert.deepEqual([rows[0].outcome, rows[0].status], [outcome, status], outcome);
    assert.equal(rows[1].outcome, "ok", `after ${outcome}`);
  }
});

Deno.test("a port where nobody listens is refused, each iteration anew", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const { rows } = await drive(port, { for_ms: 450, pace_ms: 100 });
  assert(rows.length >= 3);
  for (const row of rows) assert.equal(row.outcome, "refused");
});

Deno.test("a target that cannot keep the pace leaves slots undelivered, and latency counts from the slot", async () => {
  await using server = await rawServer((socket) => setTimeout(() => socket.write(OK), 250));
  const { rows, events } = await drive(server.port, { for_ms: 1500, pace_ms: 100 });
  const slots = events.reduce((sum, row) => sum + (row.event === "undelivered" ? row.slots : 0), 0);
  const served = rows.length;
  const passed = (rows.at(-1)!.scheduled_ms - rows[0].scheduled_ms) / 100 + 1;
  const before = events.filter((row) => row.event === "undelivered" && row.t_ms <= rows.at(-1)!.started_ms + 1)
    .reduce((sum, row) => sum + (row.event === "undelivered" ? row.slots : 0), 0);
  assert(slots > 0);
  assert.equal(served + before, Math.round(passed), "every slot was served or counted");
  const waited = rows.slice(1).map((row) => row.started_ms - row.scheduled_ms);
  assert(Math.max(...waited) > 20, "a late start is measured from its slot");
});

Deno.test("what is under way at the end has five seconds to end, and is aborted then", async () => {
  await using server = await rawServer((socket, text) => {
    if (text.startsWith("GET /slow")) setTimeout(() => socket.write(OK), 1500);
  });
  const slow = await drive(server.port, {
    for_ms: 300,
    pace_ms: 100,
    timeout_ms: 60_000,
    requests: [{ name: "slow", method: "GET", path: "/slow" }],
  });
  assert.deepEqual(slow.rows.map(({ outcome }) => outcome), ["ok"]);
  const never = await drive(server.port, { for_ms: 300, pace_ms: 100, timeout_ms: 60_000, sessions: 3 });
  assert.deepEqual(never.rows.map(({ outcome, status }) => [outcome, status]), Array(3).fill(["aborted", 0]));
  for (const { started_ms, duration_ms } of never.rows) assert(started_ms + duration_ms >= 5300);
});

Deno.test("a request that is no HTTP is told of before the attempt begins", async () => {
  const requests: HttpRequest[] = [{ name: "odd", method: "GET", path: "/", headers: { x: "a\r\nb" } }];
  await assert.rejects(drive(1, { for_ms: 10, pace_ms: 10, requests }), {
    name: "TypeError",
    message: /^Cannot send header x as its value must be one line/,
  });
});

Deno.test("a thousand sessions start on their slots, each over its own connection", async () => {
  await using server = await rawServer((socket) => socket.write(OK));
  const { rows, events, late } = await drive(server.port, { sessions: 1000, for_ms: 2500, pace_ms: 1000 });
  assert.equal(server.connections(), 1000);
  assert.equal(events.filter(({ event }) => event === "session_end").length, 1000);
  for (const { outcome, started_ms, scheduled_ms } of rows) {
    assert.equal(outcome, "ok");
    assert(started_ms >= scheduled_ms, "no request starts before its slot");
  }
  assert(late.length > 0 && late.length <= rows.length);
  assert(late.every((late_ms) => late_ms >= 0));
});
