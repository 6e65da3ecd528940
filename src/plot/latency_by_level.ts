import type { LevelSummary } from "../schema/mod.ts";
import { MEASURED } from "./fit_chart.ts";
import { type ChartSpec, logarithmicAxis, NUMBER, palette, significant, themed } from "./theme.ts";

const QUANTILES = ["p99", "p95", "p50"] as const;
/** Height of a label, as a share of the chart's. */
const LABEL_SHARE = 0.05;
const COLOURS = [palette.accent_dark, palette.accent, palette.accent_light];

/**
 * Draws latency, from the intended start, against sessions: p50, p95 and p99, every replicate and the median of each
 * level. The scale is logarithmic where the values span more than a factor of 20.
 *
 * @param levels Level summaries; those without a quantile do not show it.
 * @returns A Vega-Lite v6 specification.
 *
 * @example Two levels
 * ```ts
 * import { latencyByLevel } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const level = { replicate: 1, attempt: 1, window_s: 30, requests: 300, flags: [] };
 * const spec = latencyByLevel([
 *   { ...level, level: 1, sessions: 1, metrics: { latency_ms_p50: 4, latency_ms_p95: 6, latency_ms_p99: 9 } },
 *   { ...level, level: 8, sessions: 8, metrics: { latency_ms_p50: 5, latency_ms_p95: 9, latency_ms_p99: 14 } },
 * ]);
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function latencyByLevel(levels: readonly LevelSummary[]): ChartSpec {
  const points = levels.flatMap((summary) =>
    QUANTILES.flatMap((quantile) => {
      const latency_ms = summary.metrics[`latency_ms_${quantile}`];
      return latency_ms === undefined ? [] : [{
        quantile,
        latency_ms,
        sessions: summary.sessions,
        level: summary.level,
        replicate: summary.replicate,
        interval: intervalText(summary.metrics, quantile),
        kind: summary.flags.length === 0 ? MEASURED : "flagged",
        flags: summary.flags.map((flag) => flag.reason).join("; ") || "none",
      }];
    })
  );
  const shown = QUANTILES.filter((quantile) => points.some((row) => row.quantile === quantile));
  const medians = shown.flatMap((quantile) =>
    [...new Set(points.map((row) => row.level))].toSorted((a, b) => a - b).flatMap((level) => {
      const rows = points.filter((row) => row.level === level && row.quantile === quantile);
      return rows.length === 0 ? [] : [{
        quantile,
        level,
        latency_ms: median(rows.map((row) => row.latency_ms)),
        sessions: median(rows.map((row) => row.sessions)),
      }];
    })
  );
  const values = points.map((row) => row.latency_ms);
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const logarithmic = lowest > 0 && highest > 20 * lowest;
  const [from, to] = [lowest / 1.25, highest * 1.25];
  const top = Math.max(...medians.map((row) => row.level));
  const end = apart(medians.filter((row) => row.level === top), logarithmic ? [from, to] : [0, highest]);
  const stroke = (legend: ChartSpec | null) => ({
    field: "quantile",
    type: "nominal",
    scale: { domain: QUANTILES, range: COLOURS },
    legend,
  });
  return themed({
    title: {
      text: title(medians),
      subtitle: `From the intended start of each request; lines join the medians of the replicates${
        points.some((row) => row.kind !== MEASURED) ? "; hollow: flagged" : ""
      }`,
    },
    datasets: { points, medians, end },
    encoding: {
      x: {
        field: "sessions",
        type: "quantitative",
        title: "Concurrent sessions",
        scale: { domainMin: 0 },
        axis: { tickMinStep: 1 },
      },
      y: {
        field: "latency_ms",
        type: "quantitative",
        title: "Latency [ms]",
        scale: logarithmic ? { type: "log", domain: [from, to], nice: false } : { zero: true },
        ...(logarithmic ? { axis: logarithmicAxis(from, to) } : {}),
      },
    },
    layer: [
      {
        data: { name: "medians" },
        mark: { type: "line", tooltip: null },
        encoding: { stroke: stroke(null), detail: { field: "quantile", type: "nominal" } },
      },
      {
        data: { name: "points" },
        mark: { type: "point", size: 30, strokeWidth: 1.5, opacity: 1 },
        encoding: {
          stroke: stroke(null),
          fill: {
            condition: { test: `datum.kind === '${MEASURED}'`, ...stroke(null) },
            value: palette.paper,
          },
          tooltip: [
            { field: "latency_ms", type: "quantitative", title: "latency [ms]", format: NUMBER },
            { field: "interval", type: "nominal", title: "95 % interval [ms]" },
            { field: "quantile", type: "nominal", title: "quantile" },
            { field: "sessions", type: "quantitative", title: "sessions observed", format: NUMBER },
            { field: "level", type: "quantitative", title: "level" },
            { field: "replicate", type: "quantitative", title: "replicate" },
            { field: "flags", type: "nominal", title: "flags" },
          ],
        },
      },
      {
        data: { name: "end" },
        mark: { type: "text", align: "left", dx: 8, baseline: "middle", fontWeight: "bold", color: palette.ink },
        encoding: { y: { field: "label_ms", type: "quantitative" }, text: { field: "quantile" } },
      },
    ],
  });
}

function title(medians: { quantile: string; level: number; latency_ms: number }[]): string {
  const tail = medians.filter((row) => row.quantile === "p95").toSorted((a, b) => a.level - b.level);
  const [first, last] = [tail.at(0), tail.at(-1)];
  if (first === undefined || last === undefined || first === last) return "Latency by level";
  const factor = last.latency_ms / first.latency_ms;
  const levels = `from ${first.level} to ${last.level} sessions`;
  if (factor > 1.25) {
    return `p95 latency grows ${factor.toLocaleString("en-US", { maximumSignificantDigits: 2 })}-fold ${levels}`;
  }
  return factor < 0.8 ? `p95 latency falls ${levels}` : `p95 latency stays level ${levels}`;
}

/** `4 – 6.1`, or `at least 4` where there are too few requests to say how large it is at most. */
function intervalText(metrics: LevelSummary["metrics"], quantile: string): string {
  const [low, high] = ["low", "high"].map((end) => metrics[`latency_ms_${quantile}_${end}`]);
  if (low === undefined) return "unknown";
  return high === undefined ? `at least ${significant(low)}` : `${significant(low)} – ${significant(high)}`;
}

/** Heights of labels that stand beside the ends of lines, moved up where they would cover each other. */
function apart<Row extends { latency_ms: number }>(rows: readonly Row[], [from, to]: readonly [number, number]) {
  const logarithmic = from > 0;
  const scale = (value: number) => logarithmic ? Math.log(value / from) / Math.log(to / from) : value / to;
  const back = (share: number) => logarithmic ? from * (to / from) ** share : share * to;
  let below = -1;
  return rows.toSorted((a, b) => a.latency_ms - b.latency_ms).map((row) => {
    below = Math.max(scale(row.latency_ms), below + LABEL_SHARE);
    return { ...row, label_ms: back(below) };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
