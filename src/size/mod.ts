/** From fits to machines: what a number of sessions needs, with bands, beside the textbook's figures. */
export { assume } from "./assume.ts";
export { catalogue } from "./catalogue.ts";
export { compareRuns, type CompareRunsOptions } from "./compare_runs.ts";
export { formatQuantity } from "./format_quantity.ts";
export { formatRange } from "./format_range.ts";
export { nextLevel } from "./next_level.ts";
export { size } from "./size.ts";
export { SIZING_METRICS } from "./parts.ts";
export { type SizingTableRow, tabulateSizing } from "./tabulate_sizing.ts";
export { type AssumptionTableRow, tabulateAssumptions } from "./tabulate_assumptions.ts";
export { measuredScreenshot } from "./what_if_screenshots.ts";
export { WORKER_LIMITS } from "./worker_limits.ts";
