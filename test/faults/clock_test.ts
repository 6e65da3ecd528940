import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { lines, manifestOf, rememberingTarget, SHORT, startPlimsoll, until, writePlan } from "./under_fault.ts";

/** Stands between the processes and the machine's clock, which is not ours to set. */
const library = ["x86_64", "aarch64"].map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

Deno.test("a wall clock that is stepped by 5 s, back and forth, shows in the manifest only", {
  ignore: library === undefined,
}, async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url });
  const step = join(folder.path, "step");
  await Deno.writeTextFile(step, "+0s");
  const sweep = startPlimsoll(["sweep", plan, "--out", run], [
    "env",
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${step}`,
    "FAKETIME_NO_CACHE=1",
    "FAKETIME_DONT_FAKE_MONOTONIC=1",
  ]);
  const started = () => manifestOf(run).filter(({ event }) => event === "attempt_started");
  const rows = (index: number) => {
    const line = started()[index];
    return line?.event === "attempt_started" ? lines(join(run, line.path, "requests.jsonl")).length : 0;
  };
  await until(() => rows(0) > 3);
  await Deno.writeTextFile(step, "-5s");
  await until(() => rows(1) > 3);
  await Deno.writeTextFile(step, "+0s");
  const { code, stderr } = await sweep.ended();
  assert.equal(code, 0, stderr);

  const walls = manifestOf(run).map(({ at }) => Date.parse(at));
  assert(walls.some((at, index) => at < walls[index - 1]), "the step is in the manifest");
  const dataset = await load(run);
  assert.deepEqual(
    dataset.attempts.map(({ path }) => path),
    started().map((line) => line.event === "attempt_started" && line.path),
    "in the order in which they ran",
  );
  for (const { requests, resources, seal } of dataset.attempts) {
    // Windows of a second: five more would show.
    assert(seal.window.to_ms < 4000);
    for (const { started_ms, duration_ms } of requests) assert(started_ms + duration_ms < 4000 && duration_ms >= 0);
    const times = resources.filter(({ group }) => group === "system").map(({ t_ms }) => t_ms);
    for (const [index, t_ms] of times.entries()) assert(t_ms < 4000 && !(t_ms <= times[index - 1]), times.join());
  }
  assert.equal(summarise(dataset).levels.length, 2);
});
