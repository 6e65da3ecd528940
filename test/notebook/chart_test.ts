import assert from "node:assert/strict";
import { chart } from "../../src/notebook/mod.ts";

Deno.test("chart() gives one line outside a notebook, whatever the title's form", async () => {
  assert.equal(await chart({ title: "CPU", mark: "point" }), "[chart] CPU");
  assert.equal(await chart({ title: { text: ["CPU of", "the target"] }, mark: "point" }), "[chart] CPU of the target");
  assert.equal(await chart({ mark: "point" }), "[chart] untitled");
});
