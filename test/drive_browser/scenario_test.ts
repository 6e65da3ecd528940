import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pinScenario } from "../../src/drive/browser/pin_scenario.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { tempFolder } from "../temp_folder.ts";
import { drive, html, serve } from "./drive.ts";

const NO_SHOTS = { screenshot_every_ms: 0 };

Deno.test("steps run in order, each a row by its name, once the first iteration has opened the URL", async () => {
  const asked: string[] = [];
  const said: string[] = [];
  await using site = serve(async (request, url) => {
    asked.push(url.pathname + url.search);
    if (request.method === "POST") said.push(await request.text());
    return html(
      `<div style="height:3000px"><input id="line"><button id="like" onclick="late()">like</button></div><script>
      const send = (text) => fetch("/said", { method: "POST", body: text });
      line.onkeydown = ({ key }) => key === "Enter" && send(line.value);
      const late = () => setTimeout(() => document.body.append(Object.assign(document.createElement("p"), { id: "liked", textContent: "yes" })), 100);
      onscroll = () => scrollY === 400 && send("scrolled");
    </script>`,
    );
  });
  await using folder = await tempFolder();
  const driven = await drive({
    url: `${site.url}start`,
    browser_scenario: {
      screenshot_every_ms: 1,
      steps: [
        { goto: "/room?of={session}" },
        { click: "#like" },
        { wait: "#liked" },
        { fill: ["#line", "hello {session} {iteration}"], name: "type" },
        { press: ["#line", "Enter"] },
        { scroll: 400 },
        { wait: 200 },
        { screenshot: true },
      ],
    },
  }, { until: ({ rows }) => rows.length >= 9, run: folder.path });
  const rows = driven.rows.slice(0, 9);
  assert.deepEqual(rows.map(({ step, iteration }) => `${iteration} ${step}`), [
    "0 goto",
    ...["goto", "click", "wait", "type", "press", "scroll", "wait", "screenshot"].map((step) => `1 ${step}`),
  ]);
  for (const row of rows) assert.equal(row.outcome, "ok", JSON.stringify(row));
  assert.deepEqual(rows.slice(0, 2).map(({ status }) => status), [200, 200]);
  // The first step counts from its slot, the others from the end of the one before.
  for (const [index, row] of rows.slice(2).entries()) {
    const before = rows[index + 1];
    assert.equal(row.scheduled_ms, before.started_ms + before.duration_ms);
  }
  assert(rows[3].duration_ms > 50 && rows[7].duration_ms >= 199, "waits wait");
  assert.deepEqual(asked.filter((path) => !/favicon|said/.test(path)), ["/start", "/room?of=0"]);
  assert.deepEqual(said, ["hello 0 1", "scrolled"]);
  const shots = driven.of("artifact");
  assert.equal(shots.length, 1, "a step that takes them replaces those by time");
  assert.equal(Deno.statSync(join(folder.path, shots[0].path)).size, shots[0].bytes);
});

Deno.test("a step that fails ends its iteration, says why once, and the session goes on", async () => {
  await using site = serve((_, url) => {
    if (url.pathname === "/missing") return new Response("", { status: 404 });
    return html(`<button id="a">a</button>`);
  });
  const driven = await drive({
    url: site.url,
    timeout_ms: 400,
    browser_scenario: { ...NO_SHOTS, steps: [{ goto: "/missing" }, { click: "#a" }] },
  }, { until: ({ rows }) => rows.length >= 3 });
  assert.deepEqual(driven.rows.slice(0, 3).map(({ step, outcome }) => [step, outcome]), [
    ["goto", "ok"],
    ["goto", "http_error"],
    ["goto", "http_error"],
  ]);
  const late = await drive({
    url: site.url,
    timeout_ms: 400,
    browser_scenario: { ...NO_SHOTS, steps: [{ click: "#nowhere" }] },
  }, { until: ({ rows }) => rows.length >= 4 });
  assert.deepEqual(late.rows.slice(1, 4).map(({ outcome }) => outcome), ["timeout", "timeout", "timeout"]);
  assert.equal(late.of("step_failed").length, 1);
  assert.match(late.of("step_failed")[0].reason, /Timeout 400ms exceeded/);
});

