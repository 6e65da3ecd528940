import type { MetricFit, ModelFit } from "../schema/mod.ts";
import { categories, curveGrid, fillOf, LINE_LEGEND, MEASURED, modelLabel, pointRows, readModel } from "./fit_chart.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, NUMBER, palette, themed } from "./theme.ts";

/** Options of {@linkcode compareModels}. */
export interface CompareModelsOptions {
  /**
   * Draw the curves up to this many sessions.
   * @default twice the highest level used, or the highest level run
   */
  upTo?: number;
}

/** The accepted curve comes first, solid; the others in the order of their rank, each with a dash of its own. */
const STYLES: readonly [colour: string, dash: number[]][] = [
  [palette.accent, [1, 0]],
  [palette.target, [7, 4]],
  [palette.browser, [2, 4]],
  [palette.generator, [10, 3, 2, 3]],
  [palette.system, [4, 3]],
  [palette.accent_light, [12, 4]],
  [palette.accent_dark, [1, 3]],
  [palette.ink, [5, 2, 1, 2]],
];

/**
 * Draws all curves of a fit over one another, each with what it said of the highest level before it had seen it: a cross
 * for the prediction, its error in the legend. Curves that agree where it was measured part beyond.
 *
 * @param fit Of either kind. The accepted curve is the thick one.
 * @returns A Vega-Lite v6 specification.
 * @throws {RangeError} If nothing could be fitted.
 *
 * @example Two curves through five levels
 * ```ts
 * import { compareModels, fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16].map((n) => ({ sessions: n, value: 2 * n, level: n, replicate: 1 }));
 * const spec = compareModels(fitPoints(points, { metric: "target_cores" }));
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function compareModels(fit: MetricFit, options: CompareModelsOptions = {}): ChartSpec {
  const accepted = fit.models.find((model) => model.name === fit.accepted);
  if (accepted === undefined) {
    throw new RangeError(`Cannot compare models of ${fit.metric} as one must be accepted: current value is null`);
  }
  const upTo = options.upTo ?? Math.max(2 * fit.range[1], ...fit.points.map((point) => point.sessions));
  const axis = metricAxis(fit.metric, fit.points.map((point) => point.value));
  const points = pointRows(fit, axis);
  const models = [accepted, ...fit.models.filter((model) => model !== accepted)].slice(0, STYLES.length);
  const names = models.map(legendName);
  const curves = models.flatMap((model, index) =>
    curveGrid(fit, upTo, cornersOf(model)).map((sessions) => ({
      sessions,
      value: readModel(model, sessions) / axis.divisor,
      name: names[index],
      accepted: model === accepted,
    }))
  );
  const heldOut = models.flatMap(({ holdout }, index) =>
    holdout === null ? [] : [{
      sessions: holdout.sessions,
      value: holdout.predicted / axis.divisor,
      observed: holdout.observed / axis.divisor,
      error: 100 * holdout.relative_error,
      name: names[index],
    }]
  );
  const own = curves.filter((row) => row.accepted).map((row) => row.value);
  const highest = Math.max(...points.map((row) => row.value), ...own);
  // Room for crosses that missed by a factor of two; what is further off is in the legend.
  const ceiling = Math.max(
    1.35 * highest,
    ...heldOut.flatMap(({ value }) => value <= 2 * highest ? 1.06 * value : []),
  );
  const kinds = [...new Set([MEASURED, ...points.map((row) => row.kind)])];
  const styles = STYLES.slice(0, models.length);
  const x = { field: "sessions", type: "quantitative" };
  const y = { field: "value", type: "quantitative" };
  const colour = categories("name", names, styles.map(([own]) => own), { ...LINE_LEGEND, columns: 1 });
  const line = (filter: string, strokeWidth: number): ChartSpec => ({
    data: { name: "curves" },
    transform: [{ filter }],
    mark: { type: "line", strokeWidth, clip: true, tooltip: null },
    encoding: {
      x,
      y,
      color: colour,
      strokeDash: categories("name", names, styles.map(([, dash]) => dash), { ...LINE_LEGEND, columns: 1 }),
    },
  });
  return themed({
    title: {
      text: title(axis.label, models),
      subtitle: "Cross and legend: the highest level that was used, as each curve predicts it from the lower levels",
    },
    datasets: { curves, points, heldOut, edge: [{ sessions: fit.range[1], text: "highest level used" }] },
    encoding: {
      x: {
        type: "quantitative",
        title: "Concurrent sessions",
        scale: { domain: [0, upTo * 1.03], nice: false },
        axis: { tickMinStep: 1 },
      },
      y: {
        type: "quantitative",
        title: axis.title,
        scale: { domain: [0, ceiling], nice: false },
        axis: { titleY: -26 },
      },
    },
    layer: [
      {
        data: { name: "edge" },
        mark: { type: "rule", stroke: palette.axis, strokeDash: [2, 3], tooltip: null },
        encoding: { x },
      },
      {
        data: { name: "edge" },
        mark: { type: "text", align: "center", dy: -5, baseline: "bottom" },
        encoding: { x, y: { value: 0 }, text: { field: "text" } },
      },
      line("datum.accepted", 3),
      line("!datum.accepted", 1.5),
      {
        data: { name: "points" },
        transform: [{ filter: { field: "sessions", lte: upTo * 1.03 } }],
        mark: { type: "point", size: 42, strokeWidth: 1.5, opacity: 1 },
        encoding: {
          x,
          y,
          fill: categories("kind", kinds, kinds.map((name) => fillOf(name, palette.ink)), { symbolType: "circle" }),
          stroke: categories("kind", kinds, kinds.map(() => palette.ink), { symbolType: "circle" }),
          tooltip: [
            { field: "value", type: "quantitative", title: axis.title, format: NUMBER },
            { field: "sessions", type: "quantitative", title: "sessions observed", format: NUMBER },
            { field: "replicate", type: "quantitative", title: "replicate" },
            { field: "reason", type: "nominal", title: "fit" },
          ],
        },
      },
      {
        data: { name: "heldOut" },
        mark: {
          type: "point",
          shape: "M-.7,-.7L.7,.7M-.7,.7L.7,-.7",
          size: 90,
          strokeWidth: 2,
          opacity: 1,
          clip: true,
        },
        encoding: {
          x,
          y,
          color: colour,
          tooltip: [
            { field: "name", type: "nominal", title: "curve" },
            { field: "value", type: "quantitative", title: `predicted [${axis.unit}]`, format: NUMBER },
            { field: "observed", type: "quantitative", title: `observed [${axis.unit}]`, format: NUMBER },
            { field: "error", type: "quantitative", title: "error [%]", format: "+.3~r" },
          ],
        },
      },
    ],
  });
}

/** Where a curve has a corner [sessions], which even steps would cut off. */
function cornersOf({ name, parameters }: ModelFit): number[] {
  if (name === "knee") return [parameters.limit.value / parameters.lambda.value];
  return name === "broken_stick" ? [parameters.knee.value] : [];
}

function legendName({ name, holdout }: ModelFit): string {
  return holdout === null ? modelLabel(name) : `${modelLabel(name)}, held out ${signed(holdout.relative_error)}`;
}

function title(label: string, [accepted, ...others]: readonly ModelFit[]): string {
  const missed = (model: ModelFit) => Math.abs(model.holdout?.relative_error ?? Infinity);
  const best = others.every((model) => missed(accepted) <= missed(model));
  const of = accepted.holdout === null || others.length === 0
    ? "is read"
    : best
    ? "predicts an unseen level best"
    : `predicts an unseen level within ${(100 * missed(accepted)).toFixed(1)} %`;
  return `${label}: the ${modelLabel(accepted.name)} curve ${of}`;
}

function signed(share: number): string {
  const size = Math.abs(100 * share).toFixed(1);
  return `${size === "0.0" ? "" : share < 0 ? "−" : "+"}${size} %`;
}
