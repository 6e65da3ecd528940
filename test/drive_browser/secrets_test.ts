import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { load, summarise } from "../../src/dataset/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { privateFolder } from "../../src/drive/browser/private_folder.ts";
import { redactHar } from "../../src/drive/browser/redact_har.ts";
import { tempFolder } from "../temp_folder.ts";
import { drive, html, serve } from "./drive.ts";

/** A word in each place where a secret may be, so that a leak says where it came from. */
const CANARIES = Object.fromEntries(
  [
    "storage_cookie",
    "storage_item",
    "set_cookie",
    "bearer",
    "api_header",
    "answer_header",
    "query",
    "redirect_query",
    "fragment",
    "request_body",
    "answer_body",
    "typed",
    "title",
    "console",
    "socket",
    "error_query",
  ].map((place) => [place, `canary-${place.replaceAll("_", "-")}-7f3a`]),
);

const SITE = `const handler = (request) => {
  const url = new URL(request.url);
  const c = JSON.parse(Deno.args[0]);
  if (url.pathname === "/ws") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  }
  if (url.pathname === "/go") return new Response(null, { status: 302, headers: { location: "/login?code=" + c.redirect_query } });
  if (url.pathname === "/missing") return new Response("missing", { status: 404 });
  if (url.pathname === "/api") {
    if (!request.headers.get("cookie").includes(c.storage_cookie)) return new Response("", { status: 403 });
    return new Response(c.answer_body, { headers: { "x-next-token": c.answer_header, "set-cookie": "sid=" + c.set_cookie } });
  }
  const script = \`addEventListener("load", async () => {
    console.log("\${c.console}"); document.title = "\${c.title}";
    const socket = new WebSocket("ws://" + location.host + "/ws");
    socket.onopen = () => socket.send("\${c.socket}");
    await fetch("/api?page=2&access_token=\${c.query}", { method: "POST", body: "\${c.request_body}",
      headers: { authorization: "Bearer \${c.bearer}", "x-api-key": "\${c.api_header}" } });
    document.body.dataset.item = localStorage.getItem("item");
  });\`;
  return new Response("<!DOCTYPE html><input id=line><a href='/go#id_token=" + c.fragment + "'>go</a><script>" + script + "</script>", { headers: { "content-type": "text/html" } });
};
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
console.log(server.addr.port);`;

Deno.test("a run with HAR and trace holds no secret, wherever it passed by", async () => {
  await using folder = await tempFolder();
  const site = join(folder.path, "site.ts");
  Deno.writeTextFileSync(site, SITE);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", site, JSON.stringify(CANARIES)],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const port = Number((await reader.read()).value);
    const url = `http://127.0.0.1:${port}/`;
    const state = join(folder.path, "login.json");
    const cookie = { name: "auth", value: CANARIES.storage_cookie, domain: "127.0.0.1", path: "/" };
    Deno.writeTextFileSync(
      state,
      JSON.stringify({
        cookies: [{ ...cookie, expires: -1, httpOnly: true, secure: false, sameSite: "Lax" }],
        origins: [{ origin: url.slice(0, -1), localStorage: [{ name: "item", value: CANARIES.storage_item }] }],
      }),
    );
    const module = join(folder.path, "visit.ts");
    Deno.writeTextFileSync(
      module,
      `export default async ({ page, step }) => {
        await step("open", () => page.goto("/"));
        await step("logged in", () => page.waitForSelector("[data-item^=canary]", { state: "attached" }));
        await step("type", () => page.fill("#line", atob("${btoa(CANARIES.typed)}")));
        await step("follow", () => page.click("a"));
        await step("fail", () => page.goto("/missing?session=" + atob("${btoa(CANARIES.error_query)}")));
        await step("nowhere", () => page.goto("http://127.0.0.2:1/?key=" + atob("${btoa(CANARIES.error_query)}")));
      };`,
    );
    const out = join(folder.path, "run");
    const end = await sweep({
      mode: "playwright",
      url,
      levels: [2],
      replicates: 1,
      duration_ms: 3000,
      warmup_ms: 1000,
      idle_ms: 1000,
      pace_ms: 1000,
      browser_scenario: { screenshot_every_ms: 0, module, storage_state: state, har: true, trace: true },
    }, { out });
    assert.equal(end.state, "complete", end.reason);
    const dataset = await load(out);
    const attempt = dataset.attempts.find(({ discarded }) => !discarded)!;
    const outcomes = (step: string) =>
      new Set(attempt.requests.filter((row) => row.step === step).map((row) => row.outcome));
    assert.deepEqual([...outcomes("logged in")], ["ok"], "cookie and storage were there");
    assert.deepEqual([...outcomes("follow")], ["ok"]);
    assert.deepEqual([...outcomes("nowhere")], ["blocked_host"]);

    const kept = attempt.events.filter((row) => row.event === "artifact");
    assert.deepEqual(kept.map(({ session, kind }) => `${session} ${kind}`).sort(), [
      "0 har",
      "0 trace",
      "1 har",
      "1 trace",
    ]);
    const [summary] = summarise(dataset).levels;
    const covered = kept.reduce((sum, { bytes, t_ms, covers_from_ms = 0 }) => sum + bytes / (t_ms - covers_from_ms), 0);
    const perHour = summary.metrics.artifact_bytes_per_hour;
    assert(Math.abs(perHour / (covered * 3_600_000) - 1) < 0.01, `${perHour} bytes an hour`);

    // They are good for something.
    const text = (kind: string) => join(out, kept.find((row) => row.kind === kind)!.path);
    const { log } = JSON.parse(readFileSync(text("har"), "utf8"));
    const api = log.entries.find((entry: { request: { url: string } }) => entry.request.url.includes("/api"));
    assert.equal(api.request.url, `${url}api?page=2&access_token=[redacted]`);
    assert.equal(api.response.status, 200);
    assert(api.time > 0 && api.response.bodySize >= 0, JSON.stringify(api));
    const names = (headers: { name: string }[]) => headers.map(({ name }) => name.toLowerCase());
    assert(names(api.request.headers).includes("authorization") && names(api.response.headers).includes("set-cookie"));
    const files = unzipSync(readFileSync(text("trace")));
    const actions = strFromU8(files["trace.trace"]).trim().split("\n").map((line) => JSON.parse(line));
    assert(
      actions.some((action) =>
        action.type === "before" && action.method === "fill" && action.params.selector === "#line"
      ),
    );

    // What is compressed is searched as it is inside.
    const searched: [string, string][] = [];
    for (const path of filesBelow(out)) {
      const bytes = readFileSync(path);
      if (path.endsWith(".zip")) {
        for (const [name, inside] of Object.entries(unzipSync(bytes))) {
          searched.push([`${path}/${name}`, strFromU8(inside)]);
        }
      } else searched.push([path, bytes.toString("latin1")]);
    }
    assert(searched.length > 10);
    for (const [path, text] of searched) {
      for (const [place, canary] of Object.entries(CANARIES)) assert(!text.includes(canary), `${place} in ${path}`);
    }
    const { browser_scenario } = dataset.info.plan;
    assert.equal(browser_scenario.storage_state_sha256, createHash("sha256").update(readFileSync(state)).digest("hex"));
    assert.equal(browser_scenario.module_sha256, createHash("sha256").update(readFileSync(module)).digest("hex"));
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.startsWith("plimsoll-raw-")),
      [],
      "nothing is left behind",
    );
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  }
});

