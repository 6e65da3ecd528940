import assert from "node:assert/strict";
import { canMount } from "../has_program.ts";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { lines, rememberingTarget, SHORT, startPlimsoll, until, writePlan } from "./under_fault.ts";

Deno.test("where file descriptors run out, sessions that get none fail, and the sweep ends in order", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [1, 100], pace_ms: 500 });
  const { code, end, stderr } = await startPlimsoll(["sweep", plan, "--out", run], ["prlimit", "--nofile=64"]).ended();
  assert.equal(code, 0, stderr);
  assert.equal(end!.attempts.complete, 2);
  const { attempts } = await load(run);
  const [one, many] = [1, 100].map((level) =>
    attempts.find(({ seal, discarded }) => seal.level === level && !discarded)!.requests
  );
  assert(one.every(({ outcome }) => outcome === "ok"));
  const count = (ok: boolean) => many.filter(({ outcome }) => (outcome === "ok") === ok).length;
  assert(count(true) > 0 && count(false) > 0, `${count(true)} requests went well and ${count(false)} did not`);
});

Deno.test(
  "where memory runs short no higher level is begun, where it is nearly gone the sweep stops, and resume completes it",
  {
    ignore: Deno.build.os !== "linux" || !canMount(),
  },
  async () => {
    await using folder = await tempFolder();
    await using target = rememberingTarget();
    const run = join(folder.path, "run");
    const plan = await writePlan(folder.path, { ...SHORT, url: target.url });
    // Taking the memory of a machine that others use is no test: only what these processes read of it is ours.
    const real = await Deno.readTextFile("/proc/meminfo");
    const total_kB = Number(/MemTotal:\s+(\d+)/.exec(real)![1]);
    const meminfo = join(folder.path, "meminfo");
    const setAvailable = (part: number) => {
      const text = real.replace(
        /(MemAvailable:\s+)\d+/,
        (_, name) => name + String(Math.round(part * total_kB)).padStart(12),
      );
      using file = Deno.openSync(meminfo, { create: true, write: true });
      file.writeSync(new TextEncoder().encode(text));
    };
    setAvailable(0.5);
    const before = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/meminfo && exec "$@"', meminfo];
    const rows = (path: string) => lines(join(run, "levels", path, "resources.jsonl")).length;

    const short = startPlimsoll(["sweep", plan, "--out", run], before);
    await until(() => rows("1/r0/a1") > 0);
    setAvailable(0.1);
    const first = await short.ended();
    assert.equal(first.code, 3, first.stderr);
    assert.equal(first.end!.state, "guarded");
    assert.match(
      first.end!.reason!,
      /2 sessions, replicate 1: less than 15 % of the memory was available at 1 session/,
    );
    assert.deepEqual(first.end!.attempts, { complete: 1, failing: 0, planned: 2 });

    setAvailable(0.5);
    const gone = startPlimsoll(["resume", run], before);
    await until(() => rows("2/r1/a1") > 0);
    setAvailable(0.05);
    const second = await gone.ended();
    assert.equal(second.code, 3, second.stderr);
    assert.equal(second.end!.reason, "less than 7 % of the memory was available");

    const last = await startPlimsoll(["resume", run]).ended();
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(summarise(await load(run)).levels.map(({ level, attempt }) => [level, attempt]), [[1, 1], [2, 2]]);
  },
);
