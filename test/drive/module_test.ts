import assert from "node:assert/strict";
import { join } from "node:path";
import { startStreamer } from "../../src/demo/mod.ts";
import { pinScenario } from "../../src/drive/browser/pin_scenario.ts";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { drive } from "./drive_http.ts";
import { rawServer } from "./http1/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/** Drives sessions by a module of that text. */
async function driveModule(port: number, text: string, options: Parameters<typeof drive>[1]) {
  await using folder = await tempFolder();
  const path = join(folder.path, `module-${crypto.randomUUID()}.ts`);
  await Deno.writeTextFile(path, text);
  const given = makePlan({ url: `http://127.0.0.1:${port}/`, http_scenario: { module: path } });
  const { http_scenario } = await pinScenario(given);
  return await drive(port, { ...options, http_scenario, job: { module: path } });
}

function told(rows: readonly { step: string; outcome: string }[]): string[] {
  return rows.map(({ step, outcome }) => outcome === "ok" ? step : `${step}: ${outcome}`);
}

function reasons(events: readonly object[]): string[] {
  return events.flatMap((row) => "reason" in row ? String(row.reason) : []);
}

Deno.test("a module logs in once a session, talks over requests and streams, thinks, and logs out: each a row", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  const module = `
    import type { HttpModule } from "plimsoll";
    export const setup: HttpModule = async ({ get, session, state }) => {
      state.who = "viewer=m" + session;
      await get("/api/chat?" + state.who, { name: "join" });
    };
    export default (async ({ get, post, request, websocket, sse, step, check, think, session, iteration, state }) => {
      const said = await step("say", () => post("/api/chat?" + state.who, "hello {session}/" + iteration));
      check(said.status === 201 && said.headers["content-type"] === "application/json", "said");
      await think(30);
      const heard = (await get("/api/chat?" + state.who)).json();
      check(heard.messages.some(({ text }: { text: string }) => text === "hello " + session + "/" + iteration), "one hears oneself");
      const feed = sse("feed", "/api/events?viewer=e" + session, { receive: iteration === 0 ? 1 : 0, hold_ms: 20 });
      const [sent] = await websocket("live", "/ws/chat?" + state.who, {
        send: [{ type: "chat", text: "x" }, '{"type":"like"}'],
        receive: 1,
      });
      check(JSON.parse(sent).type !== undefined, "an answer");
      await feed;
      await request("GET", "/frame", { name: "picture" });
    }) satisfies HttpModule;
    export const teardown: HttpModule = async ({ get, iteration }) => {
      await get("/stream.json?" + iteration, { name: "leave" });
    };`;
  const { rows, events } = await driveModule(streamer.port, module, { sessions: 2, for_ms: 1200, pace_ms: 400 });
  assert.deepEqual(reasons(events), []);
  for (const session of [0, 1]) {
    const own = rows.filter((row) => row.session === session);
    const first = told(own.filter(({ iteration }) => iteration === 0)).toSorted();
    assert.deepEqual(first, [
      "feed",
      "feed (connect)",
      "get",
      "join",
      "live",
      "live (connect)",
      "picture",
      "say",
    ]);
    assert.equal(own[0].phase, "setup");
    assert.deepEqual([own.at(-1)!.step, own.at(-1)!.phase], ["leave", "teardown"]);
    assert.equal(own.filter(({ phase }) => phase !== undefined).length, 2);
    const again = own.filter(({ iteration, phase }) => iteration === 1 && phase === undefined);
    assert.deepEqual(told(again).toSorted(), ["feed", "get", "live", "picture", "say"]);
    const [say, get] = again;
    assert(get.scheduled_ms >= say.started_ms + say.duration_ms + 29, "thinking is in no latency");
    assert(say.scheduled_ms <= say.started_ms && say.bytes_in > 0);
  }
});

