/** Whole sweeps of targets that are named otherwise than by process id. */
import assert from "node:assert/strict";
import { hasProgram, works } from "../has_program.ts";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import type { PlanInput } from "../../src/plan/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { makeCgroup } from "./make_cgroup.ts";
import { startExporter } from "./start_exporter.ts";

const root = Deno.build.os === "linux" && Deno.uid() === 0 && works("test -w /sys/fs/cgroup");
const linux = { ignore: !root || !hasProgram("prometheus-node-exporter") };

async function run(plan: PlanInput, out: string) {
  const end = await sweep({
    levels: [4],
    replicates: 1,
    duration_ms: 3000,
    warmup_ms: 1000,
    idle_ms: 1000,
    pace_ms: 500,
    requests: VIEWER_REQUESTS,
    sample_interval_ms: 250,
    ...plan,
  }, { out });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  return {
    dataset,
    summary: summarise(dataset),
    attempt: dataset.attempts.find(({ seal, discarded }) => seal.level === 4 && !discarded)!,
  };
}

Deno.test({
  name: "a target in a cgroup with a limit is measured by it, and its capacity is that limit",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    await using cgroup = await makeCgroup();
    cgroup.set("cpu.cfs_quota_us", "50000");
    cgroup.set("cpu.max", "50000 100000");
    await using streamer = await startStreamer({ cpu_ms: 8 });
    cgroup.add(streamer.pid);
    const { dataset, summary, attempt } = await run(
      { url: streamer.url, target_cgroup: cgroup.path },
      join(folder.path, "cgroup"),
    );
    assert.deepEqual(dataset.info.provenance.target_limits, { cores: 0.5 });
    const rows = attempt.resources.filter(({ group }) => group === "target");
    assert(rows.every(({ memory_kind, processes }) => memory_kind === "cgroup" && processes >= 1));
    const { window, started_at } = attempt.seal;
    const began_ms = Date.parse(started_at);
    const truth = await streamer.window(began_ms + window.from_ms, began_ms + window.to_ms);
    const [{ metrics, window_s }] = summary.levels;
    const measured_ms = metrics.target_cores * window_s * 1000;
    assert(
      Math.abs(measured_ms - truth.cpu_ms) <= 0.1 * truth.cpu_ms + 30,
      `measured ${measured_ms.toFixed(0)} ms, truth ${truth.cpu_ms.toFixed(0)} ms`,
    );
    assert(metrics.target_cores > 0.05, `${metrics.target_cores} cores`);
    assert(rows.at(-1)!.throttled_ms! >= rows[0].throttled_ms!, "what the limit held back is counted");
  },
});

Deno.test({
  name: "a target that is another machine, by its node_exporter, uses what the machine uses",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer({ cpu_ms: 8 });
    await using exporter = await startExporter();
    const { dataset, summary, attempt } = await run(
      { url: streamer.url, target_prometheus: exporter.url },
      join(folder.path, "page"),
    );
    const [{ metrics }] = summary.levels;
    assert(
      Math.abs(metrics.target_cores / metrics.system_cores - 1) < 0.1,
      `${metrics.target_cores} of ${metrics.system_cores} cores`,
    );
    assert(Math.abs(metrics.target_memory_bytes / metrics.system_memory_bytes - 1) < 0.1);
    assert.equal(dataset.info.provenance.target_limits!.cores, navigator.hardwareConcurrency);
    assert.deepEqual(
      [summary.baseline.os_cores, summary.baseline.os_memory_bytes],
      [0, 0],
      "its rows hold that already",
    );
    assert.equal(attempt.resources.findLast(({ group }) => group === "system")!.scrapes_failed, 0);
  },
});
