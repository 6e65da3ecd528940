import type { Sizing, SizingMetric, SizingRow } from "../schema/mod.ts";
import { formatQuantity } from "../size/mod.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, NUMBER, palette, significant, themed, WIDTH } from "./theme.ts";

const PANELS: [metric: SizingMetric, label: string, axisMetric: string][] = [
  ["cores", "CPU", "system_cores"],
  ["memory_bytes", "Memory", "system_memory_bytes"],
  ["disk_bytes", "Disk", "disk_bytes"],
  ["network_bytes_per_s", "Network", "network_bytes_per_s"],
];
const MARKS = ["recommended", "expected at the peak", "textbook formula"];
const ROW_HEIGHT = 26;
const PANEL_TITLE = { fontSize: 11.5, fontWeight: "normal", color: palette.muted, offset: 6 };

/**
 * Draws a sizing: for each resource and target what is expected at the peak, its band, what to buy, and what the
 * textbook formula would buy. A resource of which nothing is needed is left out. A scale is logarithmic where its
 * values span more than a factor of 30.
 *
 * @param sizing A sizing that needs something.
 * @returns A Vega-Lite v6 specification: one small chart a resource.
 *
 * @example Cores for ten sessions
 * ```ts
 * import { sizingBars } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const row = {
 *   target_sessions: 10, metric: "cores", basis: "measured", textbook: 3, estimate: 1.2, interval: [1.1, 1.3],
 *   upper: 1.28, recommended: 2, model: "linear", extrapolation: "none", notes: [],
 * } as const;
 * const spec = sizingBars({ rows: [{ ...row, interval: [1.1, 1.3], notes: [] }] });
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function sizingBars(sizing: Pick<Sizing, "rows">): ChartSpec {
  const panels = PANELS.flatMap(([metric, label, axisMetric]) => {
    const rows = sizing.rows.filter((row) => row.metric === metric);
    return rows.some((row) => row.recommended > 0) ? [panel(rows, label, axisMetric)] : [];
  });
  return themed({
    title: {
      text: "What to buy, against what is expected",
      subtitle: "Bar: 95 % band of the expected use at the peak; at the right what to buy",
    },
    vconcat: panels,
    spacing: 18,
    resolve: { scale: { x: "independent" } },
  });
}

function panel(rows: readonly SizingRow[], label: string, axisMetric: string): ChartSpec {
  const all = rows.flatMap((row) => [row.estimate, row.recommended, row.textbook ?? row.recommended, ...row.interval]);
  const positive = all.filter((value) => value > 0);
  const logarithmic = positive.length > 0 && Math.max(...positive) > 30 * Math.min(...positive);
  const { divisor, unit } = metricAxis(axisMetric, all);
  const floor = logarithmic ? Math.min(...positive) / divisor / 1.3 : 0;
  const ceiling = Math.max(...all) / divisor * (logarithmic ? 1.3 : 1.05) || 1;
  const scaled = (value: number) => Math.max(value / divisor, floor);
  const shared = (row: SizingRow) => ({ target: sessions(row), basis: row.basis, model: row.model });
  const bands = rows.map((row) => ({
    ...shared(row),
    lower: scaled(row.interval[0]),
    upper: scaled(row.interval[1]),
    band: row.interval.map((edge) => significant(edge / divisor)).join(" – "),
    buy: formatQuantity(row.recommended, row.metric),
  }));
  const dots = rows.flatMap((row) => [
    ...(row.textbook === null ? [] : [{ ...shared(row), mark: MARKS[2], value: scaled(row.textbook) }]),
    { ...shared(row), mark: MARKS[1], value: scaled(row.estimate) },
    { ...shared(row), mark: MARKS[0], value: scaled(row.recommended) },
  ]);
  const order = rows.toSorted((a, b) => a.target_sessions - b.target_sessions).map(sessions);
  const x = {
    type: "quantitative",
    title: null,
    scale: { type: logarithmic ? "log" : "linear", domain: [floor, ceiling], nice: false },
    axis: {
      grid: true,
      domain: false,
      ticks: false,
      format: ",.3~r",
      labelOverlap: false,
      ...(logarithmic ? { values: decades(floor, ceiling) } : { tickCount: 5 }),
    },
  };
  const role = (range: unknown[]) => ({ field: "mark", type: "nominal", scale: { domain: MARKS, range } });
  const detail = [
    { field: "target", type: "nominal", title: "for" },
    { field: "basis", type: "nominal", title: "basis" },
    { field: "model", type: "nominal", title: "curve" },
  ];
  return {
    title: { text: `${label} [${unit}]${logarithmic ? ", logarithmic" : ""}`, ...PANEL_TITLE },
    width: WIDTH,
    height: ROW_HEIGHT * order.length,
    encoding: {
      y: { field: "target", type: "nominal", title: null, sort: order, axis: { domain: false, ticks: false } },
    },
    layer: [
      {
        data: { values: bands },
        mark: { type: "bar", height: 12, fill: palette.accent, fillOpacity: 0.28, cornerRadius: 2 },
        encoding: {
          x: { ...x, field: "lower" },
          x2: { field: "upper" },
          tooltip: [{ field: "band", type: "nominal", title: `95 % band [${unit}]` }, ...detail],
        },
      },
      {
        data: { values: dots },
        mark: { type: "point", size: 70, opacity: 1, strokeWidth: 1.5 },
        encoding: {
          x: { ...x, field: "value" },
          fill: role([palette.ink, palette.accent, palette.system]),
          stroke: role([palette.ink, palette.accent, palette.system]),
          shape: role(["diamond", "circle", "M0,-1.6L0,1.6"]),
          tooltip: [
            { field: "value", type: "quantitative", title: `${label} [${unit}]`, format: NUMBER },
            { field: "mark", type: "nominal", title: "what" },
            ...detail,
          ],
        },
      },
      {
        data: { values: bands },
        mark: { type: "text", align: "right", dx: 92, baseline: "middle", color: palette.ink, fontWeight: "bold" },
        encoding: { x: { value: "width" }, text: { field: "buy" } },
      },
    ],
  };
}

function sessions(row: SizingRow): string {
  return `${row.target_sessions.toLocaleString("en-US", { useGrouping: "min2" })} sessions`;
}

/** Powers of ten within the limits; with 3 between where the powers alone are few. */
function decades(from: number, to: number): number[] {
  const powers = Array.from(
    { length: Math.floor(Math.log10(to)) - Math.floor(Math.log10(from)) + 1 },
    (_, index) => 10 ** (Math.floor(Math.log10(from)) + index),
  );
  const steps = powers.length > 4 ? [1] : [1, 3];
  return powers.flatMap((power) => steps.map((step) => step * power)).filter((value) => value >= from && value <= to);
}
