import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpCheck, HttpRequest } from "../../src/schema/mod.ts";
import { drive } from "./drive_http.ts";

type Answer = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;

/** A real server, and what it was asked. */
async function serve(answer: Answer) {
  const asked: { method: string; url: string; cookie?: string; type?: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => body += bytes).on("end", () => {
      const { method = "", url = "", headers } = request;
      asked.push({ method, url, cookie: headers.cookie, type: headers["content-type"], body });
      answer(Object.assign(request, { body }), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const get = (path: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  name: "get",
  method: "GET",
  path,
  ...more,
});
/** One session does these steps once, as its setup: no pace is waited for. */
async function once(port: number, steps: HttpRequest[], more: Partial<Parameters<typeof drive>[1]> = {}) {
  const { http_scenario, ...rest } = more;
  const { rows, events } = await drive(port, {
    for_ms: 100_000,
    pace_ms: 1,
    requests: [get("/stop", { name: "stop" })],
    ...rest,
    http_scenario: { ...http_scenario, setup: steps },
    until: (row) => row.phase === undefined || row.outcome !== "ok",
  });
  return { rows: rows.filter(({ phase }) => phase === "setup").slice(0, steps.length), events };
}

Deno.test("a session keeps the cookies that it is given, for the paths and the time they are meant for", async () => {
  await using server = await serve(({ url = "" }, response) => {
    if (url === "/login") {
      response.setHeader("set-cookie", [
        "sid=s1; Path=/; HttpOnly",
        "deep=d1; Path=/deep",
        "brief=b1; Path=/; Max-Age=2",
        "foreign=f1; Domain=example.com",
        "sid2=x; Path=/",
      ]);
    }
    if (url === "/logout") response.setHeader("set-cookie", ["sid=; Path=/; Max-Age=0", "sid2=y; Path=/"]);
    setTimeout(() => response.end("ok"), url === "/wait" ? 2100 : 0);
  });
  const paths = ["/before", "/login", "/feed", "/deep/feed?x=1", "/wait", "/feed", "/logout", "/feed"];
  await once(server.port, paths.map((path) => get(path)), { timeout_ms: 30_000 });
  const sent = server.asked.map(({ cookie }) => cookie?.split("; ").toSorted().join());
  assert.deepEqual(sent.slice(0, paths.length), [
    undefined,
    undefined,
    "brief=b1,sid2=x,sid=s1",
    "brief=b1,deep=d1,sid2=x,sid=s1",
    "brief=b1,sid2=x,sid=s1",
    "sid2=x,sid=s1",
    "sid2=x,sid=s1",
    "sid2=y",
  ]);
});

Deno.test("each session has cookies of its own, beside those that the plan sends; cookies: false keeps none", async () => {
  await using server = await serve(({ url = "" }, response) => {
    if (url.startsWith("/login")) response.setHeader("set-cookie", `sid=${url.split("=")[1]}; Path=/`);
    response.end("ok");
  });
  const scenario = { setup: [get("/login?as={session}")] };
  const requests = [get("/feed?as={session}", { headers: { Cookie: "theme={env.THEME}" } })];
  const job = { secrets: { environment: { THEME: "dark" } } };
  await drive(server.port, { sessions: 4, for_ms: 300, pace_ms: 50, requests, http_scenario: scenario, job });
  const feeds = server.asked.filter(({ url }) => url.startsWith("/feed"));
  assert(new Set(feeds.map(({ url }) => url)).size === 4);
  for (const { url, cookie } of feeds) assert.equal(cookie, `theme=dark; sid=${url.split("=")[1]}`);
  server.asked.length = 0;
  const off = { ...scenario, cookies: false };
  await drive(server.port, { sessions: 2, for_ms: 200, pace_ms: 50, requests, http_scenario: off, job });
  for (const { url, cookie } of server.asked) assert.equal(cookie, url.startsWith("/feed") ? "theme=dark" : undefined);
});

Deno.test("a redirect on the target's origin is followed, as one row with the bytes of all", async () => {
  await using server = await serve(({ url = "" }, response) => {
    const [status, location] = ({
      "/303": [303, "/home"],
      "/302": [302, "home?a=b"],
      "/301": [301, "//127.0.0.1:PORT/home"],
      "/307": [307, "http://127.0.0.1:PORT/home"],
      "/308": [308, "/home"],
    } as Record<string, [number, string]>)[url] ?? [200, ""];
    if (location) response.setHeader("location", location.replace("PORT", `${server.port}`));
    if (location) response.setHeader("set-cookie", `at=${status}; Path=/`);
    response.statusCode = status;
    response.end(location ? "" : "x".repeat(1000));
  });
  const headers = { "content-type": "text/plain" };
  const post = (path: string): HttpRequest => ({ name: path, method: "POST", path, headers, body: "me" });
  const { rows } = await once(server.port, [303, 302, 301, 307, 308].map((status) => post(`/${status}`)));
  assert.deepEqual(rows.map(({ step, outcome, status }) => [step, outcome, status]), [
    ["/303", "ok", 200],
    ["/302", "ok", 200],
    ["/301", "ok", 200],
    ["/307", "ok", 200],
    ["/308", "ok", 200],
  ]);
  for (const row of rows) assert(row.bytes_in > 1200 && row.bytes_out > 150, `${row.bytes_in} and ${row.bytes_out}`);
  const then = server.asked.filter(({ url }) => url.startsWith("/home"));
  assert.deepEqual(then.map(({ method, url, type, body, cookie }) => [method, url, type, body, cookie]), [
    ["GET", "/home", undefined, "", "at=303"],
    ["GET", "/home?a=b", undefined, "", "at=302"],
    ["GET", "/home", undefined, "", "at=301"],
    ["POST", "/home", "text/plain", "me", "at=307"],
    ["POST", "/home", "text/plain", "me", "at=308"],
  ]);
});

Deno.test("a redirect off the target's origin is blocked_host, and nothing is sent there", async () => {
  await using other = await serve((_request, response) => response.end("you should not be here"));
  for (const host of ["127.0.0.1", "localhost"]) {
    await using server = await serve((_request, response) => {
      response.writeHead(302, { location: `http://user:hidden@${host}:${other.port}/secret?token=hidden` }).end();
    });
    const { rows, events } = await once(server.port, [get("/out")]);
    assert.deepEqual(rows.map(({ outcome, status }) => [outcome, status]), [["blocked_host", 302]]);
    const told = events.filter(({ event }) => event === "step_failed");
    assert.deepEqual(told.map((row) => row.event === "step_failed" && [row.step, row.outcome, row.reason]), [
      ["get", "blocked_host", `led to http://${host}:${other.port}, which is not http://127.0.0.1:${server.port}`],
    ]);
  }
  assert.deepEqual(other.asked, []);
});

Deno.test("redirects end: after ten, at no URL, or where the plan does not follow", async () => {
  await using server = await serve(({ url = "" }, response) => {
    const hops = Number(/\d+/.exec(url)?.[0] ?? NaN);
    if (url === "/odd") response.writeHead(302, { location: "http://[nowhere" }).end();
    else if (url === "/script") response.writeHead(302, { location: "javascript:alert(1)" }).end();
    else if (url === "/bare") response.writeHead(302).end();
    else if (hops > 0) response.writeHead(302, { location: `/${hops - 1}` }).end();
    else response.end("there");
  });
  const cases: [path: string, outcome: string, status: number, more?: object][] = [
    ["/10", "ok", 200],
    ["/11", "http_error", 302],
    ["/odd", "http_error", 302],
    ["/script", "blocked_host", 302],
    ["/bare", "ok", 302],
    ["/10", "ok", 302, { follow_redirects: false }],
  ];
  for (const [path, outcome, status, http_scenario] of cases) {
    const { rows } = await once(server.port, [get(path)], { http_scenario });
    assert.deepEqual(rows.map((row) => [row.outcome, row.status]), [[outcome, status]], path);
  }
  const { rows } = await once(server.port, [get("/3", { check: { status: 302 } })]);
  assert.deepEqual(rows.map((row) => [row.outcome, row.status]), [["ok", 302]], "a check that asks for it gets it");
});

Deno.test("a timeout covers a request and all that it leads to", async () => {
  await using server = await serve(({ url = "" }, response) => {
    setTimeout(() => response.writeHead(302, { location: `/${Number(url.slice(1)) - 1}` }).end(), 90);
  });
  const { rows } = await once(server.port, [get("/9")], { timeout_ms: 400 });
  assert.equal(rows[0].outcome, "timeout");
  assert(rows[0].duration_ms >= 399 && server.asked.length < 10, `${rows[0].duration_ms} ms`);
});

Deno.test("a response is what its check asks for, or check_failed", async () => {
  const body = { user: { name: "Ada 0", tags: ["a", "b"] }, count: 2, none: null };
  await using server = await serve(({ url = "" }, response) => {
    response.statusCode = Number(url.split("/")[1]) || 200;
    response.end(url.endsWith("/text") ? "Welcome, Ada! Grüße" : url.endsWith("/json") ? JSON.stringify(body) : "");
  });
  const cases: [path: string, check: HttpCheck, outcome: string, reason?: RegExp][] = [
    ["/200/", { status: 200 }, "ok"],
    ["/201/", { status: [200, 201] }, "ok"],
    ["/404/", { status: 404 }, "ok"],
    ["/200/", { status: [404, 410] }, "check_failed", /^status 200, where the check asks for 404 or 410$/],
    ["/500/", { status: 200 }, "check_failed", /^status 500, where the check asks for 200$/],
    ["/500/text", { contains: "Welcome" }, "http_error"],
    ["/500/text", { status: 500, contains: "Welcome" }, "ok"],
    ["/200/text", { contains: "Welcome, {user.name}" }, "ok"],
    ["/200/text", { contains: "Grüße" }, "ok"],
    ["/200/text", { contains: "Farewell" }, "check_failed", /^the body does not contain what the check asks for$/],
    ["/200/json", { json: { "user.name": "{user.name} {session}", "user.tags.1": "b", count: 2, none: null } }, "ok"],
    [
      "/200/json",
      { json: { "user.age": 7 } },
      "check_failed",
      /^user\.age in the body is not what the check asks for$/,
    ],
    ["/200/json", { json: { count: "2" } }, "check_failed", /^count in/],
    ["/200/json", { json: { "user.toString": null } }, "check_failed", /^user\.toString in/],
    ["/200/text", { json: { count: 2 } }, "check_failed", /^the body is no JSON$/],
  ];
  for (const [path, check, outcome, reason = /^$/] of cases) {
    const { rows, events } = await once(server.port, [get(path, { check })], {
      job: { secrets: { users: [{ name: "Ada" }] } },
    });
    const label = `${path} ${JSON.stringify(check)}`;
    assert.equal(rows[0].outcome, outcome, label);
    const told = events.flatMap((row) => row.event === "step_failed" && row.step === "get" ? row.reason : []);
    assert.match(told.join(), reason, label);
  }
});

Deno.test("what fills in a text is written as its place asks", async () => {
  await using server = await serve((_request, response) => response.end("ok"));
  const user = { page: "a b/c?d", words: "x&y=/ü", quote: 'say "hi"\\', name: "Ada" };
  const json = { "Content-Type": "application/json; charset=utf-8" };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const post = { name: "post", method: "POST" as const };
  await once(server.port, [
    get("/{user.page}?q={user.words}&key={env.KEY}&s={session}"),
    { ...post, path: "/json", headers: json, body: '{"a": "{user.quote}", "n": {session}, "keep": {"x": 1}}' },
    { ...post, path: "/form", headers: form, body: "name={user.name}&password={user.words}" },
    { ...post, path: "/text", body: "{user.words} {env.KEY} {nothing} {user}" },
  ], { job: { secrets: { users: [user], environment: { KEY: "k+e/y" } } } });
  const [first, second, third, fourth] = server.asked;
  assert.equal(first.url, "/a%20b/c%3Fd?q=x%26y%3D%2F%C3%BC&key=k%2Be%2Fy&s=0");
  assert.deepEqual(JSON.parse(second.body), { a: user.quote, n: 0, keep: { x: 1 } });
  assert.equal(new URLSearchParams(third.body).get("password"), user.words);
  assert.equal(fourth.body, "x&y=/ü k+e/y {nothing} {user}");
});

Deno.test("session k is the user of row k, from the first again after the last", async () => {
  await using server = await serve((_request, response) => response.end("ok"));
  const users = ["ada", "bob", "cy"].map((name) => ({ name }));
  const requests = [get("/{session}/{user.name}")];
  await drive(server.port, { sessions: 7, for_ms: 200, pace_ms: 50, requests, job: { secrets: { users } } });
  const seen = [...new Set(server.asked.map(({ url }) => url))].toSorted();
  assert.deepEqual(seen, Array.from({ length: 7 }, (_, session) => `/${session}/${users[session % 3].name}`));
});

Deno.test("a URL's own query may hold places too", async () => {
  await using server = await serve((_request, response) => response.end("ok"));
  const url = `http://127.0.0.1:${server.port}/room/{session}?t={env.T}&n={iteration}`;
  await drive(server.port, { url, for_ms: 100, pace_ms: 1000, job: { secrets: { environment: { T: "a b" } } } })
    .then(({ rows }) => assert(rows.every(({ outcome }) => outcome === "ok")));
  for (const { url } of server.asked) assert.match(url, /^\/room\/0\?t=a%20b&n=\d+$/);
});
