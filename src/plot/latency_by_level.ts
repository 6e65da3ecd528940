import type { LevelSummary } from "../schema/mod.ts";
import { type ChartSpec, NUMBER, palette, themed } from "./theme.ts";

const QUANTILES = ["p99", "p95", "p50"] as const;
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
  const end = medians.filter((row) => row.level === Math.max(...medians.map((other) => other.level)));
  const stroke = (legend: ChartSpec | null) => ({
    field: "quantile",
    type: "nominal",
    scale: { domain: QUANTILES, range: COLOURS },
    legend,
  });
  return themed({
    title: {
      text: title(medians),
      subtitle: "From the intended start of each request; lines join the medians of the replicates",
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
        scale: logarithmic ? { type: "log" } : { zero: true },
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
        mark: { type: "point", size: 30, filled: true, opacity: 0.85 },
        encoding: {
          fill: stroke(null),
          tooltip: [
            { field: "latency_ms", type: "quantitative", title: "latency [ms]", format: NUMBER },
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
        mark: { type: "text", align: "left", dx: 8, baseline: "middle", fontWeight: "bold" },
        encoding: { text: { field: "quantile" }, fill: stroke(null) },
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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
