import assert from "node:assert/strict";
import { fitAll } from "../../src/model/mod.ts";
import {
  type Assumptions,
  type RunSummary,
  type Sizing,
  type SizingMetric,
  sizingSchema,
} from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { exampleRun, MIB } from "./example_run.ts";

function sizeRun(options: Partial<Assumptions>, summary: RunSummary = exampleRun()): Sizing {
  return size(summary, fitAll(summary), options);
}

function rowOf(sizing: Sizing, metric: SizingMetric, target = sizing.rows[0].target_sessions) {
  return sizing.rows.find((row) => row.metric === metric && row.target_sessions === target)!;
}

function assertClose(value: number | null, expected: number, what: string): void {
  assert.ok(value !== null && Math.abs(value / expected - 1) < 1e-6, `${what} is ${value}, worked out ${expected}`);
}

Deno.test("size() golden example, worked out by hand: 10 sessions within the measured levels", () => {
  const sizing = sizeRun({ targets: [10], baseline_storage_bytes: 10e9 });
  const [cores, memory, disk, network] = sizing.rows;

  // Without error the upper bound is the estimate: 0.5 + 0.4·10 = 4.5 cores, over 65 % = 6.92, so 7.
  assertClose(cores.estimate, 4.5, "cores");
  assertClose(cores.upper, 4.5, "upper bound of cores");
  assert.equal(cores.recommended, 7);
  // Textbook: (1 + 0.5·16) cores ÷ 16 sessions = 0.5625; · 10 · 1.3 = 7.3125, so 8.
  assert.equal(cores.textbook, 8);

  // 200 + 30·10 = 500 MiB; · 1.25 = 625 for the bound, · 1.3 = 650 for safety; + 512 of the operating system = 1162.
  assertClose(memory.estimate, 500 * MIB, "memory");
  assertClose(memory.recommended, 1162 * MIB, "memory to buy");
  // Textbook: (1000 + 40·16) MiB ÷ 16 = 102.5; · 10 · 1.3 = 1332.5; + 512 = 1844.5.
  assertClose(memory.textbook, 1844.5 * MIB, "textbook memory");

  // 36 MB · 10 an hour · 8 hours · 30 days = 86.4 GB; (10 + 86.4) ÷ 0.8 = 120.5 GB.
  assertClose(disk.estimate, 86.4e9, "disk");
  assertClose(disk.recommended, 120.5e9, "disk to buy");
  // Textbook: 100 kB · 10 · 30 days · 2880 snapshots a session-day (360 an hour · 8) + 10 GB = 96.4 GB.
  assertClose(sizing.assumptions.snapshots_per_session, 2880, "snapshots a session-day");
  assertClose(disk.textbook, 96.4e9, "textbook disk");

  // 10 kB/s · 1.3.
  assertClose(network.estimate, 10e3, "network");
  assertClose(network.recommended, 13e3, "network to provide");
  assertClose(network.textbook, 13e3, "textbook network");

  assert.deepEqual(sizing.rows.map(({ basis }) => basis), ["measured", "measured", "measured", "measured"]);
  // 7 of 8 cores, 1162 of 16384 MiB.
  assert.deepEqual(sizing.binding, [{ target_sessions: 10, metric: "cores", share: 7 / 8 }]);
  assert.equal(
    sizing.answer,
    "10 sessions: 7 cores, 1.13 GiB RAM, 112 GiB disk, 104 kbit/s on one machine; cores bind.",
  );
});

