import assert from "node:assert/strict";
import { chart } from "../../src/notebook/mod.ts";

Deno.test("chart() gives one line outside a notebook, whatever the title's form", async () => {
  assert.equal(await chart({ title: "CPU", mark: "point" }), "[chart] CPU");
  assert.equal(await chart({ title: { text: ["CPU of", "the target"] }, mark: "point" }), "[chart] CPU of the target");
  assert.equal(await chart({ mark: "point" }), "[chart] untitled");
});

Deno.test("chart() refuses what is no specification, and says what it was given", async () => {
  for (
    const [spec, says] of [[undefined, /current value is undefined/], [
      { metric: "a", models: [] },
      /with metric, models/,
    ]]
  ) {
    const wanted = { name: "TypeError", message: says as RegExp };
    await assert.rejects(chart(spec as Record<string, unknown>), wanted);
  }
});
