/** Run directories as tidy Polars frames, and what they come to. */
export type { Attempt } from "./attempt.ts";
export * from "./data_frame.ts";
export * from "./describe_load.ts";
export * from "./export_run.ts";
export * from "./level_frame.ts";
export * from "./load.ts";
export * from "./read_jsonl.ts";
export * from "./summarise.ts";
export * from "./timeline.ts";
