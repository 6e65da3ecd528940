/** A chart: a Vega-Lite v6 specification as a plain JSON object. */
export type ChartSpec = Record<string, unknown>;

/** What a colour of {@linkcode palette} stands for. */
export type ColourRole = keyof typeof palette;

/**
 * The one palette. Group colours are those of Okabe and Ito, told apart under the common colour blindnesses;
 * `accent` serves what belongs to no single group. Every role has a colour of its own, so that a page can re-colour
 * a drawn chart for a dark background by value.
 *
 * Source: M. Okabe, K. Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/.
 */
export const palette = {
  ink: "#1f2933",
  muted: "#5c6773",
  axis: "#9aa5b1",
  grid: "#e4e8ec",
  shade: "#d3dbe3",
  paper: "#ffffff",
  target: "#0072b2",
  browser: "#d55e00",
  generator: "#009e73",
  system: "#78838f",
  accent: "#5b4b9e",
  accent_light: "#9c90cf",
  accent_dark: "#2e2363",
} as const;

/** {@linkcode palette} for a dark background, role by role. */
export const darkPalette: Record<ColourRole, string> = {
  ink: "#e8ecf0",
  muted: "#a9b4bf",
  axis: "#6b7783",
  grid: "#2c343d",
  shade: "#3a4653",
  paper: "#14191f",
  target: "#56b4e9",
  browser: "#f0883e",
  generator: "#2fc49a",
  system: "#98a3ae",
  accent: "#a99be8",
  accent_light: "#8375cc",
  accent_dark: "#d9d1fb",
};

/** What every chart is set in: free, and shipped with the renderer. */
export const FONT = "DejaVu Sans, Verdana, Arial, sans-serif";

/** Width of a chart's plotting area [px]. */
export const WIDTH = 620;

const LEGEND_BREAK = 420;
const MOST_TICKS = 7;

/**
 * Puts a chart's own parts into the common visual language: fonts, colours, axes, legends.
 *
 * @param spec Mark, encoding or layers, data, title.
 * @returns The whole specification; `spec` is not changed.
 *
 * @example A chart of two points
 * ```ts
 * import { themed } from "./theme.ts";
 * import assert from "node:assert/strict";
 *
 * const spec = themed({
 *   data: { values: [{ sessions: 1, cores: 0.1 }, { sessions: 2, cores: 0.2 }] },
 *   mark: "point",
 *   encoding: { x: { field: "sessions", type: "quantitative" }, y: { field: "cores", type: "quantitative" } },
 * });
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function themed(spec: ChartSpec): ChartSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: palette.paper,
    padding: 12,
    ...spec,
    config: {
      font: FONT,
      view: { stroke: null, continuousWidth: WIDTH, continuousHeight: 300 },
      title: {
        anchor: "start",
        frame: "group",
        color: palette.ink,
        fontSize: 15,
        fontWeight: "bold",
        subtitleColor: palette.muted,
        subtitleFontSize: 11.5,
        subtitleLineHeight: 16,
        subtitlePadding: 6,
        offset: 14,
      },
      axis: {
        labelColor: palette.muted,
        labelFontSize: 11,
        titleColor: palette.muted,
        titleFontSize: 11.5,
        titleFontWeight: "normal",
        gridColor: palette.grid,
        domainColor: palette.axis,
        tickColor: palette.axis,
        tickSize: 4,
        labelPadding: 4,
        titlePadding: 8,
        tickCount: 6,
        labelFlush: false,
      },
      axisY: {
        domain: false,
        ticks: false,
        titleAngle: 0,
        titleAlign: "left",
        titleAnchor: "end",
        titleBaseline: "bottom",
        titleX: 0,
        titleY: -8,
      },
      axisX: { grid: false },
      legend: {
        orient: "bottom",
        direction: "horizontal",
        title: null,
        labelColor: palette.muted,
        labelFontSize: 11,
        labelLimit: 420,
        symbolSize: 70,
        columnPadding: 16,
        rowPadding: 4,
        offset: 10,
        columns: { signal: `width > 0 && width < ${LEGEND_BREAK} ? 1 : 0` },
        layout: { bottom: { anchor: "start", direction: "vertical", margin: 6 } },
      },
      line: { strokeWidth: 2, strokeCap: "round" },
      text: { color: palette.muted, fontSize: 11, font: FONT },
    },
  };
}

/** The role that colours a metric: its group's, or `accent`. */
export function roleOf(metric: string): ColourRole {
  const group = metric.split("_", 1)[0];
  return group === "target" || group === "browser" || group === "generator" || group === "system" ? group : "accent";
}

/** Breaks text into lines of at most `width` characters, at spaces, but not within brackets: they hold intervals. */
export function wrapText(text: string, width = 96): string[] {
  const lines: string[] = [];
  for (const [word] of text.matchAll(/(?:\[[^\]]*\]|\S)+/g)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Format of numbers in tooltips: three significant digits. */
export const NUMBER = ",.3~r";

/** A number in running text: three significant digits, no exponent. */
export function significant(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** A logarithmic axis within limits: ticks at 1, 2 and 5 of each power of ten, or fewer where those would be many. */
export function logarithmicAxis(from: number, to: number): ChartSpec {
  const first = Math.floor(Math.log10(from));
  const powers = Array.from({ length: Math.floor(Math.log10(to)) - first + 1 }, (_, index) => 10 ** (first + index));
  const choices = [[1, 2, 5], [1, 3], [1]].map((parts) =>
    powers.flatMap((power) => parts.map((part) => part * power)).filter((value) => value >= from && value <= to)
  );
  const values = choices.find(({ length }) => length <= MOST_TICKS) ?? choices.at(-1)!;
  // Vega would thin out what is more than its own number of ticks.
  return { values, tickCount: values.length + 1, format: ",.3~r" };
}
