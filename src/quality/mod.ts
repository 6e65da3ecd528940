/** What sets an attempt apart, from its rows. Pure. */
export * from "./attempt_facts.ts";
export * from "./capacity_of.ts";
export * from "./flag_attempt.ts";
export * from "./is_quiet.ts";
export * from "./counter_rate.ts";
export * from "./group_use.ts";
export * from "./reduce_attempt.ts";
export * from "./others_use.ts";
export * from "./flag_sweep.ts";
export * from "./request_columns.ts";
export * from "./resource_rows.ts";
export * from "./row_scanner.ts";
