import { compile } from "vega-lite";
import type { Spec } from "vega";

/**
 * Compiles a Vega-Lite specification to Vega, which a page can draw without Vega-Lite.
 *
 * @param spec A Vega-Lite specification with its data inline; not changed.
 * @returns Plain JSON.
 * @throws {TypeError} If it is no valid specification, or would load data.
 *
 * @example One point
 * ```ts
 * import { compileChart } from "./compile_chart.ts";
 * const chart = compileChart({ data: { values: [{ x: 1 }] }, mark: "point", encoding: { x: { field: "x", type: "quantitative" } } });
 * console.assert(chart.marks?.length === 1);
 * ```
 */
export function compileChart(spec: Record<string, unknown>): Spec {
  const warnings: string[] = [];
  const note = (...words: unknown[]) => (warnings.push(words.join(" ")), logger);
  // deno-lint-ignore no-explicit-any -- vega-lite's logger is chainable, and typed by a package that is not imported here
  const logger: any = { level: () => logger, warn: note, info: () => logger, debug: () => logger, error: note };
  // deno-lint-ignore no-explicit-any -- the specification is data; vega-lite checks it
  const vega = compile(spec as any, { logger }).spec;
  if (warnings.length > 0) throw new TypeError(`Cannot compile the chart: ${warnings.join("; ")}`);
  return JSON.parse(JSON.stringify(vega));
}