Deno.test("size() golden example, worked out by hand: the band of levels that scatter about their line by 4 %", () => {
  // Level means off 0.5 + 0.4·N cores and 200 + 30·N MiB by factors e^r that move neither line: Σ r/f = Σ r·N/f = 0.
  const off = {
    serving_cores: [0.020215, -0.037461, 0.024531, -0.034069, 0.026784],
    serving_memory_bytes: [0.02539, -0.035132, 0.024117, -0.03677, 0.022395],
  };
  const summary = exampleRun();
  for (const { level, metrics } of summary.levels) {
    for (const [metric, factors] of Object.entries(off)) metrics[metric] *= Math.exp(factors[Math.log2(level)]);
  }
  const [cores, memory] = sizeRun({ targets: [10] }, summary).rows;
  const near = (value: number, expected: number) => assert.ok(Math.abs(value / expected - 1) < 2e-4, `${value}`);
  // Cores: Σr² = 0.0042918, on 5 − 2 = 3 degrees of freedom s = √(Σr²/3) = 0.03782; the mean at 10 sessions has 0.38065 of s², a new run 1 more:
  // √(s²·(1 + 0.38065)) = 0.044443. t(0.95; 3) = 2.3534, t(0.975; 3) = 3.1824: U = 4.5 · e^(2.3534 · 0.044443).
  near(cores.estimate, 4.5);
  near(cores.upper, 4.99615);
  near(cores.interval[0], 3.90649);
  near(cores.interval[1], 5.18368);
  // 4.996 ÷ 0.65 = 7.69, more than 4.5 · 1.3 = 5.85: 8 cores, where the estimate alone would have had 7.
  assert.equal(cores.recommended, 8);
  // Memory likewise: Σr² = 0.0043141, the mean 0.38929 of s², √ = 0.044697, U = 555.46 MiB; · 1.25 is more than 500 · 1.3 = 650; + 512.
  near(memory.estimate, 500 * MIB);
  near(memory.upper, 555.460 * MIB);
  near(memory.recommended, 1206.325 * MIB);
  // Beyond the levels a parabola would stand if it left less than the line: Σr² = 0.0032985 on 5 − 3 = 2 degrees of freedom is
  // 0.04061, more than 0.03782, so that the line's bound is the largest. The mean at 64 sessions has 0.63611 of s²:
  // √(s²·(1 + 0.63611)) = 0.048380, U = 26.1 · e^(2.3534 · 0.048380).
  near(sizeRun({ targets: [64] }, summary).rows[0].upper, 29.2474);
});

Deno.test("size() golden example, worked out by hand: 100 sessions beyond four times the levels, on workers", () => {
  const sizing = sizeRun({ targets: [100], baseline_storage_bytes: 10e9 });
  const [cores, memory, disk, network] = sizing.rows;

  // ⌈100 ÷ 16⌉ = 7 workers and a spare, each: 0.5 + 0.4·16 = 6.9 cores, over 65 % = 10.6, so 11;
  // (200 + 30·16)·1.3 + 512 = 1396 MiB; (10 + 36e6·16·240/1e9) ÷ 0.8 = 185.3 GB.
  const [fleet] = sizing.fleet;
  assert.deepEqual(
    [fleet.workers, fleet.spare, fleet.sessions_per_worker, fleet.cores_per_worker],
    [8, 1, 16, 11],
  );
  assertClose(fleet.memory_bytes_per_worker, 1396 * MIB, "memory a worker");
  assertClose(fleet.disk_bytes_per_worker, 185.3e9, "disk a worker");

  // In all: what a worker uses for nobody is paid on each of 7, the spare one idle: 7 · 0.5 + 0.4 · 100 = 43.5; 8 · 11 to buy.
  assertClose(cores.estimate, 43.5, "cores in all");
  assertClose(memory.estimate, (7 * 200 + 30 * 100) * MIB, "memory in all");
  assert.equal(cores.recommended, 88);
  assertClose(memory.recommended, 8 * 1396 * MIB, "memory in all");
  assertClose(disk.recommended, 8 * 185.3e9, "disk in all");
  assertClose(network.recommended, 130e3, "network in all");
  assert.equal(cores.textbook, 74);
  for (const row of sizing.rows) {
    assert.deepEqual([row.basis, row.extrapolation], ["replicated", "none"]);
  }
  assert.equal(
    sizing.answer,
    "100 sessions: 8 workers of 11 vCPU / 1.36 GiB / 173 GiB disk (one spare), 1.04 Mbit/s in all; the highest level measured, 16 sessions, binds.",
  );
});

Deno.test("size() extrapolates up to four times the top level, and says so in row and answer", () => {
  const sizing = sizeRun({ targets: [16, 32, 64, 66] });
  const cores = sizing.rows.filter(({ metric }) => metric === "cores");
  assert.deepEqual(cores.map(({ basis, extrapolation }) => [basis, extrapolation]), [
    ["measured", "none"],
    ["extrapolated", "2x"],
    ["extrapolated", "4x"],
    ["replicated", "none"],
  ]);
  assert.match(sizing.answer, /32 sessions: .* extrapolated to at most twice the measured levels; /);
  assert.match(sizing.answer, /64 sessions: .* extrapolated to two to four times the measured levels; /);
  assert.match(cores[2].notes.join(" "), /measure there before buying/);
  // Every level lies on the line, and so does its upper bound: 0.5 + 0.4·64 = 26.1 cores.
  assertClose(cores[2].upper, 26.1, "upper bound at two doublings");
});

Deno.test("size() multiplies the target by the peak everywhere", () => {
  const peaked = sizeRun({ targets: [8], peak: 2 });
  const plain = sizeRun({ targets: [16] });
  peaked.rows.forEach((row, index) => {
    assert.equal(row.target_sessions, 8);
    assert.equal(row.recommended, plain.rows[index].recommended);
    assert.equal(row.textbook, plain.rows[index].textbook);
  });
});

