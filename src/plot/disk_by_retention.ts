import type { Sizing } from "../schema/mod.ts";
import { formatQuantity } from "../size/mod.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, logarithmicAxis, NUMBER, palette, themed } from "./theme.ts";

const COLOURS = [palette.accent_light, palette.accent, palette.accent_dark];

/**
 * Draws the disk to buy against how long artifacts are kept, a line a target, with the band of what will be stored.
 *
 * @param sizings Of one run, alike but for `retention_days`, at least two of them: what `size` computed, nothing is
 *   computed here.
 * @returns A Vega-Lite v6 specification; logarithmic where targets are far apart.
 * @throws {RangeError} If fewer than two retentions are given, or no disk is needed.
 *
 * @example From a week to a quarter
 * ```ts
 * import { diskByRetention, fitAll, size } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const levels = [1, 2, 4, 8, 16].map((n) => ({
 *   level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *   metrics: { serving_cores: 0.1 * n, serving_memory_bytes: 1e8 + 1e6 * n, artifact_bytes_per_hour: 2e7 * n },
 * }));
 * const summary = {
 *   run: "data/runs/a", mode: "playwright" as const, url: "http://127.0.0.1:8000/", size_groups: ["target"],
 *   capacity: { cores: 4, memory_bytes: 8 * 2 ** 30 },
 *   baseline: { os_cores: 0, os_memory_bytes: 2 ** 29, drift_cores: 0 }, levels, warnings: [],
 * };
 * const fits = fitAll(summary);
 * const sizings = [7, 30, 90].map((retention_days) => size(summary, fits, { targets: [16], retention_days }));
 * assert.deepEqual(diskByRetention(sizings).title, {
 *   text: "Each day of retention takes 2.98 GiB for 16 sessions",
 *   subtitle: "Line: what to buy, free space included; shade: 95 % band of what will be stored",
 * });
 * ```
 */
export function diskByRetention(sizings: readonly Sizing[]): ChartSpec {
  const sorted = sizings.toSorted((a, b) => a.assumptions.retention_days - b.assumptions.retention_days);
  const all = sorted.flatMap(({ rows, assumptions }) =>
    rows.filter((row) => row.metric === "disk_bytes").map((row) => ({ ...row, days: assumptions.retention_days }))
  );
  const highest = Math.max(0, ...all.map((row) => row.recommended));
  if (new Set(all.map((row) => row.days)).size < 2 || highest === 0) {
    throw new RangeError(
      `Cannot draw disk by retention as there must be two retentions and some disk: current value is ${all.length} rows, at most ${highest} bytes`,
    );
  }
  const axis = metricAxis("disk_bytes", [highest]);
  const floor = Math.min(...all.flatMap((row) => [row.recommended, row.interval[0]]).filter((value) => value > 0));
  const logarithmic = highest > 60 * floor;
  const domain = logarithmic
    ? [floor / axis.divisor / 1.2, highest / axis.divisor * 1.3]
    : [0, highest / axis.divisor * 1.08];
  const rows = all.map((row) => ({
    days: row.days,
    target: sessions(row.target_sessions),
    disk: row.recommended / axis.divisor,
    lower: Math.max(row.interval[0] / axis.divisor, domain[0]),
    upper: row.interval[1] / axis.divisor,
    buy: formatQuantity(row.recommended, row.metric),
    expected: formatQuantity(row.estimate, row.metric),
    basis: row.basis,
  }));
  const targets = [
    ...new Set(
      all.toSorted((a, b) => a.target_sessions - b.target_sessions).map((row) => sessions(row.target_sessions)),
    ),
  ];
  const last = all.at(-1)!.days;
  const largest = all.filter((row) => row.target_sessions === Math.max(...all.map((other) => other.target_sessions)));
  const [least, most] = [largest[0], largest.at(-1)!];
  const aDay = (most.recommended - least.recommended) / (most.days - least.days);
  const colour = {
    field: "target",
    type: "nominal",
    scale: { domain: targets, range: coloursOf(targets.length) },
    legend: null,
  };
  const x = { field: "days", type: "quantitative" };
  return themed({
    title: {
      text: `Each day of retention takes ${formatQuantity(aDay, "disk_bytes")} for ${sessions(most.target_sessions)}`,
      subtitle: "Line: what to buy, free space included; shade: 95 % band of what will be stored",
    },
    height: 220,
    datasets: { rows, ends: rows.filter((row) => row.days === last) },
    encoding: {
      x: {
        type: "quantitative",
        title: "Retention [days]",
        scale: { domain: [logarithmic ? all[0].days : 0, last], nice: false },
        axis: { tickMinStep: 1 },
      },
      y: {
        type: "quantitative",
        title: `Disk [${axis.unit}]${logarithmic ? ", logarithmic" : ""}`,
        scale: { type: logarithmic ? "log" : "linear", domain, nice: false },
        ...(logarithmic ? { axis: logarithmicAxis(domain[0], domain[1]) } : {}),
      },
    },
    layer: [
      {
        data: { name: "rows" },
        mark: { type: "area", opacity: 0.15, clip: true, tooltip: null },
        encoding: { x, y: { field: "lower", type: "quantitative" }, y2: { field: "upper" }, color: colour },
      },
      {
        data: { name: "rows" },
        mark: { type: "line", clip: true, tooltip: null },
        encoding: { x, y: { field: "disk", type: "quantitative" }, color: colour },
      },
      {
        data: { name: "rows" },
        mark: { type: "point", filled: true, size: 36, opacity: 1 },
        encoding: {
          x,
          y: { field: "disk", type: "quantitative" },
          color: colour,
          tooltip: [
            { field: "buy", type: "nominal", title: "disk to buy" },
            { field: "expected", type: "nominal", title: "stored, expected" },
            { field: "target", type: "nominal", title: "for" },
            { field: "days", type: "quantitative", title: "kept [days]", format: NUMBER },
            { field: "basis", type: "nominal", title: "basis" },
          ],
        },
      },
      {
        data: { name: "ends" },
        mark: { type: "text", align: "left", dx: 9, baseline: "middle", fontWeight: "bold", color: palette.ink },
        encoding: { x, y: { field: "disk", type: "quantitative" }, text: { field: "target" } },
      },
    ],
  });
}

/** Darker for more; the middle one for a single line. */
function coloursOf(count: number): string[] {
  return count === 1 ? [palette.accent] : Array.from({ length: count }, (_, index) => COLOURS[Math.min(index, 2)]);
}

function sessions(target: number): string {
  const count = target.toLocaleString("en-US", { useGrouping: "min2" });
  return `${count} ${target === 1 ? "session" : "sessions"}`;
}