Deno.test("lines recorded by playwright codegen work as they are, steps are rows, and screenshots come by time", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0 });
  await using folder = await tempFolder();
  const module = join(folder.path, "recorded.ts");
  // As `npx playwright codegen --target javascript` wrote it, the page's own address put in.
  const recorded = `
  await page.goto('${streamer.url}');
  await page.getByRole('textbox', { name: 'Message' }).click();
  await page.getByRole('textbox', { name: 'Message' }).fill('ahoy');
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
  await page.getByRole('button', { name: 'Like' }).click();`;
  await Deno.writeTextFile(module, `export default async ({ page }) => {${recorded}\n};\n`);
  const whole = await drive({ url: streamer.url, browser_scenario: { ...NO_SHOTS, module } }, {
    until: ({ rows }) => rows.length >= 3,
  });
  assert.deepEqual(whole.rows.map(({ step, outcome }) => `${step} ${outcome}`), Array(3).fill("scenario ok"));
  assert((await streamer.truth()).messages_sent >= 3, "it really spoke");

  const other = join(folder.path, "stepped.ts");
  await Deno.writeTextFile(
    other,
    `import type { BrowserModule } from "plimsoll";
    const chat: BrowserModule = async ({ page, context, session, iteration, step }) => {
      await step("open", () => page.goto("/"));
      const title = await step("read", () => page.title());
      if (context.pages()[0] !== page || !title.includes("Streamer")) throw new Error("not what was said");
      await step("say", () => page.getByRole("textbox").fill(session + "/" + iteration));
      if (iteration === 1) throw new Error("at http://127.0.0.1/?token=abc between steps");
    };
    export default chat;`,
  );
  const stepped = await drive({ url: streamer.url, browser_scenario: { module: other, screenshot_every_ms: 1 } }, {
    sessions: 2,
    run: folder.path,
    until: ({ rows }) => rows.filter(({ session }) => session === 0).length >= 11,
  });
  const first = stepped.rows.filter(({ session }) => session === 0).slice(0, 11);
  assert.deepEqual(first.map(({ iteration, step, outcome }) => `${iteration} ${step} ${outcome}`), [
    ...["0 open ok", "0 read ok", "0 say ok", "0 screenshot ok"],
    ...["1 open ok", "1 read ok", "1 say ok", "1 scenario step_failed"],
    ...["2 open ok", "2 read ok", "2 say ok"],
  ]);
  const told = stepped.of("step_failed").find(({ session }) => session === 0)!;
  assert.equal(told.reason, "at http://127.0.0.1/?token=[redacted] between steps");
});

Deno.test("a module may close its page and its context, as codegen does at the end of a script", async () => {
  await using site = serve(() => html(""));
  await using folder = await tempFolder();
  const module = join(folder.path, "close.ts");
  await Deno.writeTextFile(
    module,
    `export default async ({ page, context, iteration }) => {
      await page.goto("/");
      await page.close();
      if (iteration % 2 === 1) await context.close();
    };`,
  );
  const driven = await drive({ url: site.url, browser_scenario: { ...NO_SHOTS, module } }, {
    until: ({ rows }) => rows.length >= 4,
  });
  assert.deepEqual(driven.rows.map(({ outcome }) => outcome), Array(4).fill("ok"));
  assert.deepEqual(driven.of("browser_lost"), []);
});

Deno.test("a module that hangs is a timeout, and its page is given up", async () => {
  await using site = serve(() => html(""));
  await using folder = await tempFolder();
  const module = join(folder.path, "hang.ts");
  await Deno.writeTextFile(
    module,
    `export default async ({ page, iteration, step }) => {
      if (iteration === 0) await step("spin", () => page.evaluate(() => { while (true); }));
      if (iteration === 1) await new Promise(() => {});
      await step("open", () => page.goto("/"));
    };`,
  );
  const driven = await drive({ url: site.url, timeout_ms: 500, browser_scenario: { ...NO_SHOTS, module } }, {
    until: ({ rows }) => rows.length >= 3,
  });
  assert.deepEqual(driven.rows.slice(0, 3).map(({ step, outcome }) => `${step} ${outcome}`), [
    "spin timeout",
    "scenario timeout",
    "open ok",
  ]);
});

