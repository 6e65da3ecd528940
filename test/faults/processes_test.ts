import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  lines,
  manifestOf,
  processWith,
  rememberingTarget,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

Deno.test("kill -9 of the sampler and of the http agent costs one attempt each, and no accepted row", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [1], duration_ms: 2000 });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);

  const idle = join(run, "idle", "before", "resources.jsonl");
  await until(() => lines(idle).length > 0);
  Deno.kill(await processWith(sweep, "sampler_process.ts"), "SIGKILL");

  const rows = join(run, "levels", "1", "r0", "a1", "requests.jsonl");
  await until(() => existsSync(rows));
  target.answered_ms.length = 0;
  await until(() => target.accepted() > 5);
  const accepted = target.accepted();
  Deno.kill(await processWith(sweep, "http_agent.ts"), "SIGKILL");

  const { code, end } = await sweep.ended();
  assert.equal(code, 0);
  assert.deepEqual(end!.attempts, { complete: 1, failing: 0, planned: 1 });
  assert(assertWhole(rows) >= accepted, `${lines(rows).length} rows of ${accepted} that were accepted`);
  assert(assertWhole(join(run, "levels", "1", "r0", "a1", "resources.jsonl")) > 0);
  const failed = manifestOf(run).flatMap((line) => "reason" in line ? `${line.event}: ${line.reason}` : []);
  assert.deepEqual(failed, [
    "idle_failed: The sampler ended early (SIGKILL)",
    "attempt_failed: The http agent ended early (SIGKILL)",
  ]);
  const dataset = await load(run);
  assert.deepEqual(dataset.idle.map(({ path }) => path), ["idle/before-a2", "idle/after"]);
  assert.deepEqual(
    dataset.attempts.filter(({ discarded }) => discarded).map(({ path }) => path),
    ["levels/1/r0/a2"],
  );
  assert.deepEqual(
    dataset.warnings.map((text) => text.split(":")[0]),
    ["levels/1/r0/a1 did not complete", "idle/before did not complete"],
  );
});

Deno.test("a replicate that breaks three times is given up, the others go on, and resume completes the sweep", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  for (const attempt of ["a1", "a2", "a3"]) {
    await until(() => existsSync(join(run, "levels", "2", "r1", attempt, "requests.jsonl")));
    Deno.kill(await processWith(sweep, "http_agent.ts"), "SIGKILL");
  }
  const first = await sweep.ended();
  assert.equal(first.code, 1);
  assert.equal(first.end!.state, "partial");
  assert.deepEqual(first.end!.attempts, { complete: 1, failing: 0, planned: 2 });
  assert.match(first.end!.reason!, /^no complete attempt of 2 sessions, replicate 1: The http agent ended early/);
  const partial = await load(run);
  assert(partial.warnings.some((text) => /^The sweep is not complete: no complete attempt of 2 sessions/.test(text)));
  assert.deepEqual(summarise(partial).levels.map(({ level }) => level), [1]);

  // It has had its three attempts: whoever goes on gives it one more, and again.
  const second = startPlimsoll(["resume", run]);
  await until(() => existsSync(join(run, "levels", "2", "r1", "a4", "requests.jsonl")));
  Deno.kill(await processWith(second, "http_agent.ts"), "SIGKILL");
  const { code, stderr } = await second.ended();
  assert.equal(code, 1);
  assert.match(stderr, /2 sessions, replicate 1: .*it broke 3 times before: it is tried once more at most/);
  assert(!existsSync(join(run, "levels", "2", "r1", "a5")));

  const third = await startPlimsoll(["resume", run]).ended();
  assert.equal(third.code, 0);
  assert.deepEqual(third.end!.attempts, { complete: 2, failing: 0, planned: 2 });
  const whole = await load(run);
  assert.deepEqual(summarise(whole).levels.map(({ level, attempt }) => [level, attempt]), [[1, 1], [2, 5]]);
  assert(!whole.warnings.some((text) => /The sweep/.test(text)), whole.warnings.join());
});
