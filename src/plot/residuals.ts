import { evaluate } from "../model/mod.ts";
import type { MetricFit } from "../schema/mod.ts";
import { categories, fillOf, MEASURED, modelLabel, pointRows } from "./fit_chart.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, NUMBER, palette, roleOf, significant, themed } from "./theme.ts";

const SQUARE_LEGEND = { symbolType: "square", symbolSize: 110, symbolStrokeWidth: 0 };

/** Half of the picture's height [%], at least. */
const LEAST_REACH = 1;

/** From this ratio of highest to lowest sessions on, the axis is logarithmic: levels are then told apart. */
const WIDE = 8;

/**
 * Draws what the accepted curve leaves over: every replicate as a share of the curve, the mean of each level, and the
 * band of a new run. A curve that fits leaves no pattern: a bow says that another curve is right, a fan that the error
 * grows.
 *
 * @param fit A fit with an accepted curve. Replicates left out of it are hollow; those beyond the picture are not drawn.
 * @returns A Vega-Lite v6 specification.
 * @throws {RangeError} If nothing could be fitted.
 *
 * @example Five levels on a line
 * ```ts
 * import { fitPoints, residuals } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16].map((n) => ({ sessions: n, value: 2 * n + (n % 3) / 10, level: n, replicate: 1 }));
 * const spec = residuals(fitPoints(points, { metric: "target_cores" }));
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function residuals(fit: MetricFit): ChartSpec {
  const axis = metricAxis(fit.metric, fit.points.map((point) => point.value));
  const colour = palette[roleOf(fit.metric)];
  const share = (value: number, sessions: number) => 100 * (value / evaluate(fit, sessions).estimate - 1);
  const rows = pointRows(fit, axis).map((row) => {
    const residual = share(row.value * axis.divisor, row.sessions);
    const { prediction } = evaluate(fit, row.sessions);
    const outside = row.value * axis.divisor < prediction[0] || row.value * axis.divisor > prediction[1];
    return { ...row, residual, outside };
  });
  const used = rows.filter((row) => row.kind === MEASURED);
  const means = [...Map.groupBy(used, (row) => row.level).values()].map((level) => ({
    sessions: mean(level.map((row) => row.sessions)),
    residual: mean(level.map((row) => row.residual)),
  })).toSorted((a, b) => a.sessions - b.sessions);
  const [from, to] = fit.range;
  const band = Array.from({ length: 49 }, (_, step) => from * (to / from) ** (step / 48)).map((sessions) => {
    const { prediction: [low, high] } = evaluate(fit, sessions);
    return { sessions, lower: share(low, sessions), upper: share(high, sessions), band: bandName(fit) };
  });

  const largest = Math.max(...used.map((row) => Math.abs(row.residual)));
  const outside = used.filter((row) => row.outside).length;
  // A curve that hits every point has residuals of rounding: no picture of those.
  const reach = 1.15 *
    Math.max(LEAST_REACH, largest, ...band.flatMap((row) => [-row.lower, Math.min(row.upper, 3 * largest + 5)]));
  const kinds = [...new Set([MEASURED, ...rows.map((row) => row.kind)])];
  const x = { field: "sessions", type: "quantitative" };
  const y = { field: "residual", type: "quantitative" };
  return themed({
    title: {
      text: `${axis.label}: ${largest < 0.01 ? "less than 0.01" : `at most ${significant(largest)}`} % off the ${
        modelLabel(fit.accepted!)
      } curve`,
      subtitle: `${outside} of ${used.length} replicates outside the ${
        bandName(fit)
      }; the line joins the levels' means`,
    },
    height: 200,
    datasets: { points: rows, means, band },
    encoding: {
      x: {
        type: "quantitative",
        title: `Concurrent sessions${to > WIDE * from ? ", logarithmic" : ""}`,
        scale: to > WIDE * from
          ? { type: "log", base: 2, domain: [from / 1.15, Math.max(...rows.map((row) => row.sessions)) * 1.15] }
          : { domain: [0, 1.03 * Math.max(...rows.map((row) => row.sessions))], nice: false },
        axis: to > WIDE * from
          ? { values: [...new Set(rows.map((row) => row.level))], format: "~r", tickMinStep: 1 }
          : { tickMinStep: 1 },
      },
      y: {
        type: "quantitative",
        title: "Measured against the curve [%]",
        scale: { domain: [-reach, reach], nice: false },
        axis: { format: "+~r", labelExpr: "datum.value === 0 ? '0' : datum.label" },
      },
    },
    layer: [
      {
        data: { name: "band" },
        mark: { type: "area", opacity: 0.13, clip: true, tooltip: null },
        encoding: {
          x,
          y: { field: "lower", type: "quantitative" },
          y2: { field: "upper" },
          color: categories("band", [bandName(fit)], [colour], { ...SQUARE_LEGEND, symbolOpacity: 0.3 }),
        },
      },
      { data: { values: [{}] }, mark: { type: "rule", stroke: palette.axis }, encoding: { y: { datum: 0 } } },
      {
        data: { name: "means" },
        mark: { type: "line", stroke: colour, strokeWidth: 1.25, clip: true, tooltip: null },
        encoding: { x, y },
      },
      {
        data: { name: "points" },
        mark: { type: "point", size: 42, strokeWidth: 1.5, opacity: 1, clip: true },
        encoding: {
          x,
          y,
          fill: categories("kind", kinds, kinds.map((name) => fillOf(name, colour)), { symbolType: "circle" }),
          stroke: categories("kind", kinds, kinds.map(() => colour), { symbolType: "circle" }),
          tooltip: [
            { field: "residual", type: "quantitative", title: "against the curve [%]", format: "+.3~r" },
            { field: "value", type: "quantitative", title: axis.title, format: NUMBER },
            { field: "sessions", type: "quantitative", title: "sessions observed", format: NUMBER },
            { field: "level", type: "quantitative", title: "level" },
            { field: "replicate", type: "quantitative", title: "replicate" },
            { field: "reason", type: "nominal", title: "fit" },
          ],
        },
      },
    ],
  });
}

function bandName(fit: MetricFit): string {
  return `${Math.round(fit.level * 100)} % band of a new run`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
