import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../temp_folder.ts";
import { drive, type Driven, html, serve } from "./drive.ts";

const NO_SHOTS = { screenshot_every_ms: 0 };

/** Browser processes below this one: id, and whether it is a browser's first. */
function browsers(): { pid: number; first: boolean }[] {
  const found: { pid: number; parent: number; first: boolean }[] = [];
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const args = readFileSync(`/proc/${name}/cmdline`, "utf8");
      const parent = Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1].split(" ")[1]);
      const state = readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1][0];
      const first = args.includes("--remote-debugging-pipe") && !args.includes("--type=");
      if (/chrom|headless/.test(args) && state !== "Z") found.push({ pid: Number(name), parent, first });
    } catch { /* it has ended meanwhile */ }
  }
  const below = new Set([Deno.pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { pid, parent } of found) if (below.has(parent)) below.add(pid);
  }
  return found.filter(({ pid }) => below.has(pid));
}

function outcomes(driven: Driven, session: number): string[] {
  return driven.rows.filter((row) => row.session === session).map(({ step, outcome }) => `${step} ${outcome}`);
}

async function crashing(folder: string): Promise<string> {
  const path = join(folder, "crash.ts");
  await Deno.writeTextFile(
    path,
    `export default async ({ page, context, session, iteration, step }) => {
      await step("open", () => page.goto("/"));
      if (session !== 0 || iteration !== 1) return;
      const cdp = await context.newCDPSession(page);
      await step("crash", async () => {
        cdp.send("Page.crash").catch(() => {});
        await page.evaluate(() => new Promise(() => {}));
      });
    };`,
  );
  return path;
}

Deno.test("a page that crashes costs its iteration: a row, an event, and a new page in the same context", async () => {
  const cookies: string[] = [];
  await using site = serve((request) => {
    cookies.push(request.headers.get("cookie") ?? "none");
    return html("", { "set-cookie": "seen=yes" });
  });
  await using folder = await tempFolder();
  const driven = await drive({
    url: site.url,
    browser_scenario: { ...NO_SHOTS, module: await crashing(folder.path) },
  }, { sessions: 2, until: (driven) => outcomes(driven, 0).length >= 5 });
  assert.deepEqual(outcomes(driven, 0).slice(0, 5), ["open ok", "open ok", "crash browser_lost", "open ok", "open ok"]);
  assert(outcomes(driven, 1).every((outcome) => outcome === "open ok"), "the other session goes on");
  assert.deepEqual(driven.of("browser_lost").map(({ session, reason }) => [session, reason]), [[
    0,
    "the page crashed",
  ]]);
  assert.deepEqual(driven.of("browser_respawned"), []);
  assert.equal(
    cookies.filter((cookie) => cookie === "none").length,
    2,
    "the context is the same: its cookies are there",
  );
  assert.deepEqual(browsers(), []);
});

Deno.test("a page that crashes between two iterations costs the next one", async () => {
  await using site = serve(() => html(""));
  const driven = await drive({ url: site.url, pace_ms: 3000, browser_scenario: NO_SHOTS }, {
    until: ({ rows }) => rows.length >= 3,
    meanwhile: async (driven) => {
      while (driven.rows.length === 0) await pause(20);
      // A full Chromium keeps a spare one beside the page's.
      for (const { pid } of browsers()) {
        if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) Deno.kill(pid, "SIGKILL");
      }
    },
  });
  assert.deepEqual(outcomes(driven, 0).slice(0, 3), ["goto ok", "goto browser_lost", "goto ok"]);
  assert.equal(driven.of("browser_lost").length, 1);
});

Deno.test("a browser that is killed loses all its sessions, and another one takes its place", async () => {
  await using site = serve(() => html("<input>"));
  const driven = await drive({ url: site.url, browser_scenario: NO_SHOTS }, {
    sessions: 3,
    until: (driven) => driven.of("browser_lost").length >= 3 && [0, 1, 2].every((one) => opened(driven, one) >= 2),
    meanwhile: async (driven) => {
      while (driven.rows.length < 6) await pause(20);
      Deno.kill(browsers().find(({ first }) => first)!.pid, "SIGKILL");
    },
  });
  assert.deepEqual(driven.of("browser_lost").map(({ session }) => session).sort(), [0, 1, 2]);
  assert.deepEqual(driven.of("browser_respawned").map(({ respawn }) => respawn), [1]);
  for (const session of [0, 1, 2]) {
    const row = driven.rows.filter((row) => row.session === session);
    assert.equal(row.filter(({ outcome }) => outcome === "browser_lost").length, 1, `session ${session}`);
    assert.equal(opened(driven, session), 2, "it opens the page anew");
  }
  assert.deepEqual(browsers(), []);
});

Deno.test("with a browser for each session, one that is killed concerns nobody else", async () => {
  await using site = serve(() => html(""));
  const driven = await drive({ url: site.url, browser_scenario: { ...NO_SHOTS, isolation: "browser" } }, {
    sessions: 2,
    until: (driven) => driven.of("browser_lost").some(({ session }) => opened(driven, session) === 2),
    meanwhile: async (driven) => {
      while (driven.rows.length < 4) await pause(20);
      const first = browsers().filter(({ first }) => first);
      assert.equal(first.length, 2);
      Deno.kill(first[0].pid, "SIGKILL");
    },
  });
  const lost = driven.of("browser_lost").map(({ session }) => session);
  assert.equal(lost.length, 1);
  assert(outcomes(driven, 1 - lost[0]).every((outcome) => outcome.endsWith("ok")));
  assert.deepEqual(browsers(), []);
});

