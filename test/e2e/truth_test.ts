/** Whole sweeps against the Streamer, compared with what the Streamer knows of itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer, type Streamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { fitDemand } from "../../src/model/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const linux = { ignore: Deno.build.os !== "linux" };

/** Sweeps a Streamer and reduces the run; the Streamer lives on. */
async function sweepStreamer(streamer: Streamer, out: string, levels: number[], replicates = 1) {
  const end = await sweep({
    url: streamer.url,
    levels,
    replicates,
    duration_ms: 4000,
    warmup_ms: 1000,
    idle_ms: 1000,
    pace_ms: 500,
    requests: VIEWER_REQUESTS,
    target_pid: streamer.pid,
  }, { out });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  return { dataset, summary: summarise(dataset) };
}

Deno.test({
  name: "the target's CPU a request is what the target itself says, for two settings and for their difference",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    const perRequest: { measured: number; truth: number; generator: number }[] = [];
    for (const cpu_ms of [1, 6]) {
      await using streamer = await startStreamer({ cpu_ms });
      const { dataset, summary } = await sweepStreamer(streamer, join(folder.path, `${cpu_ms}`), [4, 8]);
      const totals = { measured_ms: 0, truth_ms: 0, requests: 0, api_requests: 0, generator_ms: 0 };
      for (const level of summary.levels) {
        const { seal } = dataset.attempts.find((one) => one.seal.level === level.level && !one.discarded)!;
        const started_ms = Date.parse(seal.started_at);
        const truth = await streamer.window(started_ms + seal.window.from_ms, started_ms + seal.window.to_ms);
        totals.measured_ms += level.metrics.target_cores * level.window_s * 1000;
        totals.generator_ms += level.metrics.generator_cores * level.window_s * 1000;
        totals.requests += level.requests;
        totals.truth_ms += truth.cpu_ms;
        totals.api_requests += truth.api_requests;
      }
      perRequest.push({
        measured: totals.measured_ms / totals.requests,
        truth: totals.truth_ms / totals.api_requests,
        generator: totals.generator_ms / totals.requests,
      });
    }
    const within = (measured: number, truth: number, what: string) =>
      assert(
        Math.abs(measured / truth - 1) <= 0.1,
        `${what}: measured ${measured.toFixed(3)} ms, truth ${truth.toFixed(3)} ms`,
      );
    const [cheap, dear] = perRequest;
    within(cheap.measured, cheap.truth, "1 ms a request");
    within(dear.measured, dear.truth, "6 ms a request");
    within(dear.measured - cheap.measured, dear.truth - cheap.truth, "their difference");
    // Were the generator's cost in it, this much would have shown.
    assert(cheap.generator > 0.1 * cheap.truth, `the generator used ${cheap.generator.toFixed(3)} ms a request`);
  },
});

Deno.test({
  name: "network is superlinear where chat is broadcast, and linear where it is not",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    for (const [broadcast, verdict] of [[true, "superlinear"], [false, "linear"]] as const) {
      await using streamer = await startStreamer({ cpu_ms: 0.2, broadcast });
      const { summary } = await sweepStreamer(streamer, join(folder.path, `${broadcast}`), [1, 2, 4, 8, 16, 32], 2);
      const fit = fitDemand(summary.levels, "network_bytes_per_s");
      assert.equal(fit.verdict.kind, verdict, `broadcast ${broadcast}: ${fit.verdict.text}`);
      for (const level of summary.levels) {
        assert(Math.abs(level.sessions / level.level - 1) < 0.01, `${level.sessions} sessions at level ${level.level}`);
        // One iteration of each session may fall on either side of the window's ends.
        const [iterations, planned] = [level.metrics.throughput * level.window_s, 2 * level.level * level.window_s];
        assert(Math.abs(iterations - planned) <= level.level, `${iterations} of ${planned} iterations`);
        assert.equal(level.metrics.error_ratio, 0);
      }
    }
  },
});
