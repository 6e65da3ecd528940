/** Three machines, as processes of one, drive a share each of a sweep without a hub, and one run is made of them. */
import assert from "node:assert/strict";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startStreamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { load, summarise } from "../../src/dataset/mod.ts";
import { fitAll } from "../../src/model/mod.ts";
import { merge } from "../../src/run/mod.ts";
import { manifestOf, startPlimsoll, writePlan } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";

const SHARES = 3;
const PLAN = {
  levels: [3, 6, 12],
  replicates: 1,
  duration_ms: 3000,
  warmup_ms: 500,
  idle_ms: 1000,
  cooldown_ms: 0,
  pace_ms: 300,
  requests: VIEWER_REQUESTS,
};
/** Every process has to be up by then, on a machine that does other things too. */
const AHEAD_MS = 20_000;

Deno.test("three shares of a sweep merge into one run, whose machines are told apart", async (t) => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 2 });
  const plan = await writePlan(folder.path, { ...PLAN, url: streamer.url, target_pid: streamer.pid });
  const start_at = new Date(Date.now() + AHEAD_MS).toISOString();
  const runs = Array.from({ length: SHARES }, (_, index) => join(folder.path, `share-${index + 1}`));
  const running = runs.map((out, index) =>
    startPlimsoll(["sweep", plan, "--share", `${index + 1}/${SHARES}`, "--start-at", start_at, "--out", out])
  );
  for (const one of running) {
    const { code, stderr } = await one.ended();
    assert.equal(code, 0, stderr);
  }

  await t.step("all sessions have their rows once, and began together", async () => {
    const out = join(folder.path, "whole");
    const end = await merge(out, [runs[2], runs[0], runs[1]]);
    assert.deepEqual(end, {
      ...{ path: out, state: "complete", left_out: [], sampled_by: 1 },
      attempts: { complete: 3, failing: 0, planned: 3 },
    });
    const { attempts, info } = await load(out);
    assert.deepEqual(info.provenance.shares!.map(({ k, sampled_target }) => [k, sampled_target]), [
      [1, true],
      [2, false],
      [3, false],
    ]);
    for (const { seal, requests, path } of attempts) {
      const sessions = [...new Set(requests.map(({ session }) => session))].sort((a, b) => a - b);
      assert.deepEqual(sessions, Array.from({ length: seal.level }, (_, session) => session), path);
      const once = new Set(requests.map(({ session, iteration, step }) => `${session} ${iteration} ${step}`));
      assert.equal(once.size, requests.length, path);
      assert.deepEqual(seal.shares!.map(({ k, sessions }) => [k, sessions]), [1, 2, 3].map((k) => [k, seal.level / 3]));
      const starts = new Set(seal.shares!.map(({ intended_at }) => intended_at));
      assert.equal(starts.size, 1, path);
    }
  });

  await t.step("what each machine used is its own, and their sum the level's", async () => {
    const summary = summarise(await load(join(folder.path, "whole")));
    const workers = summary.workers!;
    assert.deepEqual(
      workers.map(({ worker, level }) => [level, worker]),
      [1, 2, 4].flatMap((n) => [1, 2, 3].map((k) => [n, k])),
    );
    for (const { level, metrics } of summary.levels) {
      const own = workers.filter((one) => one.level === level / SHARES);
      for (const name of ["generator_cores", "generator_memory_bytes"]) {
        const sum = own.reduce((total, one) => total + one.metrics[name], 0);
        assert(Math.abs(sum / metrics[name] - 1) < 1e-9, `${name} at ${level}: ${sum}, not ${metrics[name]}`);
      }
    }
    const { workers: fitted } = fitAll(summary);
    assert.deepEqual(fitted!.generator_cores.by_worker.map(({ worker, sessions }) => [worker, Math.round(sessions)]), [
      [1, 4],
      [2, 4],
      [3, 4],
    ]);
    assert(summary.warnings.some((text) => text.startsWith("Merged of 3 shares")), summary.warnings.join("\n"));
  });

  const refused: [string, string[], RegExp][] = [
    ["a share is missing", [runs[0], runs[2]], /all 3 shares: share 2 is missing/],
    ["a share is there twice", [runs[0], runs[1], runs[1]], /each share once/],
    ["a run was merged already", [join(folder.path, "whole"), runs[1], runs[2]], /merged already/],
  ];
  for (const [sentence, given, expected] of refused) {
    await t.step(`exit 2 and nothing written: ${sentence}`, async () => {
      const out = join(folder.path, "refused");
      const { code, stderr } = await startPlimsoll(["merge", out, ...given]).ended();
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
      await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
    });
  }

  await t.step("exit 2 and nothing written: rows are not what was sealed", async () => {
    const [copy, out] = [join(folder.path, "changed"), join(folder.path, "refused")];
    await cp(runs[1], copy, { recursive: true });
    const { path } = (await load(copy)).attempts[0];
    await writeFile(join(copy, path, "requests.jsonl"), "\n", { flag: "a" });
    const { code, stderr } = await startPlimsoll(["merge", out, runs[0], copy, runs[2]]).ended();
    assert.equal(code, 2, stderr);
    assert.match(stderr, /files that are what was sealed/);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  });

  await t.step("an attempt that a share lacks is left out, and said", async () => {
    const [copy, out] = [join(folder.path, "short"), join(folder.path, "partial")];
    await cp(runs[2], copy, { recursive: true });
    const { path } = (await load(copy)).attempts.find(({ seal, discarded }) => seal.level === 6 && !discarded)!;
    await rm(join(copy, path), { recursive: true });
    const { code, end, stderr } = await startPlimsoll(["merge", out, runs[0], runs[1], copy]).ended();
    assert.equal(code, 1, stderr);
    assert.equal(end!.state, "partial");
    assert.deepEqual(end!.attempts, { complete: 2, failing: 0, planned: 3 });
    assert.match(manifestOf(out).map((line) => "reason" in line ? line.reason : "").join("\n"), /6 sessions.*share 3/);
    const { levels, warnings } = summarise(await load(out));
    assert.deepEqual(levels.map(({ level }) => level), [3, 12]);
    assert(warnings.some((text) => /not complete/.test(text)), warnings.join("\n"));
  });
});