Deno.test("a browser that keeps ending fails the attempt, with the reason", async () => {
  await using site = serve(() => html(""));
  const stop = new AbortController();
  await assert.rejects(
    drive({ url: site.url, pace_ms: 200, browser_scenario: NO_SHOTS }, {
      meanwhile: async () => {
        const killed = new Set<number>();
        while (!stop.signal.aborted && killed.size < 4) {
          for (const { pid, first } of browsers()) {
            if (!first || killed.has(pid)) continue;
            killed.add(pid);
            Deno.kill(pid, "SIGKILL");
          }
          await pause(50);
        }
      },
    }).finally(() => stop.abort()),
    /The browser ended 4 times in one attempt: it was replaced 3 times/,
  );
  assert.deepEqual(browsers(), []);
});

Deno.test("dialogs, popups, downloads and pages that will not be left keep no session from going on", async () => {
  await using site = serve((_, url) => {
    if (url.pathname === "/file") {
      return new Response("x".repeat(1000), { headers: { "content-disposition": "attachment; filename=a.txt" } });
    }
    return html(`<button id="dialog" onclick="alert(1); document.title = prompt('name')">dialog</button>
      <button id="popup" onclick="window.open('/popup')">popup</button><a id="download" href="/file">file</a><input id="line">
      <script>onbeforeunload = (event) => { event.preventDefault(); event.returnValue = "stay"; };</script>`);
  });
  const driven = await drive({
    url: site.url,
    browser_scenario: {
      ...NO_SHOTS,
      steps: [
        { click: "#dialog" },
        { click: "#popup" },
        { click: "#download" },
        { wait: 200 },
        { fill: ["#line", "touched"] },
        { goto: "/again" },
      ],
    },
  }, { until: ({ rows }) => rows.length >= 8 });
  for (const row of driven.rows) assert.equal(row.outcome, "ok", JSON.stringify(row));
  const refused = Object.fromEntries(driven.of("refused").map(({ what, count }) => [what, count]));
  assert(refused.dialog >= 2 && refused.popup >= 1 && refused.download >= 1, JSON.stringify(refused));
});

Deno.test("a module's own handlers of dialogs and popups go first", async () => {
  await using site = serve((_, url) => {
    if (url.pathname === "/popup") return html("<h1>popped</h1>");
    return html(`<button id="ask" onclick="document.title = prompt('name')">ask</button>
      <button id="popup" onclick="window.open('/popup')">popup</button>`);
  });
  await using folder = await tempFolder();
  const module = join(folder.path, "own.ts");
  await Deno.writeTextFile(
    module,
    `export default async ({ page, context }) => {
      await page.goto("/");
      page.once("dialog", (dialog) => dialog.accept("Ben"));
      await page.click("#ask");
      if (await page.title() !== "Ben") throw new Error("dialog");
      const popup = page.waitForEvent("popup");
      await page.click("#popup");
      await (await popup).getByRole("heading", { name: "popped" }).waitFor();
      if (context.pages().length !== 2) throw new Error(context.pages().length + " pages");
    };`,
  );
  const driven = await drive({ url: site.url, browser_scenario: { ...NO_SHOTS, module } }, {
    until: ({ rows }) => rows.length >= 3,
  });
  assert.deepEqual(outcomes(driven, 0).slice(0, 3), Array(3).fill("scenario ok"), JSON.stringify(driven.events));
});

Deno.test("the end waits five seconds for what is under way, records it as aborted, and leaves no browser", async () => {
  await using site = serve((_, url) => {
    // An answer that does not come.
    if (url.pathname === "/never") return new Promise<Response>(() => {});
    return html("");
  });
  await using folder = await tempFolder();
  const module = join(folder.path, "spin.ts");
  await Deno.writeTextFile(
    module,
    `export default async ({ page, session, iteration, step }) => {
      await step("open", () => page.goto("/"));
      if (session === 0) await step("never", () => page.goto("/never"));
      if (session === 1) await step("spin", () => page.evaluate(() => { while (true); }));
      if (session === 2) await new Promise(() => {});
    };`,
  );
  const driven = await drive({ url: site.url, timeout_ms: 60_000, browser_scenario: { ...NO_SHOTS, module } }, {
    sessions: 3,
    until: ({ rows }) => rows.length >= 3,
  });
  assert.deepEqual([0, 1, 2].map((session) => outcomes(driven, session)), [
    ["open ok", "never aborted"],
    ["open ok", "spin aborted"],
    ["open ok", "scenario aborted"],
  ]);
  assert.equal(driven.of("session_end").length, 3);
  assert(
    driven.of("session_end").every(({ t_ms }) => t_ms - driven.rows[2].started_ms < 30_000),
    "nobody waited for the timeout",
  );
  assert.deepEqual(browsers(), []);
});

function opened(driven: Driven, session: number): number {
  return outcomes(driven, session).filter((outcome) => outcome === "goto ok").length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
