import assert from "node:assert/strict";
import { join } from "node:path";
import { findBrowser } from "../../src/browser/mod.ts";
import { load } from "../../src/dataset/mod.ts";
import type { RequestRow } from "../../src/schema/rows.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  freePort,
  lines,
  manifestOf,
  processWith,
  type Running,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

const PAGE = "<!doctype html><title>page</title><p>hello</p>";

Deno.test("kill -9 of the browser agent, of Chromium and of one page: no hang, nothing left over, rows say browser_lost", async () => {
  await using folder = await tempFolder();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(PAGE, { headers: { "content-type": "text/html" } }),
  );
  // A page can be crashed from outside only where Chromium listens for that.
  const debugPort = freePort();
  const { path, libraryPath, fontsPath } = await findBrowser();
  const wrapper = join(folder.path, "chromium");
  const environment = [
    libraryPath === undefined ? "" : `LD_LIBRARY_PATH=${libraryPath}`,
    fontsPath === undefined ? "" : `FONTCONFIG_FILE=${fontsPath}`,
  ].join(" ").trim();
  await Deno.writeTextFile(
    wrapper,
    `#!/bin/sh\nexec env ${environment} "${path}" --remote-debugging-port=${debugPort} "$@"\n`,
    { mode: 0o700 },
  );
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, {
    mode: "playwright",
    url: `http://127.0.0.1:${server.addr.port}/`,
    levels: [2],
    replicates: 1,
    duration_ms: 3500,
    warmup_ms: 0,
    idle_ms: 1000,
    pace_ms: 300,
    browser: wrapper,
    browser_scenario: { screenshot_every_ms: 0 },
  });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  const rowsOf = (path: string) => join(run, "levels", "2", path, "requests.jsonl");

  await until(() => lines(rowsOf("r0/a1")).length > 3);
  const first = await chromium(sweep);
  Deno.kill(await processWith(sweep, "browser_agent.ts"), "SIGKILL");
  await until(() => !sweep.processes().some(({ pid }) => pid === first), () => "Chromium outlives its agent");

  await until(() => lines(rowsOf("r0/a2")).length > 3);
  Deno.kill(await chromium(sweep), "SIGKILL");

  await until(() => lines(rowsOf("r1/a1")).length > 3);
  await crashOnePage(debugPort);

  const { code, end, stderr } = await sweep.ended();
  assert.equal(code, 0, stderr);
  assert.equal(end!.attempts.complete, 1);
  assert(assertWhole(rowsOf("r0/a1")) > 3);
  assert.deepEqual(
    manifestOf(run).flatMap((line) => line.event === "attempt_failed" ? [[line.path, line.reason]] : []),
    [["levels/2/r0/a1", "The browser agent ended early (SIGKILL)"]],
  );
  const { attempts } = await load(run);
  const lost = (rows: RequestRow[]) =>
    [...new Set(rows.filter(({ outcome }) => outcome === "browser_lost").map(({ session }) => session))].sort();
  const [killed, crashed] = [0, 1].map((replicate) => attempts.find(({ seal }) => seal.replicate === replicate)!);
  assert.deepEqual(lost(killed.requests), [0, 1], "the browser was that of both sessions");
  assert.equal(lost(crashed.requests).length, 1, "the page was that of one");
  assert(crashed.events.some(({ event }) => event === "browser_lost"));
});

/** Chromium's first process: the one that talks with the agent, and no part of it. */
async function chromium(running: Running): Promise<number> {
  const find = () =>
    running.processes().find(({ command }) => /--remote-debugging-pipe/.test(command) && !/--type=/.test(command));
  await until(() => find() !== undefined);
  return find()!.pid;
}

async function crashOnePage(port: number): Promise<void> {
  const pages: { type: string; url: string; webSocketDebuggerUrl: string }[] = await (await fetch(
    `http://127.0.0.1:${port}/json`,
  )).json();
  const page = pages.find(({ type, url }) => type === "page" && url.startsWith("http"))!;
  const socket = new WebSocket(page.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  const gone = new Promise((resolve) => {
    socket.addEventListener("message", resolve, { once: true });
    socket.addEventListener("close", resolve, { once: true });
  });
  socket.send(JSON.stringify({ id: 1, method: "Page.crash" }));
  await gone;
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
  if (socket.readyState !== WebSocket.CLOSED) {
    socket.close();
    await closed;
  }
}
