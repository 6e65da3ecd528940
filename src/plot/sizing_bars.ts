import type { Sizing } from "../schema/mod.ts";
import { sizingPanels } from "./sizing_panels.ts";
import { type ChartSpec, themed } from "./theme.ts";

/**
 * Draws a sizing: for each resource and target what is expected at the peak, its band, what to buy, and what the
 * textbook formula would buy. A resource of which nothing is needed is left out. A scale is logarithmic where its
 * values span more than a factor of 30.
 *
 * @param sizing A sizing that needs something.
 * @returns A Vega-Lite v6 specification: one small chart a resource.
 *
 * @example Cores for ten sessions
 * ```ts
 * import { sizingBars } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const row = {
 *   target_sessions: 10, metric: "cores", basis: "measured", textbook: 3, estimate: 1.2, interval: [1.1, 1.3],
 *   upper: 1.28, recommended: 2, model: "linear", extrapolation: "none", notes: [],
 * } as const;
 * const spec = sizingBars({ rows: [{ ...row, interval: [1.1, 1.3], notes: [] }] });
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function sizingBars(sizing: Pick<Sizing, "rows">): ChartSpec {
  return themed({
    title: {
      text: "What to buy, against what is expected",
      subtitle: "Bar: 95 % band of the expected use at the peak; at the right what to buy",
    },
    ...sizingPanels([{ rows: sizing.rows, setting: {} }]),
  });
}
