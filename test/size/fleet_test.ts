import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fitAll } from "../../src/model/mod.ts";
import {
  type Assumptions,
  type FleetRow,
  type RunSummary,
  shapeCatalogueSchema,
  type Sizing,
  sizingSchema,
  type WorkerShape,
} from "../../src/schema/mod.ts";
import { catalogue, size } from "../../src/size/mod.ts";
import { exampleRun, MIB } from "./example_run.ts";

function sizeRun(options: Partial<Assumptions>, summary: RunSummary = exampleRun()): Sizing {
  const sizing = size(summary, fitAll(summary), options);
  sizingSchema.parse(JSON.parse(JSON.stringify(sizing)));
  return sizing;
}

const roomy: WorkerShape = { name: "roomy", vcpus: 64, memory_gib: 256, network_gbit_per_s: 10 };

/** 0.5 + 0.4·n cores over 0.65; 512 + (200 + 30·n)·1.3 MiB; 1.3 kB/s a session; 10.8 GB of disk a session, no spare worker. */
const SHAPES: [sentence: string, shape: WorkerShape, sessions: number, binds: FleetRow["binds"]][] = [
  ["the highest level measured, however large the shape", roomy, 16, "top_level"],
  ["cores: (0.5 + 0.4·5) ÷ 0.65 = 3.85 of 4, 6 sessions 4.46", { ...roomy, vcpus: 4 }, 5, "cores"],
  ["exactly as many cores as 16 sessions need", { ...roomy, vcpus: 11 }, 16, "top_level"],
  [
    "memory: 512 + (200 + 30·6)·1.3 = 1006 of 1024 MiB, 7 sessions 1045",
    { ...roomy, memory_gib: 1 },
    6,
    "memory_bytes",
  ],
  ["network: 11 sessions need 14.3 of 15 kB/s", { ...roomy, network_gbit_per_s: 120e-6 }, 11, "network_bytes_per_s"],
  ["disk: 36 MB · 240 h · n ÷ 0.8 in 100 GiB carries 9", { ...roomy, disk_gib: 100 }, 9, "disk_bytes"],
];

for (const [sentence, shape, sessions, binds] of SHAPES) {
  Deno.test(`size() carries on a worker what binds first, ${sentence}`, () => {
    const { fleet, shapes } = sizeRun({ targets: [96], shapes: [shape], shape: shape.name, spare_workers: 0 });
    assert.deepEqual([fleet[0].sessions_per_worker, fleet[0].binds], [sessions, binds]);
    assert.equal(fleet[0].workers, Math.ceil(96 / sessions));
    assert.equal(fleet[0].cores_per_worker, shape.vcpus);
    assert.deepEqual(shapes, [{ state: "fits", ...fleet[0] }]);
  });
}

Deno.test("size() buys workers of a chosen shape also where one machine could be read, and prices all of them, spare included", () => {
  const shape = { name: "small", vcpus: 4, memory_gib: 8, price_per_hour: 0.2 };
  const sizing = sizeRun({ targets: [4, 20], shapes: [shape], shape: "small" });
  assert.deepEqual(
    sizing.rows.filter(({ metric }) => metric === "cores").map(({ basis, recommended }) => [basis, recommended]),
    // 4 sessions fit one worker, which is measured; 20 are 4 workers of 5 and a spare one.
    [["measured", 4], ["replicated", 20]],
  );
  assert.equal(sizing.fleet[1].price_per_hour, 1);
  assert.match(
    sizing.answer,
    /20 sessions: 5 workers of small \(4 vCPU \/ 8 GiB \/ .* disk, one spare\).*, 1 an hour; cores bind at 5 sessions a worker\./,
  );
  assert.match(
    sizing.rows[4].notes.join(" "),
    /A vCPU of small is taken to do what a core of the measured machine did/,
  );
  assert.deepEqual(sizing.binding.map(({ metric }) => metric), ["cores", "cores"]);
});