Deno.test("without redaction the same HAR would hold secrets", () => {
  const headers = [{ name: "Authorization", value: "Bearer x1" }, { name: "X-Custom", value: "x2" }, {
    name: "Referer",
    value: "http://127.0.0.1/?token=x3",
  }];
  const request = { url: "http://u:x4@127.0.0.1/?Session_Id=x5#x6", headers, cookies: [{ name: "a", value: "x7" }] };
  const response = { headers, content: { size: 3, mimeType: "text/plain", text: "x8" }, redirectURL: "/a?secret=x9" };
  const har = { log: { version: "1.2", entries: [{ request: { ...request, postData: { text: "x10" } }, response }] } };
  const text = JSON.stringify(redactHar(har));
  for (let n = 1; n <= 10; n++) {
    assert(JSON.stringify(har).includes(`x${n}`));
    assert(!text.includes(`x${n}`), `x${n} in ${text}`);
  }
});

Deno.test("what a process that was killed left unredacted is removed by the next", async () => {
  const { pid, status } = new Deno.Command("true").spawn();
  await status;
  const left = join(tmpdir(), `plimsoll-raw-${pid}-left`);
  Deno.mkdirSync(left);
  Deno.writeTextFileSync(join(left, "s0.har"), CANARIES.bearer);
  const own = await privateFolder();
  try {
    assert.throws(() => Deno.statSync(left), Deno.errors.NotFound);
    assert.equal(Deno.statSync(own).mode! & 0o777, 0o700);
    await Deno.remove(await privateFolder());
    assert(Deno.statSync(own).isDirectory, "that of a process which is alive stays");
  } finally {
    await Deno.remove(own);
  }
});

Deno.test("HAR and trace survive the crash of a page; the login is there in the new one", async () => {
  const cookies: (string | null)[] = [];
  await using site = serve((request, url) => {
    if (url.pathname === "/") cookies.push(request.headers.get("cookie"));
    return html("");
  });
  await using folder = await tempFolder();
  const module = join(folder.path, "crash.ts");
  const state = join(folder.path, "state.json");
  const cookie = { name: "login", value: "yes", domain: "127.0.0.1", path: "/", expires: -1 };
  Deno.writeTextFileSync(
    state,
    JSON.stringify({ cookies: [{ ...cookie, httpOnly: false, secure: false, sameSite: "Lax" }], origins: [] }),
  );
  Deno.writeTextFileSync(
    module,
    `export default async ({ page, context, iteration, step }) => {
      await step("open", () => page.goto("/"));
      if (iteration === 0) await step("crash", async () => {
        (await context.newCDPSession(page)).send("Page.crash").catch(() => {});
        await page.evaluate(() => new Promise(() => {}));
      });
    };`,
  );
  const driven = await drive({
    url: site.url,
    browser_scenario: { screenshot_every_ms: 0, module, storage_state: state, har: true, trace: true },
  }, { run: folder.path, until: ({ rows }) => rows.length >= 4 });
  assert.deepEqual(driven.of("artifact").map(({ kind }) => kind).sort(), ["har", "trace"]);
  assert(cookies.length >= 3 && cookies.every((text) => text === "login=yes"), JSON.stringify(cookies));
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
