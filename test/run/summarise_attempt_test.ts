import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load, summarise } from "../../src/dataset/mod.ts";
import { summariseAttempt } from "../../src/run/summarise_attempt.ts";

for (const name of ["streamer_http", "streamer_browser"]) {
  Deno.test(`what is told of an attempt while the sweep runs is what the analysis says of it: ${name}`, async () => {
    const path = fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
    const dataset = await load(path);
    const { levels } = summarise(dataset);
    const told = dataset.attempts.filter(({ discarded }) => !discarded)
      .map((attempt) => summariseAttempt(join(path, attempt.path), attempt.seal, dataset.info))
      .sort((a, b) => a.level - b.level || a.replicate - b.replicate);
    assert.deepEqual(told, levels);
  });
}
