import assert from "node:assert/strict";
import { fitAll, fitDemand, fitThroughput } from "../../src/model/mod.ts";
import { fitReportSchema, type LevelSummary, type RunSummary } from "../../src/schema/mod.ts";

function sweep(flagsAt: Record<number, LevelSummary["flags"]> = {}): LevelSummary[] {
  return [1, 2, 4, 8, 16, 32].map((level) => ({
    level,
    replicate: 1,
    attempt: 1,
    sessions: 0.99 * level,
    window_s: 30,
    requests: 30 * level,
    metrics: { target_cores: 0.1 + 0.05 * level, throughput: Math.min(level, 20), latency_ms_p95: 12 },
    flags: flagsAt[level] ?? [],
  }));
}

const SATURATED: LevelSummary["flags"] = [
  { name: "target_saturated", reason: "98 % of 2 cores", excluded_from: ["demand"] },
];
const GENERATOR: LevelSummary["flags"] = [
  { name: "generator_limited", reason: "95 % of a core", excluded_from: ["demand", "throughput"] },
];

Deno.test("fitDemand() leaves saturated levels out, fitThroughput() keeps them; both keep the point and its reason", () => {
  const levels = sweep({ 32: SATURATED });
  const demand = fitDemand(levels, "target_cores");
  assert.deepEqual(demand.range, [0.99, 15.84]);
  assert.equal(demand.points.at(-1)!.excluded, "target_saturated: 98 % of 2 cores");
  const throughput = fitThroughput(levels);
  assert.deepEqual(throughput.range, [0.99, 31.68]);
  assert.equal(throughput.points.at(-1)!.excluded, undefined);
});

Deno.test("fitThroughput() leaves out levels that the generator limited", () => {
  assert.deepEqual(fitThroughput(sweep({ 32: GENERATOR })).range, [0.99, 15.84]);
});

Deno.test("fitDemand() fits against observed concurrency, not against the level that was planned", () => {
  const { accepted, models } = fitDemand(sweep(), "target_cores");
  assert.equal(accepted, "linear");
  // 0.05 a planned session is 0.05/0.99 an observed one.
  assert.ok(Math.abs(models[0].parameters.slope.value - 0.05 / 0.99) < 1e-9);
});

Deno.test("fitDemand() passes over replicates that lack the metric, and names those that there are when all do", () => {
  const levels = sweep();
  delete levels[5].metrics.target_cores;
  assert.equal(fitDemand(levels, "target_cores").points.length, 5);
  const message = /must be one of .*target_cores.*: current value is browser_cores/;
  assert.throws(() => fitDemand(levels, "browser_cores"), { name: "RangeError", message });
  assert.throws(() => fitDemand({ levels } as never, "target_cores"), { name: "TypeError", message: /\.levels/ });
  assert.match(fitDemand([], "target_cores").verdict.text, /^0 usable levels/, "a sweep that was stopped at once");
});

Deno.test("fitAll() fits what a run has, in a fixed order, as valid JSON", () => {
  const summary: RunSummary = {
    run: "runs/a",
    mode: "http",
    url: "http://127.0.0.1:8000/",
    size_groups: ["target"],
    capacity: { cores: 2, memory_bytes: 8e9 },
    baseline: { os_cores: 0, os_memory_bytes: 4e8, drift_cores: 0 },
    levels: sweep(),
    warnings: [],
  };
  const report = fitAll(summary, { at: [100], level: 0.9 });
  assert.deepEqual(Object.keys(report.metrics), ["target_cores", "throughput"]);
  assert.equal(report.source, "runs/a");
  assert.deepEqual(report.metrics.target_cores.at.map(({ sessions }) => sessions), [100]);
  assert.equal(report.metrics.throughput.level, 0.9);
  assert.deepEqual(fitReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});