Deno.test("size() of a run without artifacts: disk is what is stored already, and a note says so", () => {
  const disk = rowOf(
    sizeRun({ targets: [10], baseline_storage_bytes: 8e9 }, exampleRun({ mode: "http" })),
    "disk_bytes",
  );
  assert.equal(disk.estimate, 0);
  assertClose(disk.recommended, 10e9, "disk to buy");
  assert.equal(disk.textbook, 8e9);
  assert.deepEqual(disk.notes, ["No artifacts were written: only what is stored already counts."]);
});

Deno.test("size() says what replication takes for granted: always in http mode, else where a metric is superlinear", () => {
  const http = sizeRun({ targets: [1000] }, exampleRun({ mode: "http" }));
  assert.match(rowOf(http, "cores").notes.join(" "), /independent groups of 16: what workers share/);

  const chat = exampleRun();
  chat.levels.forEach((level) => level.metrics.network_bytes_per_s = 100 * level.level + 100 * level.level ** 2);
  const browsers = sizeRun({ targets: [1000] }, chat);
  assert.match(rowOf(browsers, "network_bytes_per_s").notes.join(" "), /grows faster than the sessions/);
  assert.doesNotMatch(rowOf(browsers, "cores").notes.join(" "), /independent groups/);
});

Deno.test("size() reads a whole number of full workers at the level itself", () => {
  const { rows, fleet } = sizeRun({ targets: [96] });
  assert.deepEqual([fleet[0].workers, fleet[0].binds], [7, "top_level"]);
  assert.deepEqual(rows.map(({ model }) => model), Array(4).fill("measured level"));
  assertClose(fleet[0].use.cores!.estimate, 6 * 6.9, "cores of 6 workers");
});

Deno.test("size() refuses to read a shared machine beyond four times the levels, unless told to", () => {
  for (const mode of ["http", "playwright"] as const) {
    assert.throws(
      () => sizeRun({ targets: [100], topology: "shared" }, exampleRun({ mode })),
      /Cannot size 100 sessions on a shared machine .* current value is 6\.25 × 16/,
    );
  }
  const allowed = sizeRun({ targets: [100], topology: "shared", extrapolate: true }, exampleRun({ mode: "http" }));
  assert.deepEqual([rowOf(allowed, "cores").basis, rowOf(allowed, "cores").extrapolation], ["extrapolated", "beyond"]);
  assert.match(allowed.answer, /more than four times/);
  assert.deepEqual([allowed.fleet, allowed.shapes], [[], []]);
});

Deno.test("size() keeps the target that workers share apart: read once at all sessions, the rest on workers", () => {
  const shape = { name: "small", vcpus: 4, memory_gib: 4 };
  const sizing = sizeRun({
    targets: [64],
    topology: "shared",
    shapes: [shape],
    shape: "small",
    baseline_storage_bytes: 1e9,
  });
  const row = (part: string, metric: SizingMetric) =>
    sizing.rows.find((one) => one.part === part && one.metric === metric)!;
  assert.deepEqual(
    sizing.rows.map(({ part, metric, basis }) => `${part} ${metric} ${basis}`),
    [
      "workers cores replicated",
      "workers memory_bytes replicated",
      "workers disk_bytes replicated",
      "shared cores extrapolated",
      "shared memory_bytes extrapolated",
      "shared network_bytes_per_s extrapolated",
    ],
  );
  // Browsers alone: (0.4 + 0.3·n) ÷ 0.65 ≤ 4 up to n = 7; ⌈64 ÷ 7⌉ = 10 workers use 10 · 0.4 + 0.3 · 64 = 23.2 cores.
  assert.deepEqual([sizing.fleet[0].sessions_per_worker, sizing.fleet[0].workers], [7, 11]);
  assertClose(row("workers", "cores").estimate, 23.2, "cores of browsers");
  // Disk is where browsers are: 36 MB · 64 · 240 h.
  assertClose(row("workers", "disk_bytes").estimate, 36e6 * 64 * 240, "bytes of artifacts");
  // The target: 0.1 + 0.1 · 64, and all of the network, not eleven parts of it.
  assertClose(row("shared", "cores").estimate, 6.5, "cores of the target");
  assertClose(row("shared", "network_bytes_per_s").estimate, 64e3, "network of the target");
  assert.equal(row("shared", "cores").extrapolation, "4x");
  assert.match(row("shared", "cores").notes.join(" "), /One target that all workers share/);
  assert.match(
    sizing.answer,
    /^64 sessions: 11 workers of small \(4 vCPU \/ 4 GiB \/ .* disk, one spare\), and for the target that they share 1\d cores, .* extrapolated to two to four times the measured levels; cores bind/,
  );
  sizingSchema.parse(JSON.parse(JSON.stringify(sizing)));
});

