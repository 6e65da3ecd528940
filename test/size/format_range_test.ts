import assert from "node:assert/strict";
import { formatRange } from "../../src/size/mod.ts";

const CASES: [interval: [number, number], metric: string, text: string][] = [
  [[0.8, 1.2], "cores", "0.8–1.2 cores"],
  [[-1, 2], "cores", "-1 to 2 cores"],
  [[512 * 2 ** 20, 2 * 2 ** 30], "bytes", "512 MiB – 2 GiB"],
  [[1e-4, 99], "cores", "0.0001–99 cores"],
  [[2.4e-11, 6.8e14], "throughput", "anything"],
  // From nothing on there is no ratio.
  [[0, 5], "cores", "0–5 cores"],
];

for (const [interval, metric, text] of CASES) {
  Deno.test(`formatRange() says ${text}`, () => assert.equal(formatRange(interval, metric), text));
}