Deno.test("files of a scenario are checked before anything else, and pinned by their hashes", async () => {
  await using folder = await tempFolder();
  const file = async (name: string, text: string) => {
    const path = join(folder.path, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  const pin = (browser_scenario: object) =>
    pinScenario(makePlan({ mode: "playwright", url: "http://127.0.0.1:9/", browser_scenario }));
  const good = await file("good.ts", "export default async () => {};");
  const text = Deno.readTextFileSync(good);
  const { browser_scenario: pinned } = await pin({ module: good });
  assert.equal(pinned.module_sha256, createHash("sha256").update(text).digest("hex"));
  assert.deepEqual((await pin(pinned)).browser_scenario, pinned, "once more, unchanged");
  Deno.writeTextFileSync(good, text + "// changed");
  await assert.rejects(pin(pinned), /the file that the plan was made with/);

  const bad: [object, RegExp][] = [
    [{ module: join(folder.path, "none.ts") }, /module: current value is ".*none.ts". Give the path of a file/],
    [{ module: await file("no_default.ts", "export const a = 1;") }, /default export is a function.*\(it has no such/],
    [{ module: await file("not.ts", "export default 1;") }, /default export is a function/],
    [{ module: await file("throws.ts", "throw new Error('at load');") }, /\(at load\)/],
    [{ module: await file("broken.ts", "export default async (") }, /default export is a function.*\(.+\)/],
    [{ storage_state: join(folder.path, "none.json") }, /storage_state: current value .* Give the path of a file/],
    [{ storage_state: await file("state.json", `{"cookies": "s3cret"`) }, /Give a storage state of Playwright/],
  ];
  for (const [scenario, message] of bad) {
    await assert.rejects(pin(scenario), (error: Error) => {
      assert.equal(error.name, "InputError");
      assert.match(error.message, message);
      assert(!error.message.includes("s3cret"));
      return true;
    });
  }
  const wrong: [object, RegExp][] = [
    [{ steps: [{ clikc: "#a" }] }, /Give exactly one of goto, click, fill, press, wait, scroll, screenshot/],
    [{ steps: [{ click: "#a", goto: "/" }] }, /Give exactly one of/],
    [{ steps: [{ name: "nothing" }] }, /Give exactly one of/],
    [{ steps: [] }, /steps/],
    [{ steps: [{ goto: "elsewhere" }] }, /steps.0.goto.*a path on the plan's URL/],
    [{ steps: [{ wait: 1.5 }] }, /milliseconds, or a selector/],
    [{ steps: [{ wait: 1 }], module: good }, /steps or a module, not both/],
    [{ isolation: "tab" }, /Give one of context, browser/],
  ];
  for (const [scenario, message] of wrong) await assert.rejects(async () => await pin(scenario), message);
});

Deno.test("the command line takes scenarios, and refuses wrong ones with code 2 and no run", async () => {
  await using folder = await tempFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.writeTextFileSync(path("steps.json"), `[{ "click": "#like" }, { "wait": 500 }]`);
  Deno.writeTextFileSync(path("module.ts"), "export default async ({ page }) => { await page.goto('/'); };");
  Deno.writeTextFileSync(path("bad.ts"), "export default 7;");
  const flags = ["sweep", "--mode", "playwright", "--url", "http://127.0.0.1:9/", "--levels", "1", "--json"];
  const more = [
    "--isolation",
    "browser",
    "--screenshot-format",
    "png",
    "--screenshot-quality",
    "90",
    "--har",
    "--trace",
  ];
  const steps = await runPlimsoll([...flags, "--dry-run", "--scenario", path("steps.json"), ...more]);
  const { plan } = JSON.parse(steps.stdout);
  assert.deepEqual(plan.browser_scenario.steps, [{ click: "#like" }, { wait: 500 }]);
  const { isolation, screenshot_format, screenshot_quality, har, trace } = plan.browser_scenario;
  assert.deepEqual([isolation, screenshot_format, screenshot_quality, har, trace], ["browser", "png", 90, true, true]);
  const module = await runPlimsoll([...flags, "--dry-run", "--scenario", path("module.ts")]);
  assert.equal(JSON.parse(module.stdout).plan.browser_scenario.module_sha256.length, 64);
  const out = path("run");
  const bad = await runPlimsoll([...flags, "--scenario", path("bad.ts"), "--out", out]);
  assert.equal(bad.code, 2, bad.stderr);
  assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
});
