/** Compares real sweeps of Streamers by the command line: a gate has to see what became dearer, and nothing else. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startStreamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { comparisonSchema } from "../../src/schema/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { tempFolder } from "../temp_folder.ts";

async function sweepStreamer(cpu_ms: number, out: string): Promise<string> {
  await using streamer = await startStreamer({ cpu_ms, broadcast: false, silence_ms: 2000 });
  const end = await sweep({
    url: streamer.url,
    levels: [4, 8, 12, 16, 24],
    replicates: 1,
    duration_ms: 3000,
    warmup_ms: 1000,
    idle_ms: 1000,
    pace_ms: 250,
    requests: VIEWER_REQUESTS,
    target_pid: streamer.pid,
  }, { out });
  assert.equal(end.state, "complete", end.reason);
  return out;
}

Deno.test({
  name: "plimsoll compare finds that each request became dearer, and nothing between two sweeps of the same",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await tempFolder();
    const path = (name: string) => join(folder.path, name);
    const before = await sweepStreamer(1, path("before"));
    const same = await sweepStreamer(1, path("same"));
    const dearer = await sweepStreamer(2, path("dearer"));
    const compared = async (after: string, code: number) => {
      const end = await runPlimsoll(["compare", before, after, "--json"]);
      assert.equal(end.code, code, `${end.stdout}${end.stderr}`);
      return comparisonSchema.parse(JSON.parse(end.stdout));
    };

    const unchanged = await compared(same, 0);
    assert.equal(unchanged.verdict, "no_evidence", unchanged.text);

    const regression = await compared(dearer, 4);
    assert.deepEqual(
      [regression.verdict, regression.metrics.serving_cores],
      ["regression", "regression"],
      regression.text,
    );
    const slope = regression.rows.find(({ metric, quantity }) =>
      metric === "serving_cores" && quantity === "per_session"
    )!;
    // 12 requests a second of each session, a millisecond more for each.
    const [lower, upper] = slope.difference.interval;
    assert(lower < 0.012 && upper > 0.012, `${lower} to ${upper} cores a session more, not 0.012`);
    const others = Object.entries(regression.metrics).filter(([metric]) => metric !== "serving_cores");
    assert(others.every(([, verdict]) => verdict !== "regression"), JSON.stringify(others));

    // The other way round it is an improvement, which is no reason to stop.
    const back = await runPlimsoll(["compare", dearer, before]);
    assert.equal(back.code, 0);
    assert.match(back.stdout, /^Improvement beyond 5 %: serving_cores a session −/);
  },
});
