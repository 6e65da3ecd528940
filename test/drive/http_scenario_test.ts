import assert from "node:assert/strict";
import { drawWeighted } from "../../src/plan/mod.ts";
import type { HttpStep } from "../../src/schema/mod.ts";
import { drive, rawServer } from "./drive_http.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const get = (name: string, more: Partial<HttpStep> = {}): HttpStep => ({
  name,
  method: "GET",
  path: `/${name}`,
  ...more,
});

Deno.test("of weighted requests an iteration does one, the one that its draw says", async () => {
  await using server = await rawServer((socket) => socket.write(OK));
  const weights = [1, 3];
  const { rows } = await drive(server.port, {
    sessions: 5,
    for_ms: 1000,
    pace_ms: 50,
    requests: [get("rare", { weight: 1 }), get("often", { weight: 3 })],
  });
  assert(rows.length > 20, `${rows.length} rows`);
  for (const { session, iteration, step, scheduled_ms } of rows) {
    const drawn = drawWeighted(weights, { seed: 1, level: 5, replicate: 1, session, iteration });
    assert.equal(step, ["rare", "often"][drawn], `session ${session}, iteration ${iteration}`);
    const twins = rows.filter((row) => row.session === session && row.iteration === iteration);
    assert.deepEqual(twins.map((row) => row.scheduled_ms), [scheduled_ms]);
  }
});

Deno.test("a session sets up once before its first iteration and tears down after its last, over one connection", async () => {
  const lines: string[] = [];
  await using server = await rawServer((socket, text) => {
    lines.push(text.split(" ")[1]);
    socket.write(OK);
  });
  const { rows, events } = await drive(server.port, {
    sessions: 3,
    for_ms: 700,
    pace_ms: 100,
    requests: [get("feed?of={session}")],
    http_scenario: {
      setup: [get("register?as={session}"), get("login?as={session}")],
      teardown: [get("logout?as={session}")],
    },
  });
  assert.equal(server.connections(), 3);
  for (const session of [0, 1, 2]) {
    const own = rows.filter((row) => row.session === session);
    assert.deepEqual(own.slice(0, 2).map(({ step, phase }) => [step.split("?")[0], phase]), [
      ["register", "setup"],
      ["login", "setup"],
    ]);
    assert.deepEqual([own.at(-1)!.step.split("?")[0], own.at(-1)!.phase], ["logout", "teardown"]);
    const iterations = own.slice(2, -1);
    assert(iterations.length >= 2);
    for (const row of iterations) assert.equal(row.phase, undefined);
    const login = own[1];
    assert.equal(iterations[0].scheduled_ms, login.started_ms + login.duration_ms, "off the grid, after the setup");
    assert.deepEqual(
      lines.filter((line) => line.endsWith(`=${session}`)).map((line) => line.split(/[/?]/)[1]),
      ["register", "login", ...iterations.map(() => "feed"), "logout"],
    );
  }
  assert.equal(events.filter(({ event }) => event === "session_end").length, 3);
});

Deno.test("a setup that fails lets no iteration begin, and is tried again at the next slot", async () => {
  let tries = 0;
  const seen: string[] = [];
  await using server = await rawServer((socket, text) => {
    seen.push(text.split(" ")[1]);
    const fails = text.startsWith("GET /login") && ++tries <= 2;
    socket.write(fails ? "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n" : OK);
  });
  const { rows } = await drive(server.port, {
    for_ms: 900,
    pace_ms: 100,
    requests: [get("feed")],
    http_scenario: { setup: [get("login"), get("greet")], teardown: [get("logout")] },
  });
  assert.deepEqual(rows.slice(0, 5).map(({ step, outcome, phase }) => [step, outcome, phase]), [
    ["login", "http_error", "setup"],
    ["login", "http_error", "setup"],
    ["login", "ok", "setup"],
    ["greet", "ok", "setup"],
    ["feed", "ok", undefined],
  ]);
  assert(rows[1].scheduled_ms - rows[0].scheduled_ms >= 99, "a slot later");
  assert.equal(seen.filter((path) => path === "/logout").length, 1);
});

Deno.test("a session that never got through its setup tears nothing down", async () => {
  const seen = new Set<string>();
  await using server = await rawServer((socket, text) => {
    seen.add(text.split(" ")[1]);
    socket.write("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n");
  });
  const { rows } = await drive(server.port, {
    for_ms: 350,
    pace_ms: 100,
    http_scenario: { setup: [get("login")], teardown: [get("logout")] },
  });
  assert.deepEqual([...seen], ["/login"]);
  assert(rows.length >= 2 && rows.every(({ phase }) => phase === "setup"));
});
