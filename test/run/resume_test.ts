import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { resume, RunDirectory } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("resume() of a run that has its plan and nothing else runs all of it", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const path = join(folder.path, "run");
  const created = RunDirectory.create(path);
  const plan = makePlan({
    url: streamer.url,
    levels: [1],
    replicates: 1,
    duration_ms: 1000,
    warmup_ms: 0,
    idle_ms: 1000,
    // Else a busy machine would be warned of.
    cooldown_ms: 0,
  });
  created.writeJson("plan.json", plan);
  created.close();
  assert.throws(() => RunDirectory.create(path), /this one holds a run/);

  const end = await resume(path);
  assert.equal(end.state, "complete");
  assert.deepEqual(end.attempts, { complete: 1, failing: 0, planned: 1 });
  const dataset = await load(path);
  assert.deepEqual(dataset.warnings, []);
  assert.equal(dataset.info.provenance.seed, plan.seed);
  assert.equal(summarise(dataset).levels.length, 1);
});
