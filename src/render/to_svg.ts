import * as vega from "vega";
import { compileChart } from "./compile_chart.ts";
import { textWidth } from "./text_width.ts";
import { visibleText } from "./visible_text.ts";

interface TextItem {
  fontSize?: number;
  fontWeight?: string | number;
}

// Vega without a canvas guesses text widths; its measure is replaced once, before the first view.
const refuse = () => Promise.reject(new TypeError("Cannot load data for a chart: its data must be inline"));
const OFFLINE = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

// `textMetrics` is exported, but missing from Vega's types.
(vega as unknown as { textMetrics: { width: typeof measure } }).textMetrics.width = measure;

/**
 * Draws a chart as SVG, without a browser.
 *
 * @param spec A Vega-Lite specification with its data inline; not changed.
 * @returns An `<svg>` element as text.
 * @throws {Error} If it is no valid specification.
 *
 * @example One bar
 * ```ts
 * import { toSvg } from "./to_svg.ts";
 * import assert from "node:assert/strict";
 *
 * const svg = await toSvg({ data: { values: [{ x: 1 }] }, mark: "bar", encoding: { x: { field: "x", type: "quantitative" } } });
 * assert(svg.startsWith("<svg"));
 * ```
 */
export async function toSvg(spec: Record<string, unknown>): Promise<string> {
  const view = new vega.View(vega.parse(compileChart(spec)), {
    renderer: "none",
    logLevel: vega.Error,
    loader: OFFLINE,
  });
  try {
    return visibleText(await view.toSVG());
  } finally {
    view.finalize();
  }
}

function measure(item: TextItem, text: unknown): number {
  const line = Array.isArray(text) ? text.join(" ") : String(text ?? "");
  return textWidth(line, {
    size: item.fontSize ?? 11,
    bold: item.fontWeight === "bold" || Number(item.fontWeight) >= 600,
  });
}
