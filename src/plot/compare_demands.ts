import { evaluate } from "../model/mod.ts";
import type { MetricFit } from "../schema/mod.ts";
import { curveGrid } from "./fit_chart.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, NUMBER, palette, roleOf, themed } from "./theme.ts";

/** One of several demands to be compared. */
export interface NamedFit {
  /** In the legend, for example `"PSS"`. */
  name: string;
  /** Of kind `demand`; all in one chart of metrics of the same unit. */
  fit: MetricFit;
}

/** Options of {@linkcode compareDemands}. */
export interface CompareOptions {
  /** What the comparison shows, as a headline. */
  title: string;
  /**
   * A line below it.
   * @default nothing
   */
  subtitle?: string;
}

const COLOURS = [palette.target, palette.browser, palette.generator, palette.accent];

/**
 * Draws several demands over one another: the same metric counted in two ways, or of two runs. Points are replicates, hollow
 * where they are left out, lines the accepted curves, shades their 95 % bands of the mean.
 *
 * @param fits Two to four, of the same unit.
 * @returns A Vega-Lite v6 specification.
 * @throws {RangeError} If there are fewer than two or more than four.
 *
 * @example Memory counted in two ways
 * ```ts ignore
 * import { compareDemands, fitDemand } from "plimsoll";
 *
 * const fits = ["memory", "rss"].map((name) => ({ name, fit: fitDemand(levels, `browser_${name}_bytes`) }));
 * await chart(compareDemands(fits, { title: "RSS counts shared pages again and again" }));
 * ```
 */
export function compareDemands(fits: readonly NamedFit[], { title, subtitle }: CompareOptions): ChartSpec {
  if (fits.length < 2 || fits.length > COLOURS.length) {
    throw new RangeError(
      `Cannot compare demands as there must be 2 to ${COLOURS.length}: current value is ${fits.length}`,
    );
  }
  const values = fits.flatMap(({ fit }) => fit.points.map(({ value }) => value));
  const axis = metricAxis(fits[0].fit.metric, values);
  const same = fits.every(({ fit }) => fit.metric === fits[0].fit.metric);
  const roles = fits.map(({ fit }) => roleOf(fit.metric));
  // Groups keep the colours that they have in every other chart, where that tells them apart.
  const colours = new Set(roles).size === roles.length ? roles.map((role) => palette[role]) : COLOURS;
  const upTo = Math.max(...fits.flatMap(({ fit }) => fit.points.map(({ sessions }) => sessions)));
  const series = {
    field: "name",
    type: "nominal",
    scale: { domain: fits.map(({ name }) => name), range: colours.slice(0, fits.length) },
    legend: { symbolType: "circle", symbolOpacity: 1 },
  };
  const x = { field: "sessions", type: "quantitative" };
  return themed({
    title: { text: title, ...(subtitle === undefined ? {} : { subtitle }) },
    datasets: {
      points: fits.flatMap(({ name, fit }) =>
        fit.points.map(({ sessions, value, replicate, excluded }) => ({
          ...{ name, sessions, value: value / axis.divisor, replicate },
          reason: excluded === undefined ? "used" : `left out: ${excluded}`,
        }))
      ),
      curves: fits.flatMap(({ name, fit }) =>
        fit.accepted === null ? [] : curveGrid(fit, fit.range[1]).map((sessions) => {
          const { estimate, confidence: [lower, upper] } = evaluate(fit, sessions);
          const [value, low, high] = [estimate, lower, upper].map((part) => part / axis.divisor);
          return { name, sessions, value, low, high };
        })
      ),
    },
    encoding: {
      x: {
        type: "quantitative",
        title: "Concurrent sessions",
        scale: { domain: [0, upTo * 1.03], nice: false },
        axis: { tickMinStep: 1 },
      },
      y: { type: "quantitative", title: same ? axis.title : `${axis.quantity} [${axis.unit}]`, scale: { zero: true } },
    },
    layer: [
      {
        data: { name: "curves" },
        mark: { type: "area", opacity: 0.15, tooltip: null },
        encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color: series },
      },
      {
        data: { name: "curves" },
        mark: { type: "line", tooltip: null },
        encoding: { x, y: { field: "value", type: "quantitative" }, color: series },
      },
      ...[true, false].map((used) => ({
        data: { name: "points" },
        transform: [{ filter: `(datum.reason === "used") === ${used}` }],
        mark: { type: "point", filled: used, size: 42, opacity: 1 },
        encoding: {
          x,
          y: { field: "value", type: "quantitative" },
          color: series,
          tooltip: [
            { field: "name", type: "nominal", title: "counted as" },
            { field: "value", type: "quantitative", title: axis.unit, format: NUMBER },
            { field: "sessions", type: "quantitative", title: "sessions observed", format: NUMBER },
            { field: "replicate", type: "quantitative", title: "replicate" },
            { field: "reason", type: "nominal", title: "in the fit" },
          ],
        },
      })),
    ],
  });
}
