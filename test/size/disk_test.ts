import assert from "node:assert/strict";
import { fitAll } from "../../src/model/mod.ts";
import type { Assumptions, RunSummary, Sizing } from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { exampleRun } from "./example_run.ts";

/** 36 MB a session-hour, of which screenshots of 100 kB are 27 MB (270 of them), a HAR 6 MB and a trace 3 MB. */
function mixedRun(): RunSummary {
  const summary = exampleRun();
  for (const { level, metrics } of summary.levels) {
    metrics.screenshot_bytes_per_hour = 27e6 * level;
    metrics.har_bytes_per_hour = 6e6 * level;
    metrics.trace_bytes_per_hour = 3e6 * level;
  }
  return summary;
}

function sizeRun(options: Partial<Assumptions>, summary = mixedRun()): Sizing {
  return size(summary, fitAll(summary), { targets: [10], ...options });
}

const kept = (sizing: Sizing) =>
  Object.fromEntries(sizing.artifacts.map(({ kind, estimate }) => [kind, Math.round(estimate / 1e6)]));

/** 10 sessions, 8 hours, 30 days: screenshots 64 800 MB, HAR 14 400, traces 7 200. */
const CASES: [sentence: string, options: Partial<Assumptions>, screenshot: number, har: number, trace: number][] = [
  ["by days: rate · sessions · hours · days", {}, 64_800, 14_400, 7_200],
  ["twice the days keep twice as much of all", { retention_days: 60 }, 129_600, 28_800, 14_400],
  ["copies count", { replication: 2 }, 129_600, 28_800, 14_400],
  [
    "by count: the newest 1000 of 64 800 screenshots a slot; the rest goes by days",
    { retention_count: 1000 },
    1000,
    14_400,
    7_200,
  ],
  ["a count above what the days keep changes nothing", { retention_count: 70_000 }, 64_800, 14_400, 7_200],
  ["a count of none keeps none", { retention_count: 0 }, 0, 14_400, 7_200],
  [
    "more screenshots a session-day than were measured: 4320 instead of 2160",
    { snapshots_per_session: 4320 },
    129_600,
    14_400,
    7_200,
  ],
  ["more hours a day write more of all", { session_hours_per_day: 16 }, 129_600, 28_800, 14_400],
  ["without retention nothing is kept", { retention_days: 0 }, 0, 0, 0],
];

for (const [sentence, options, screenshot, har, trace] of CASES) {
  Deno.test(`size() keeps artifacts, ${sentence}`, () => {
    const sizing = sizeRun(options);
    const disk = sizing.rows.find(({ metric }) => metric === "disk_bytes")!;
    if (screenshot + har + trace > 0) assert.deepEqual(kept(sizing), { screenshot, har, trace });
    assert.ok(Math.abs(disk.estimate - 1e6 * (screenshot + har + trace)) < 1e6, `${disk.estimate}`);
    assert.ok(Math.abs(disk.recommended - 1e6 * (screenshot + har + trace) / 0.8) < 1e6, `${disk.recommended}`);
  });
}

Deno.test("size() divides disk by kind, largest first, as it was at the top level", () => {
  const { artifacts, assumptions } = sizeRun({});
  assert.deepEqual(artifacts.map(({ kind, share }) => [kind, share]), [
    ["screenshot", 27 / 36],
    ["har", 6 / 36],
    ["trace", 3 / 36],
  ]);
  assert.equal(artifacts[0].bytes_per_session_hour, 27e6);
  assert.equal(assumptions.snapshots_per_session, 8 * 270);
  assert.deepEqual(sizeRun({}, exampleRun({ mode: "http" })).artifacts, []);
});

Deno.test("size() labels the parts of an extrapolated disk, and what-ifs of it, as that", () => {
  const { artifacts, screenshots } = sizeRun({ targets: [30] });
  assert.deepEqual([...new Set([...artifacts, ...screenshots].map(({ extrapolation }) => extrapolation))], ["2x"]);
});

Deno.test("size() what-if of screenshots: by period, and in encodings that a run measured, no others", () => {
  const png = { format: "png" as const, bytes_per_snapshot: 400e3, run: "runs/png" };
  const { screenshots, rows } = sizeRun({ screenshots: [png] });
  assert.deepEqual([...new Set(screenshots.map(({ format, quality, run }) => `${format} ${quality} ${run}`))], [
    "jpeg 70 runs/example",
    "png undefined runs/png",
  ]);
  const disk = (format: string, every_s: number) =>
    Math.round(screenshots.find((row) => row.format === format && row.every_s === every_s)!.recommended / 1e6);
  // Every 13.33 s as measured; HAR and traces stay: (64 800 · factor + 21 600) ÷ 0.8.
  assert.equal(disk("jpeg", 13.33), Math.round(rows[2].recommended / 1e6));
  assert.equal(disk("jpeg", 13.33), 86_400 / 0.8);
  assert.equal(disk("jpeg", 26.67), (32_400 + 21_600) / 0.8);
  assert.equal(disk("jpeg", 6.667), (129_600 + 21_600) / 0.8);
  assert.equal(disk("png", 13.33), (4 * 64_800 + 21_600) / 0.8);
  assert.deepEqual(sizeRun({}, exampleRun({ mode: "http" })).screenshots, []);
});
