/** Whole sweeps with think time, with a ramp, and by the open model, against the Streamer. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makeReport, renderMarkdown } from "../../src/report/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import type { PlanInput } from "../../src/plan/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { tempFolder } from "../temp_folder.ts";

/** Length of the pieces that arrivals are counted in. */
const COUNTED_MS = 250;

const SHORT = { levels: [4], replicates: 1, duration_ms: 3000, warmup_ms: 1000, idle_ms: 1000 } satisfies Partial<
  PlanInput
>;

Deno.test("a sweep by the open model reads its levels at the load that was offered, and says so", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 0.5 });
  const out = join(folder.path, "run");
  const end = await sweep(
    { ...SHORT, url: streamer.url, levels: [10, 20], pace_ms: 100, arrivals: "poisson", target_pid: streamer.pid },
    { out },
  );
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  const summary = summarise(dataset);
  for (const { level, sessions, metrics, window_s } of summary.levels) {
    const { seal, requests } = dataset.attempts.find(({ seal, discarded }) => seal.level === level && !discarded)!;
    const within = (from_ms: number, to_ms: number) =>
      requests.filter(({ scheduled_ms: at }) => at >= from_ms && at < to_ms).length;
    const { from_ms, to_ms } = seal.window;
    const arrived = within(from_ms, to_ms);
    // Arrivals are counted by the piece: those of the pieces at the window's ends count in part.
    const atEnds = [from_ms, to_ms].reduce((sum, end) => sum + within(end - COUNTED_MS, end + COUNTED_MS), 0);
    const offered = sessions * window_s / 0.1;
    assert(Math.abs(offered - arrived) <= atEnds, `${offered} offered, ${arrived} of them arrived`);
    assert(Math.abs(sessions / level - 1) < 0.25, `${sessions} sessions at level ${level}`);
    assert.equal(metrics.undelivered_ratio, 0);
  }
  assert.match(renderMarkdown(makeReport(dataset)), /open model .* A session is one iteration a pace of 100 ms/);
});

Deno.test("a sweep with a ramp begins its steady window after it, and one that thinks has no slots to lose", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 0.5 });
  const out = join(folder.path, "run");
  const think = { distribution: "lognormal", mean_ms: 50, cv: 0.5 } as const;
  const end = await sweep({ ...SHORT, url: streamer.url, think, ramp_ms: 1500, target_pid: streamer.pid }, { out });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  const [level] = summarise(dataset).levels;
  const attempt = dataset.attempts.find(({ discarded }) => !discarded)!;
  // It begins and ends with a sample, after the ramp and the warm-up.
  const { from_ms, to_ms } = attempt.seal.window;
  assert(from_ms >= 2500 && from_ms < 5500 && to_ms >= 5500, JSON.stringify(attempt.seal.window));
  const starts = attempt.events.flatMap((row) => row.event === "session_start" ? row.t_ms : []);
  assert(Math.max(...starts) >= 1125, `sessions start at ${starts} ms`);
  assert.equal(Math.round(level.sessions), 4);
  assert.equal(level.metrics.undelivered_ratio, 0);
  assert(!level.flags.some(({ name }) => name === "target_saturated"), JSON.stringify(level.flags));
});

Deno.test("plimsoll sweep --dry-run says how the sessions are loaded, and counts the ramp", async () => {
  const args = ["--url", "http://127.0.0.1:9/", "--levels", "1,2", "--duration", "10s", "--warmup", "5s", "--dry-run"];
  const text = async (...flags: string[]) => (await runPlimsoll(["sweep", ...args, ...flags])).stdout;
  assert.match(await text(), /load: +closed model: a session starts an iteration every 1 s\n/);
  assert.match(
    await text("--think", "exponential:2s", "--ramp", "1m"),
    /load: +closed model: a session thinks 2 s on average \(exponential\) after each iteration, ramped up over 60 s\n/,
  );
  assert.match(await text("--arrivals", "poisson", "--pace", "500ms"), /load: +open model: a session is one .* 500 ms/);
  const length = async (...flags: string[]) => JSON.parse(await text("--json", ...flags)).length_ms;
  assert.equal(await length("--ramp", "1m") - await length(), 7 * 60_000);
});