Deno.test("size() orders shapes by price where they have one, else by cores, and says what is too small for one session", () => {
  const dear = { ...roomy, name: "dear", price_per_hour: 9 };
  const cheap = { name: "cheap", vcpus: 8, memory_gib: 16, price_per_hour: 0.3 };
  const tiny = { name: "tiny", vcpus: 1, memory_gib: 8, price_per_hour: 0.01 };
  const free = { name: "without a price", vcpus: 8, memory_gib: 16 };
  const { shapes } = sizeRun({ targets: [100], shapes: [tiny, free, dear, cheap] });
  assert.deepEqual(shapes.map(({ shape }) => shape), ["cheap", "dear", "without a price", "tiny"]);
  assert.deepEqual(shapes[3], { state: "too_small", target_sessions: 100, shape: "tiny", binds: "cores" });
  const chosen = sizeRun({ targets: [100], shapes: [tiny], shape: "tiny" });
  assert.match(chosen.rows[0].notes.join(" "), /tiny is too small for one session: its cores binds/);
  assert.equal(chosen.fleet[0].shape, undefined);
});

Deno.test("size() refuses a shape that is not in the list", () => {
  assert.throws(
    () => sizeRun({ shapes: [roomy], shape: "vast" }),
    /Cannot size as shape must be one of shapes \(roomy\): current value is vast/,
  );
});

Deno.test("size() carries no more than an objective was shown to hold at, and sizes nothing where it never held", () => {
  const summary = exampleRun();
  for (const { level, metrics } of summary.levels) {
    Object.assign(metrics, { latency_ms_p95_low: 40 * level - 10, latency_ms_p95_high: 40 * level });
  }
  // 8 sessions: at most 320 ms; 16 at least 630.
  const slo = [{ metric: "latency_ms_p95" as const, below: 500 }];
  const sizing = sizeRun({ targets: [8, 20, 100], slo }, summary);
  assert.deepEqual([sizing.slo!.sessions, sizing.slo!.below], [8, 16]);
  assert.deepEqual(
    sizing.fleet.map(({ sessions_per_worker, binds, workers }) => [sessions_per_worker, binds, workers]),
    [
      [8, "slo", 2],
      [8, "slo", 4],
      [8, "slo", 14],
    ],
  );
  assert.deepEqual(sizing.rows.filter(({ metric }) => metric === "cores").map(({ basis }) => basis), [
    "measured",
    "replicated",
    "replicated",
  ]);
  assert.match(sizing.answer, /20 sessions: .*; the objective, kept up to 8 sessions, binds\./);
  const never = sizeRun({ targets: [8], slo: [{ metric: "latency_ms_p95", below: 10 }] }, summary);
  assert.deepEqual([never.rows, never.fleet], [[], []]);
  assert.match(never.answer, /^Nothing can be sized: p95 < 10 ms: not shown to hold at any level; broken at 1/);
});

Deno.test("size() carries no more on a worker than the knee of throughput", () => {
  const summary = exampleRun({ levels: [1, 2, 4, 8, 12, 16] });
  for (const level of summary.levels) level.metrics.throughput = Math.min(level.level, 9.5);
  const { fleet } = sizeRun({ targets: [100] }, summary);
  assert.deepEqual([fleet[0].sessions_per_worker, fleet[0].binds], [9, "knee"]);
});

