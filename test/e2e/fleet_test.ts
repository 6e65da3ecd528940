/** Sizes from a sweep of one Streamer what several of them will use together, runs that fleet, and looks. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer, type Streamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { fitAll } from "../../src/model/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { size } from "../../src/size/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const WORKERS = 3;
const TOP = 8;
const METRICS = ["cores", "memory_bytes", "network_bytes_per_s"] as const;
const BEHIND = {
  cores: "serving_cores",
  memory_bytes: "serving_memory_bytes",
  network_bytes_per_s: "network_bytes_per_s",
};

async function sweepOne(streamer: Streamer, levels: number[], out: string) {
  const end = await sweep({
    url: streamer.url,
    levels,
    replicates: 2,
    duration_ms: 4000,
    warmup_ms: 1500,
    idle_ms: 1000,
    pace_ms: 500,
    cooldown_ms: 0,
    requests: VIEWER_REQUESTS,
    target_pid: streamer.pid,
  }, { out });
  assert.equal(end.state, "complete", end.reason);
  return summarise(await load(out));
}

Deno.test({
  name: `a fleet of ${WORKERS} Streamers uses what was predicted from one of them, within the band`,
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await tempFolder();
    // All of them live from the start: what processes share counts for each by how many share it.
    const streamers = await Promise.all(
      Array.from({ length: WORKERS }, () => startStreamer({ cpu_ms: 2, memory_mb: 10, silence_ms: 2000 })),
    );
    try {
      const summary = await sweepOne(streamers[0], [1, 2, 3, 4, 6, TOP], join(folder.path, "one"));
      const sizing = size(summary, fitAll(summary), { targets: [WORKERS * TOP], spare_workers: 0 });
      const [fleet] = sizing.fleet;
      assert.deepEqual([fleet.workers, fleet.sessions_per_worker, fleet.binds], [WORKERS, TOP, "top_level"]);

      const run = await Promise.all(
        streamers.map((streamer, index) => sweepOne(streamer, [TOP], join(folder.path, `fleet-${index}`))),
      );
      for (const metric of METRICS) {
        const used = run.reduce(
          (sum, { levels }) =>
            sum + levels.reduce((total, level) => total + level.metrics[BEHIND[metric]], 0) / levels.length,
          0,
        );
        const [lower, upper] = fleet.use[metric]!.interval;
        assert(used >= lower && used <= upper, `${metric}: ${used} is not within ${lower} to ${upper}`);
      }
    } finally {
      await Promise.all(streamers.map((streamer) => streamer.close()));
    }
  },
});
