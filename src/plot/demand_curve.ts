import { evaluate } from "../model/mod.ts";
import type { MetricFit } from "../schema/mod.ts";
import { curveGrid, fitChart, readModel } from "./fit_chart.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, significant } from "./theme.ts";

/** Options of {@linkcode demandCurve}. */
export interface DemandCurveOptions {
  /**
   * Draw the curve up to this many sessions.
   * @default the highest level run, or the largest of `targets` within four times the measured range
   */
  upTo?: number;
  /**
   * Concurrencies to mark with the bound that sizing uses [sessions]. Those outside the chart are not drawn.
   * @default []
   */
  targets?: readonly number[];
}

/**
 * Draws what a metric costs against sessions: every replicate, the accepted curve with its bands, the straight line
 * for comparison, and the bound that sizing uses at each target.
 *
 * Replicates left out of the fit are hollow. What lies beyond the measured levels is dashed.
 *
 * @param fit A fit of kind `demand`.
 * @returns A Vega-Lite v6 specification.
 *
 * @example Too few levels for a curve: the points alone
 * ```ts
 * import { demandCurve } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const spec = demandCurve({
 *   metric: "target_cores",
 *   kind: "demand",
 *   level: 0.95,
 *   points: [{ sessions: 1, value: 0.1, replicate: 1, level: 1 }, { sessions: 2, value: 0.2, replicate: 1, level: 2 }],
 *   range: [1, 2],
 *   models: [],
 *   accepted: null,
 *   verdict: { kind: "inconclusive", effect_percent: 0, text: "2 levels are too few to fit." },
 *   at: [],
 * });
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function demandCurve(fit: MetricFit, options: DemandCurveOptions = {}): ChartSpec {
  const top = fit.range[1];
  const wanted = options.targets ?? [];
  const upTo = options.upTo ??
    Math.max(...fit.points.map((point) => point.sessions), ...wanted.filter((n) => n <= 4 * top));
  const targets = fit.accepted === null ? [] : wanted.filter((n) => n >= fit.range[0] && n <= upTo);
  const read = targets.map((n) => evaluate(fit, n));
  const axis = metricAxis(fit.metric, [...fit.points.map((point) => point.value), ...read.map((at) => at.estimate)]);
  const line = fit.accepted === "linear" ? undefined : fit.models.find((model) => model.name === "linear");
  return fitChart(fit, {
    axis,
    upTo,
    references: fit.accepted !== null && line !== undefined
      ? [{
        name: "straight line",
        rows: curveGrid(fit, upTo).map((sessions) => ({
          sessions,
          estimate: readModel(line, sessions),
        })),
      }]
      : [],
    marks: read.map((at) => ({
      sessions: at.sessions,
      value: at.sizing_upper,
      heading: `${at.sessions} sessions`,
      label: `≤ ${significant(at.sizing_upper / axis.divisor)} ${axis.unit}`.trimEnd(),
      kind: "upper bound that sizing uses",
    })),
  });
}
