import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  lines,
  manifestOf,
  rememberingTarget,
  type Running,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

/** Ways to stop a sweep that is in the middle of a level, and what the manifest says then. */
const WAYS: [name: string, stop: (running: Running, run: string) => void | Promise<void>, reason?: string][] = [
  ["SIGINT once", (running) => running.kill("SIGINT"), "interrupted"],
  ["SIGTERM", (running) => running.kill("SIGTERM"), "interrupted"],
  ["a file STOP", (_, run) => Deno.writeTextFile(join(run, "STOP"), ""), "there is a file STOP in its folder"],
  ["SIGINT twice", async (running) => {
    running.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 5));
    running.kill("SIGINT");
  }],
];

Deno.test("a sweep that is stopped, in whatever way, ends with code 130, keeps its rows, and can be resumed", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [2], duration_ms: 60_000 });
  let running = startPlimsoll(["sweep", plan, "--out", run]);
  for (const [index, [name, stop, reason]] of WAYS.entries()) {
    const rows = join(run, "levels", "2", "r0", `a${index + 1}`, "requests.jsonl");
    await until(() => existsSync(rows), () => name);
    target.answered_ms.length = 0;
    await until(() => target.accepted() > 3, () => name);
    const accepted = target.accepted();
    await stop(running, run);
    const { code, end } = await running.ended();
    assert.equal(code, 130, name);
    assert(assertWhole(rows) >= accepted, `${name}: ${lines(rows).length} rows of ${accepted}`);
    if (reason !== undefined) {
      assert.equal(end!.state, "stopped", name);
      assert.equal(end!.reason, reason, name);
      assert(lines(rows).length >= target.answered_ms.length, `${name}: sessions drain`);
      const { warnings } = await load(run);
      assert(warnings.includes(`The sweep was stopped early: ${reason}`), warnings.join());
    }
    if (index < WAYS.length - 1) running = startPlimsoll(["resume", run]);
  }
  assert.equal(manifestOf(run).filter(({ event }) => event === "resumed").length, WAYS.length - 1);
  assert(!existsSync(join(run, "STOP")), "resume takes it away");
  assert.equal(summarise(await load(run)).levels.length, 0, "no attempt is complete");
});
