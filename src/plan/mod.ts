/** What a sweep will do, decided before it does anything: levels, order, slots, and whether the target may be loaded. Pure. */
export * from "./agents_for.ts";
export * from "./attempt_length.ts";
export * from "./attempt_order.ts";
export * from "./check_url.ts";
export * from "./default_levels.ts";
export * from "./draw_weighted.ts";
export * from "./make_plan.ts";
export * from "./next_slot.ts";
export * from "./parse_duration.ts";
export * from "./parse_levels.ts";
export * from "./parse_think.ts";
export * from "./poisson_arrivals.ts";
export * from "./session_phase.ts";
export * from "./session_start.ts";
export * from "./share_of.ts";
export * from "./split_share.ts";
export * from "./think_time.ts";
