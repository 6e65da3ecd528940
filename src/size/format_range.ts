import { formatQuantity } from "./format_quantity.ts";

/** Ends that are further apart than this say nothing, and their digits would look as if they did [×]. */
const ANYTHING = 1e6;

/**
 * An interval for people: the unit once where both ends have the same, plural or not.
 *
 * @param interval `[lower, upper]`, in the unit that the metric's name carries.
 * @param metric A metric's name or its unit, as {@linkcode formatQuantity} takes it.
 * @returns For example `0.8–1.2 cores`, `512 MiB – 2 GiB`; `-1 to 2 cores` where a dash would meet a sign; `anything` where the ends
 *   are over a million times apart.
 *
 * @example The unit once
 * ```ts
 * import { formatRange } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatRange([0.8, 1.2], "cores"), "0.8–1.2 cores");
 * ```
 */
export function formatRange([lower, upper]: readonly [number, number], metric: string): string {
  if (lower > 0 && upper > ANYTHING * lower) return "anything";
  const [low, high] = [formatQuantity(lower, metric), formatQuantity(upper, metric)];
  const [number, unit = ""] = low.split(" ");
  const singular = (text: string) => text.replace(/s$/, "");
  const same = singular(high.replace(/^\S+ ?/, "")) === singular(unit);
  return `${same ? number : low}${lower < 0 ? " to " : same ? "–" : " – "}${high}`;
}
