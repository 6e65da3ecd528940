/** From fits to machines: what a number of sessions needs, with bands, beside the textbook's figures. */
export { assume } from "./assume.ts";
export { formatQuantity } from "./format_quantity.ts";
export { formatRange } from "./format_range.ts";
export { nextLevel } from "./next_level.ts";
export { size } from "./size.ts";
export { SIZING_METRICS } from "./size_target.ts";
export { type SizingTableRow, tabulateSizing } from "./tabulate_sizing.ts";