Deno.test("what goes wrong in a module is an outcome of its step with its reason, once, and the session goes on", async () => {
  await using server = await rawServer({
    onData: (socket, piece) => {
      if (piece.startsWith("GET /missing")) socket.write("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n");
      else if (!piece.startsWith("GET /silent")) socket.write(OK);
    },
  });
  const cases: [what: string, body: string, rows: string[], reason?: RegExp][] = [
    ["nothing", "", ["scenario"]],
    ["a throw", "throw new TypeError('no\\nsecond line');", ["scenario: step_failed"], /^TypeError: no$/],
    ["a throw of no error", "throw 'odd';", ["scenario: step_failed"], /^odd$/],
    ["a throw after a request", "await get('/'); null.x;", ["get", "scenario: step_failed"], /^TypeError: Cannot read/],
    ["a throw in a step", "await step('pay', () => { throw new Error('x') });", ["pay: step_failed"], /^Error: x$/],
    ["an answer", "await get('/missing'); await get('/');", ["get: http_error"]],
    ["an answer that is caught", "try { await get('/missing') } catch {} await get('/');", ["get: http_error", "get"]],
    ["a check", "await get('/'); check(1 > 2, 'one is more');", ["get", "scenario: check_failed"], /^one is more$/],
    ["a check in a step", "await step('a', () => check(0, 'b'));", ["a: check_failed"], /^b$/],
    [
      "another host",
      "await get('http://example.com/x?token=t0p');",
      ["get: blocked_host"],
      /^http:\/\/example.com\/? is not/,
    ],
    [
      "another port",
      "await post('http://127.0.0.1:9/', 'x');",
      ["post: blocked_host"],
      /127.0.0.1:9\/? is not the target$/,
    ],
    [
      "another host in disguise",
      "await get('//example.com/');",
      ["get: blocked_host"],
      /^http:\/\/example.com\/? is not/,
    ],
    ["another scheme", "await get('file:///etc/passwd');", ["get: blocked_host"], /is not the target$/],
    [
      "a stream elsewhere",
      "await websocket('ws', 'ws://example.com/');",
      ["ws: blocked_host"],
      /example.com\/? is not/,
    ],
    ["no path", "await get('http://');", ["get: step_failed"], /must be a path or a URL/],
    ["a header", "await get('/', { headers: { a: 'b\\r\\nc' } });", ["get: step_failed"], /must be one line/],
    ["a body", "await post('/', () => {});", ["post: step_failed"], /Cannot send function/],
    ["no JSON", "(await get('/')).json();", ["get", "scenario: step_failed"], /^SyntaxError/],
    ["no time", "await think(-1);", ["scenario: step_failed"], /^RangeError: Cannot think/],
    ["too long an answer", "await get('/silent');", ["get: timeout"]],
    ["nothing for too long", "await new Promise(() => {});", ["scenario: timeout"], /asked for nothing for 150 ms/],
    ["what nobody waits for", "get('/'); get('/', { name: 'b' });", ["get", "b"]],
    [
      "a rejection nobody waits for",
      "get('/missing'); Promise.reject(new Error('lost'));",
      ["get: http_error"],
      /^nobody waited for it: Error: lost$/,
    ],
    [
      "a throw in a timer",
      "setTimeout(() => { throw new Error('late') }); await think(20);",
      ["scenario"],
      /Error: late$/,
    ],
  ];
  for (const [what, body, expected, reason] of cases) {
    const module = `export default async ({ get, post, websocket, step, check, think }) => { ${body} };`;
    const { rows, events } = await driveModule(server.port, module, { for_ms: 400, pace_ms: 200, timeout_ms: 150 });
    const iterations = [...Map.groupBy(rows, ({ iteration }) => iteration).values()];
    assert(iterations.length >= 2, `${what}: the session goes on`);
    for (const own of iterations.slice(0, -1)) assert.deepEqual(told(own), expected, what);
    const said = [...new Set(reasons(events))];
    if (reason) assert.match(said.join("\n"), reason, what);
    assert.equal(said.length, reason ? 1 : 0, `${what}: ${said}`);
  }
});

Deno.test("requests of one session go one after the other; what is under way at the end is aborted after the drain", async () => {
  let most = 0;
  let open = 0;
  await using server = await rawServer({
    onData: (socket, piece) => {
      if (piece.startsWith("GET /silent")) return;
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        socket.write(OK);
      }, 20);
    },
  });
  const many =
    "export default async ({ get }) => { await Promise.all([1, 2, 3].map((n) => get('/' + n, { name: `n${n}` }))) };";
  const { rows } = await driveModule(server.port, many, { for_ms: 500, pace_ms: 200 });
  assert.deepEqual(told(rows).slice(0, 3), ["n1", "n2", "n3"]);
  assert.deepEqual([most, server.connections()], [1, 1]);
  const stuck =
    "export default async ({ get, think }) => { await think(1e9); await get('/silent'); await get('/never'); };";
  const cut = await driveModule(server.port, stuck, { for_ms: 300, pace_ms: 1, timeout_ms: 60_000 });
  assert.deepEqual(told(cut.rows), ["get: aborted"]);
});

Deno.test("a module is checked before anything else, with no more permissions than the agent has, and pinned", async () => {
  await using folder = await tempFolder();
  const file = async (name: string, text: string) => {
    const path = join(folder.path, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  const pin = (input: Partial<PlanInput>) => pinScenario(makePlan({ url: "http://127.0.0.1:9/", ...input }));
  await file("helper.ts", "export const word = 'hello';");
  const good = await file(
    "good.ts",
    "import { word } from './helper.ts'; export default async ({ get }) => { await get(word); };",
  );
  const pinned = await pin({ http_scenario: { module: good } });
  assert.equal(pinned.http_scenario!.module_sha256!.length, 64);
  assert.deepEqual(await pin(pinned), pinned, "once more, unchanged");
  Deno.writeTextFileSync(good, "export default () => {};");
  await assert.rejects(pin(pinned), /the file that the plan was made with/);
  const bad: [text: string, message: RegExp][] = [
    ["export default 1;", /http_scenario.module.*default export is a function.*\(it has no such default export\)\.$/],
    ["export default () => {}; export const setup = 1;", /\(its setup is none\)\.$/],
    ["export default async (", /default export is a function.*\(.+\)\.$/],
    ["Deno.readTextFileSync('/etc/hostname'); export default () => {};", /\(Requires read access to "\/etc\/hostname"/],
    ["Deno.env.get('HOME'); export default () => {};", /\(Requires env access to "HOME"/],
    ["import 'https://deno.land/x/a.ts'; export default () => {};", /--no-remote is specified/],
    ["import '../outside.ts'; export default () => {};", /\(.*read access/],
  ];
  for (const [index, [text, message]] of bad.entries()) {
    await assert.rejects(pin({ http_scenario: { module: await file(`bad${index}.ts`, text) } }), (error: Error) => {
      assert.equal(error.name, "InputError");
      assert.match(error.message, message);
      return true;
    });
  }
  await assert.rejects(
    async () => await pin({ http_scenario: { module: good }, requests: [{ name: "a", method: "GET", path: "/" }] }),
    /a module or lists of steps, not both/,
  );
});
