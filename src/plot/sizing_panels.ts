import type { SizingMetric, SizingRow } from "../schema/mod.ts";
import { formatQuantity } from "../size/mod.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, logarithmicAxis, NUMBER, palette, significant, WIDTH } from "./theme.ts";

/** Rows of one sizing, and what sets it apart from others in the same chart. */
export interface SizingCase {
  rows: readonly SizingRow[];
  /** Assumptions that differ, by name: fields of the rows' data. */
  setting: Record<string, number>;
}

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
 * One small chart a resource, of which something is needed in some case, with one scale for all cases.
 *
 * @param cases One, or several of which `filter` lets one through.
 * @param filter A Vega expression on the fields of `setting`.
 */
export function sizingPanels(cases: readonly SizingCase[], filter?: string): ChartSpec {
  const panels = PANELS.flatMap(([metric, label, axisMetric]) => {
    const own = cases.map(({ rows, setting }) => ({ rows: rows.filter((row) => row.metric === metric), setting }));
    return own.some(({ rows }) => rows.some((row) => row.recommended > 0))
      ? [panel({ cases: own, label, axisMetric, filter })]
      : [];
  });
  return { vconcat: panels, spacing: 18, resolve: { scale: { x: "independent" } } };
}

function panel(
  { cases, label, axisMetric, filter }: {
    cases: readonly SizingCase[];
    label: string;
    axisMetric: string;
    filter?: string;
  },
): ChartSpec {
  const rows = cases.flatMap(({ rows }) => rows);
  const all = rows.flatMap((row) => [row.estimate, row.recommended, row.textbook ?? row.recommended, ...row.interval]);
  const positive = all.filter((value) => value > 0);
  const logarithmic = positive.length > 0 && Math.max(...positive) > 30 * Math.min(...positive);
  const { divisor, unit } = metricAxis(axisMetric, all);
  const floor = logarithmic ? Math.min(...positive) / divisor / 1.3 : 0;
  const ceiling = Math.max(...all) / divisor * (logarithmic ? 1.3 : 1.05) || 1;
  const scaled = (value: number) => Math.max(value / divisor, floor);
  const shared = (row: SizingRow) => ({ target: sessions(row), basis: row.basis, model: row.model });
  const each = <Row>(draw: (row: SizingRow) => Row[]) =>
    cases.flatMap(({ rows, setting }) => rows.flatMap(draw).map((row) => ({ ...row, ...setting })));
  const bands = each((row) => [{
    ...shared(row),
    lower: scaled(row.interval[0]),
    upper: scaled(row.interval[1]),
    band: row.interval.map((edge) => significant(edge / divisor)).join(" – "),
    buy: formatQuantity(row.recommended, row.metric),
  }]);
  const dots = each((row) => [
    ...(row.textbook === null ? [] : [{ ...shared(row), mark: MARKS[2], value: scaled(row.textbook) }]),
    { ...shared(row), mark: MARKS[1], value: scaled(row.estimate) },
    { ...shared(row), mark: MARKS[0], value: scaled(row.recommended) },
  ]);
  const order = [...new Set(rows.toSorted((a, b) => a.target_sessions - b.target_sessions).map(sessions))];
  const transform = filter === undefined ? [] : [{ filter }];
  const x = {
    type: "quantitative",
    title: null,
    scale: { type: logarithmic ? "log" : "linear", domain: [floor, ceiling], nice: false },
    axis: {
      grid: true,
      domain: false,
      ticks: false,
      labelOverlap: false,
      ...(logarithmic ? logarithmicAxis(floor, ceiling) : { tickCount: 5, format: ",.3~r" }),
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
        transform,
        mark: { type: "bar", height: 12, fill: palette.accent, fillOpacity: 0.28, cornerRadius: 2 },
        encoding: {
          x: { ...x, field: "lower", stack: null },
          x2: { field: "upper" },
          tooltip: [{ field: "band", type: "nominal", title: `95 % band [${unit}]` }, ...detail],
        },
      },
      {
        data: { values: dots },
        transform,
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
        transform,
        mark: { type: "text", align: "right", dx: 92, baseline: "middle", color: palette.ink, fontWeight: "bold" },
        encoding: { x: { value: "width" }, text: { field: "buy" } },
      },
    ],
  };
}

function sessions(row: SizingRow): string {
  const target = `${row.target_sessions.toLocaleString("en-US", { useGrouping: "min2" })} sessions`;
  return row.part === undefined ? target : `${target}, ${row.part}`;
}
