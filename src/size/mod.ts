/** From fits to machines: what a number of sessions needs, with bands, beside the textbook's figures. */
export * from "./format_quantity.ts";
export * from "./assume.ts";
export * from "./read_demand.ts";
export * from "./apply_rule.ts";
export * from "./textbook.ts";
export * from "./plan_fleet.ts";
export * from "./size_target.ts";
export * from "./test_sensitivity.ts";
export * from "./describe_sizing.ts";
export * from "./size.ts";
