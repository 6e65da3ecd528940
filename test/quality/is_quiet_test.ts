import assert from "node:assert/strict";
import { isQuiet } from "../../src/quality/mod.ts";

Deno.test("isQuiet() takes two looks in a row near the machine's rest", () => {
  const rows: [why: string, looks: number[], rest_cores: number, machine_cores: number, quiet: boolean][] = [
    ["no look yet", [], 0, 2, false],
    ["one look is not enough", [0], 0, 2, false],
    ["quiet at once", [0.05, 0.1], 0.05, 2, true],
    ["one quiet look between bursts", [1, 0, 1], 0, 2, false],
    ["the first of the last two is a burst", [0, 1, 0], 0, 2, false],
    ["quiet after a burst", [2, 2, 0.1, 0.15], 0.05, 2, true],
    ["busy all the time, as it was at rest", [1.6, 1.65], 1.5, 2, true],
    ["busier than at rest", [1.6, 1.75], 1.5, 2, false],
    ["1 core of 64 is no unrest", [1, 1], 0, 64, true],
    ["3 cores of 64 are", [3, 3], 0, 64, false],
  ];
  for (const [why, looks, rest_cores, machine_cores, quiet] of rows) {
    assert.equal(isQuiet(looks, { rest_cores, machine_cores }), quiet, why);
  }
});
