import { compile } from "vega-lite";
import type { Spec } from "vega";

/**
 * Compiles a Vega-Lite specification to Vega, which a page can draw without Vega-Lite.
 *
 * @param spec A Vega-Lite specification with its data inline; not changed.
 * @returns Plain JSON.
 * @throws {Error} If it is no valid specification.
 *
 * @example One point
 * ```ts
 * import { compileChart } from "./compile_chart.ts";
 * import assert from "node:assert/strict";
 *
 * const chart = compileChart({ data: { values: [{ x: 1 }] }, mark: "point", encoding: { x: { field: "x", type: "quantitative" } } });
 * assert(chart.marks?.length === 1);
 * ```
 */
export function compileChart(spec: Record<string, unknown>): Spec {
  // deno-lint-ignore no-explicit-any -- the specification is data; vega-lite checks it
  return JSON.parse(JSON.stringify(compile(spec as any, { logger }).spec));
}

// Advice on style is for whoever writes a chart, not for whoever reads a report. What cannot be compiled is thrown.
// deno-lint-ignore no-explicit-any -- vega-lite's logger is typed by a package that is not imported here
const logger: any = Object.fromEntries(
  ["level", "error", "warn", "info", "debug"].map((name) => [name, () => logger]),
);
