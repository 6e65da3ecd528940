import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makeReport, renderHtml } from "../../src/report/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const SETTING = { mode: "command" as const, replicates: 1, warmup_ms: 1000, duration_ms: 3000, idle_ms: 1000 };

Deno.test("a load generator of the user's own is run at every level, and its cost is not the target's", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 1, silence_ms: 60_000 });
  const out = join(folder.path, "run");
  // The one connection of each session is held back to 20 requests a second, so that the target is never full.
  const tool = ["deno", "run", "-A", "--no-lock", "--node-modules-dir=none", "--no-config", "npm:autocannon@8.0.0"];
  const command = [...tool, "-c", "{sessions}", "-d", "{duration}", "-R", "20", `${streamer.url}api/frame?viewer=a`];
  // Once beforehand: fetching the tool is not part of the measurement.
  await new Deno.Command(Deno.execPath(), { args: [...tool.slice(1), "--version"], stdout: "null", stderr: "null" })
    .output();
  const end = await sweep({ ...SETTING, url: streamer.url, levels: [1, 2, 4], command, target_pid: streamer.pid }, {
    out,
  });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  const summary = summarise(dataset);
  for (const level of summary.levels) {
    assert(
      Math.abs(level.sessions - level.level) < 0.05 * level.level,
      `${level.sessions} sessions at level ${level.level}`,
    );
    assert.equal(level.metrics.throughput, undefined);
    assert(level.metrics.target_cores > 0.01 && level.metrics.generator_cores > 0.01, JSON.stringify(level.metrics));
    const folder = join(out, "levels", `${level.level}`, "r1", "a1");
    assert.match(Deno.readTextFileSync(join(folder, "command.log")), /autocannon|requests in/i, "its output is kept");
  }
  for (const { events } of dataset.attempts) {
    const ended = events.find((row) => row.event === "command_end");
    assert.equal(ended?.event === "command_end" && ended.early, false, JSON.stringify(events));
  }
  const page = await renderHtml(makeReport(dataset, { targets: [3] }));
  assert.match(page, /Sessions of a load tool/);
});

Deno.test("a load generator that fails or ends early is no measurement, and says how it ended", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const out = join(folder.path, "run");
  const command = ["sh", "-c", "echo no such script: {sessions} {seed}; exit 7"];
  await sweep({ ...SETTING, url: streamer.url, levels: [1], command, seed: 5 }, { out });
  const { levels: [level] } = summarise(await load(out));
  const flag = level.flags.find(({ name }) => name === "failing");
  assert.match(flag?.reason ?? "", /ended 0\.\d s after its start, with exit code 7/);
  assert.equal(Deno.readTextFileSync(join(out, "levels", "1", "r1", "a1", "command.log")), "no such script: 1 5\n");
});

Deno.test("a program that is not there breaks the sweep with its name", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const out = join(folder.path, "run");
  const end = await sweep({ ...SETTING, url: streamer.url, levels: [1], command: ["no-such-tool"] }, { out }).catch((
    error,
  ) => error);
  assert.match(String(end.reason ?? end.message), /no-such-tool/);
});
