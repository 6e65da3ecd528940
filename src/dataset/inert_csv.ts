import pl from "nodejs-polars";
import type { DataFrame } from "./data_frame.ts";

/** How a text begins that a spreadsheet runs, its wide forms included; or one that an apostrophe was put before. */
const FORMULA = "^('*[=+\\-@\\t\\r\\n＝＋－＠])";
/** What a terminal obeys, or what hides; tab and line breaks stay. */
const CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]";

/**
 * Makes the text of a frame such that nothing in it runs where a CSV file is opened: what begins like a formula gets an apostrophe before
 * it, control characters become U+FFFD. Take one apostrophe away from text that matches `^'+[=+\-@…]` to have it back.
 *
 * @param frame Not changed.
 *
 * @example A formula, and a text that only looks like one made inert
 * ```ts
 * import pl from "nodejs-polars";
 * import { inertCsv } from "./inert_csv.ts";
 * import assert from "node:assert/strict";
 *
 * const frame = pl.DataFrame({ step: ["=1+1", "'=1+1", "login"], value: [-1, 2, 3] });
 * assert.deepEqual(inertCsv(frame).getColumn("step").toArray(), ["'=1+1", "''=1+1", "login"]);
 * ```
 */
export function inertCsv(frame: DataFrame): DataFrame {
  const texts = frame.columns.filter((_, index) => ["String", "Utf8"].includes(frame.dtypes[index].variant));
  if (texts.length === 0) return frame;
  return frame.withColumns(
    ...texts.map((name) => pl.col(name).str.replaceAll(CONTROL, "\ufffd").str.replace(FORMULA, "'$1")),
  );
}
