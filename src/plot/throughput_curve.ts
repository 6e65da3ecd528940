import { evaluate, kneeOf } from "../model/mod.ts";
import type { MetricFit } from "../schema/mod.ts";
import { curveGrid, fitChart, type Mark } from "./fit_chart.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, significant } from "./theme.ts";

/**
 * Draws throughput against sessions: every replicate, the accepted curve with its bands, the ideal line through the
 * lowest level, and the knee and the peak where the curve has them within the picture.
 *
 * @param fit A fit of kind `throughput`.
 * @returns A Vega-Lite v6 specification.
 *
 * @example Too few levels for a curve: points and the ideal line
 * ```ts
 * import { throughputCurve } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const spec = throughputCurve({
 *   metric: "throughput",
 *   kind: "throughput",
 *   level: 0.95,
 *   points: [{ sessions: 1, value: 5, replicate: 1, level: 1 }, { sessions: 2, value: 9, replicate: 1, level: 2 }],
 *   range: [1, 2],
 *   models: [],
 *   accepted: null,
 *   verdict: { kind: "inconclusive", effect_percent: 0, text: "2 levels are too few to fit." },
 *   at: [],
 * });
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function throughputCurve(fit: MetricFit): ChartSpec {
  const upTo = 1.25 * Math.max(...fit.points.map((point) => point.sessions));
  const axis = metricAxis(fit.metric, fit.points.map((point) => point.value));
  const used = fit.points.filter((point) => point.excluded === undefined);
  const lowest = Math.min(...used.map((point) => point.level));
  const first = used.filter((point) => point.level === lowest);
  const perSession = first.reduce((sum, point) => sum + point.value / point.sessions, 0) / first.length;
  return fitChart(fit, {
    axis,
    upTo,
    references: first.length === 0 ? [] : [{
      name: "ideal: the lowest level, scaled",
      rows: [0, upTo].map((sessions) => ({ sessions, estimate: perSession * sessions })),
    }],
    marks: [kneeMark(fit, upTo), peakOf(fit, upTo)].flatMap((mark) =>
      mark === undefined ? [] : [{
        ...mark,
        heading: `${mark.name} at ${Math.round(mark.sessions)} sessions`,
        label: `${significant(mark.value / axis.divisor)} ${axis.unit}`.trimEnd(),
        kind: `${mark.name} of the curve`,
      }]
    ),
  });
}

type Turn = Pick<Mark, "sessions" | "value" | "shape" | "place"> & { name: string };

/** The knee, where the picture shows it. */
function kneeMark(fit: MetricFit, upTo: number): Turn | undefined {
  const knee = kneeOf(fit);
  if (knee === undefined || !(knee.sessions > fit.range[0] && knee.sessions < upTo)) return undefined;
  return {
    name: "knee",
    sessions: knee.sessions,
    value: evaluate(fit, knee.sessions).estimate,
    shape: "triangle-up",
  };
}

/** The highest point of the curve, if the curve is seen to fall after it by more than a drawn line is wide. */
function peakOf(fit: MetricFit, upTo: number): Turn | undefined {
  if (fit.accepted === null) return undefined;
  const curve = curveGrid(fit, upTo).map((sessions) => ({ sessions, value: evaluate(fit, sessions).estimate }));
  const peak = curve.reduce((best, row) => row.value > best.value ? row : best);
  return curve.at(-1)!.value < 0.99 * peak.value ? { name: "peak", place: "above", ...peak } : undefined;
}
