import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { lines, manifestOf, rememberingTarget, SHORT, startPlimsoll, until, writePlan } from "./under_fault.ts";

Deno.test("a run belongs to one sweep at a time, is gone on with only by its own plan, and what was damaged is repeated", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  await until(() => existsSync(join(run, "idle", "before", "resources.jsonl")));
  const [resumed, swept] = await Promise.all([
    startPlimsoll(["resume", run]).ended(),
    startPlimsoll(["sweep", plan, "--out", run]).ended(),
  ]);
  assert.equal(resumed.code, 2);
  assert.match(resumed.stderr, /Cannot use RUN: .* another folder: a sweep is writing to this one/);
  assert.equal(swept.code, 2);
  assert.match(swept.stderr, /Cannot use --out: .* To go on with that: deno task plimsoll resume /);
  assert.equal((await sweep.ended()).code, 0, "whoever came first is not disturbed");
  const dataset = await load(run);
  assert.deepEqual(dataset.warnings, []);
  const whole = summarise(dataset);

  // A complete run: nothing is driven, nothing is changed.
  const requests = target.answered_ms.length;
  const again = await startPlimsoll(["resume", run]).ended();
  assert.equal(again.code, 0);
  assert.deepEqual(again.end!.attempts, { complete: 2, failing: 0, planned: 2 });
  assert.equal(target.answered_ms.length, requests);
  assert.deepEqual(summarise(await load(run)), whole);

  // A disk that lost what it had: the end of one file is NUL, of another gone.
  const spoil = async (path: string, change: (bytes: Uint8Array) => Uint8Array) => {
    await Deno.writeFile(path, change(await Deno.readFile(path)));
  };
  await spoil(join(run, "levels", "1", "r1", "a1", "requests.jsonl"), (bytes) => bytes.fill(0, -100));
  await spoil(join(run, "levels", "2", "r1", "a1", "resources.jsonl"), (bytes) => bytes.subarray(0, -30));
  await Deno.remove(join(run, "idle", "after"), { recursive: true });
  const spoilt = await load(run);
  assert.equal(summarise(spoilt).levels.length, 0);
  assert.deepEqual(spoilt.warnings, [
    "levels/1/r1/a1 has a requests.jsonl that is not what was sealed: its rows are not used",
    "levels/2/r1/a1 has a resources.jsonl that is not what was sealed: its rows are not used",
  ]);

  const mended = await startPlimsoll(["resume", run]).ended();
  assert.equal(mended.code, 0, mended.stderr);
  assert.match(
    mended.stderr,
    /1 session, replicate 1: attempt damaged: levels\/1\/r1\/a1: requests\.jsonl is not what was sealed/,
  );
  const { levels } = summarise(await load(run));
  assert.deepEqual(levels.map(({ level, attempt }) => [level, attempt]), [[1, 2], [2, 2]]);
  assert.deepEqual(
    manifestOf(run).flatMap((line) => line.event === "attempt_damaged" ? line.path : []),
    ["levels/1/r1/a1", "levels/2/r1/a1"],
  );
  assert(existsSync(join(run, "idle", "after", "COMPLETE.json")), "a missing window at rest is repeated");
  assert.equal(new Set(lines(join(run, "manifest.jsonl"))).size, lines(join(run, "manifest.jsonl")).length);

  const changed = { ...JSON.parse(await Deno.readTextFile(join(run, "plan.json"))), pace_ms: 50 };
  await Deno.writeTextFile(join(run, "plan.json"), JSON.stringify(changed));
  const refused = await startPlimsoll(["resume", run]).ended();
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /Cannot use RUN: .* a run whose plan\.json is the one that it began with: this one was changed/,
  );
});

Deno.test("resume() of what is no run, or has no plan, says what would be right", async () => {
  await using folder = await tempFolder();
  const rows: [args: string[], message: RegExp][] = [
    [["resume"], /Cannot use RUN: current value is "nothing"\. Give the folder of a run/],
    [["resume", join(folder.path, "none")], /Cannot use RUN: .*\. Give the folder of a run that has begun/],
    [["resume", folder.path], /Cannot use RUN: .*\. Give the folder of a run that has begun/],
    [["resume", folder.path, "--again"], /Cannot use --again: current value is "an unknown flag"/],
  ];
  const ended = await Promise.all(rows.map(([args]) => startPlimsoll(args).ended()));
  for (const [index, { code, stderr }] of ended.entries()) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, rows[index][1]);
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)], [], "nothing is written");
});
