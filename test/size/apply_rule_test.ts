import assert from "node:assert/strict";
import { applyRule } from "../../src/size/apply_rule.ts";
import { assume } from "../../src/size/mod.ts";
import { exampleRun, MIB } from "./example_run.ts";

const assumptions = { ...assume(exampleRun()), baseline_storage_bytes: 100 };

const RULES: [string, number, number][] = [
  ["cores by the upper bound: ⌈2.5/0.65⌉", applyRule("cores", { estimate: 2, upper: 2.5 }, assumptions), 4],
  [
    "cores by the safety factor where it is more: ⌈2·3⌉",
    applyRule("cores", { estimate: 2, upper: 2 }, { ...assumptions, safety: 3 }),
    6,
  ],
  [
    "whole cores stay whole: 1.95/0.65",
    applyRule("cores", { estimate: 1, upper: 1.95 }, assumptions),
    3,
  ],
  ["a machine has a core", applyRule("cores", { estimate: 0, upper: 0 }, assumptions), 1],
  [
    "memory by the upper bound and headroom",
    applyRule("memory_bytes", { estimate: 1000, upper: 1100 }, assumptions),
    512 * MIB + 1375,
  ],
  [
    "memory by the safety factor where it is more",
    applyRule("memory_bytes", { estimate: 1000, upper: 1010 }, assumptions),
    512 * MIB + 1300,
  ],
  ["disk with what is stored and free space", applyRule("disk_bytes", { estimate: 60, upper: 100 }, assumptions), 250],
  ["network", applyRule("network_bytes_per_s", { estimate: 10, upper: 20 }, assumptions), 20],
];

for (const [sentence, value, expected] of RULES) {
  Deno.test(`applyRule() ${sentence}`, () => assert.ok(Math.abs(value - expected) < 1e-6, `${value}`));
}