Deno.test("size() does not size from saturated levels", () => {
  const summary = exampleRun();
  summary.levels.filter(({ level }) => level === 16).forEach((level) => {
    level.flags.push({ name: "target_saturated", reason: "99 % of 2 cores", excluded_from: ["demand"] });
    level.metrics.serving_cores = 2;
  });
  const sizing = sizeRun({ targets: [100] }, summary);
  assert.equal(sizing.fleet[0].sessions_per_worker, 8);
  // Textbook at level 8: (1 + 4)/8 · 100 · 1.3 = 81.25.
  assert.equal(rowOf(sizing, "cores").textbook, 82);
});

Deno.test("size() with two levels sizes from the measured ones and says that there is no curve", () => {
  const sizing = sizeRun({ targets: [2, 4, 100] }, exampleRun({ levels: [1, 4] }));
  // The lowest level that carries two sessions is 4: 0.5 + 1.6 = 2.1 cores, over 65 % = 3.2.
  assert.equal(rowOf(sizing, "cores", 2).recommended, 4);
  assert.equal(rowOf(sizing, "cores", 2).model, "measured level");
  assert.match(rowOf(sizing, "cores", 2).notes.join(" "), /No curve: .* Run .* sessions next/);
  assert.equal(rowOf(sizing, "cores", 100).basis, "replicated");
});

Deno.test("size() without a usable level says why instead of a number", () => {
  const summary = exampleRun();
  summary.levels.forEach((level) =>
    level.flags.push({ name: "failing", reason: "62 % errors", excluded_from: ["demand", "throughput"] })
  );
  const sizing = sizeRun({}, summary);
  assert.deepEqual([sizing.rows, sizing.fleet, sizing.sensitivity], [[], [], []]);
  assert.match(sizing.answer, /^Nothing can be sized: 0 usable levels.* failing: 62 % errors/);
  sizingSchema.parse(sizing);
});

Deno.test("size() tests one assumption at a time, and reports only what changes", () => {
  const { sensitivity, assumptions } = sizeRun({ targets: [10] });
  const changes = (name: string) =>
    sensitivity.filter(({ assumption }) => assumption === name).map((row) => [row.metric, row.to]);
  // 4.5 cores over 50 % are 9; the safety factor of 1.5 gives 6.75, still under 6.92.
  assert.deepEqual(changes("utilisation"), [["cores", 0.5]]);
  assert.deepEqual(changes("safety").map(([metric]) => metric), ["memory_bytes", "network_bytes_per_s"]);
  assert.deepEqual(changes("retention_days"), [["disk_bytes", 60]]);
  assert.deepEqual(changes("spare_workers"), []);
  assert.equal(assumptions.utilisation, 0.65);
  const cores = sensitivity.find(({ assumption }) => assumption === "utilisation")!;
  assert.deepEqual([cores.recommended_from, cores.recommended_to], [7, 9]);
});

Deno.test("size() echoes all assumptions, is valid after JSON, and the same every time", () => {
  for (const mode of ["http", "playwright"] as const) {
    const sizing = sizeRun({}, exampleRun({ mode }));
    assert.deepEqual(sizing.assumptions.targets, [10, 100, 1000]);
    assert.equal(sizing.assumptions.baseline_os_bytes, 512 * MIB);
    assert.deepEqual(sizingSchema.parse(JSON.parse(JSON.stringify(sizing))), sizing);
    assert.deepEqual(sizeRun({}, exampleRun({ mode })), sizing);
    assert.equal(sizing.answer.split("\n").length, 3);
  }
});

const REFUSED: [Partial<Assumptions>, RegExp][] = [
  [{ targets: [] }, /targets must be whole numbers of sessions from 1: current value is none/],
  [{ targets: [2.5] }, /current value is 2\.5/],
  [{ utilisation: 0 }, /utilisation must be from 0\.01 to 1: current value is 0/],
  [{ safety: 0.9 }, /safety must be from 1 to 100: current value is 0\.9/],
  [{ free_space: 1 }, /free_space .* current value is 1/],
  [{ retention_days: NaN }, /retention_days .* current value is NaN/],
];

for (const [options, message] of REFUSED) {
  Deno.test(`size() refuses ${JSON.stringify(options)}`, () => assert.throws(() => sizeRun(options), message));
}