Deno.test("size() says what drives such a sweep: the generator, with its browsers where there are any", () => {
  // Over HTTP: (0.05 + 0.02·n) ÷ 0.65 ≤ 8 cores up to 257 sessions, more than four times the levels.
  const http = sizeRun({ targets: [10, 100] }, exampleRun({ mode: "http" })).generators;
  assert.deepEqual(http.map((row) => [row.machines, row.sessions_per_machine, row.binds, row.extrapolation]), [
    [1, 10, "target", "none"],
    [2, 64, "top_level", "4x"],
  ]);
  assert.ok(Math.abs(http[0].cores.estimate / 0.25 - 1) < 1e-6, `${http[0].cores.estimate} cores`);
  assert.ok(Math.abs(http[0].memory_bytes!.estimate / (120 * MIB) - 1) < 1e-6);
  // In browsers: 0.45 + 0.32·n cores of 8 · 0.65, the band of what lies beyond 16 included.
  const [browsers] = sizeRun({ targets: [100] }).generators;
  assert.equal(browsers.binds, "cores");
  assert.ok(
    browsers.sessions_per_machine >= 14 && browsers.sessions_per_machine < 15,
    `${browsers.sessions_per_machine}`,
  );
  const chosen = sizeRun({ targets: [100], shapes: [roomy], shape: "roomy" }, exampleRun({ mode: "http" })).generators;
  assert.equal(chosen[0].cores_per_machine, 64);
});

Deno.test("size() of a run without samples of resources says so, and still answers what an objective allows", () => {
  const summary = exampleRun({ mode: "http" });
  for (const level of summary.levels) {
    level.metrics = { throughput: level.level, latency_ms_p95_low: level.level, latency_ms_p95_high: level.level + 1 };
  }
  summary.capacity = { cores: 0, memory_bytes: 0 };
  const slo = [{ metric: "latency_ms_p95" as const, below: 10 }];
  const sizing = sizeRun({ slo }, summary);
  assert.match(
    sizing.answer,
    /Nothing can be sized: serving_cores was not measured\. serving_memory_bytes was not measured\./,
  );
  assert.equal(sizing.slo!.sessions, 8);
  assert.deepEqual([sizing.rows, sizing.fleet, sizing.generators], [[], [], []]);
});

Deno.test("size() of a run that knows cores alone sizes these, and says what is missing", () => {
  const summary = exampleRun({ mode: "http" });
  for (const level of summary.levels) level.metrics = { serving_cores: level.metrics.serving_cores };
  summary.capacity = { cores: 0, memory_bytes: 0 };
  const { rows, answer, binding } = sizeRun({ targets: [10, 100] }, summary);
  assert.deepEqual(rows.map(({ metric }) => metric), ["cores", "disk_bytes", "cores", "disk_bytes"]);
  assert.equal(rows[0].recommended, 7);
  assert.match(answer, /^10 sessions: 7 cores on one machine; cores bind\./);
  assert.match(answer, /Memory of what serves was not measured: no row says anything of it\.$/);
  assert.deepEqual(binding.map(({ metric, share }) => [metric, share]), [["cores", 0], ["cores", 0]]);
});

Deno.test("catalogue() has general, compute and memory families of several clouds, with source and date, and no prices", () => {
  const folder = new URL("../../data/catalogues/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const all = files.map((name) => shapeCatalogueSchema.parse(JSON.parse(readFileSync(new URL(name, folder), "utf8"))));
  for (const { provider, source, as_of, shapes } of all) {
    assert.match(source!, /https:\/\//);
    assert.match(as_of!, /^20\d\d-\d\d-\d\d$/);
    assert.deepEqual([...new Set(shapes.map(({ family }) => family))].toSorted(), ["compute", "general", "memory"]);
    for (const shape of shapes) {
      assert.deepEqual([shape.provider, shape.price_per_hour], [provider, undefined]);
      const ratio = shape.memory_gib / shape.vcpus;
      const wanted = { general: [4, 4], compute: [1, 2], memory: [8, 8] }[shape.family!]!;
      assert.ok(ratio >= wanted[0] && ratio <= wanted[1], shape.name);
      assert.ok(shape.network_gbit_per_s! > 0);
    }
  }
  assert.ok(all.length >= 3);
  assert.equal(catalogue().length, all.flatMap(({ shapes }) => shapes).length);
  assert.equal(new Set(catalogue().map(({ name }) => name)).size, catalogue().length);
});
