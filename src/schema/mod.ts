/** The contract: what plans, rows, manifests, fits, sizings and reports look like, and the validators that hold them to it. */
export * from "./attempt_files.ts";
export * from "./error.ts";
export * from "./export.ts";
export * from "./imported.ts";
export * from "./input_error.ts";
export * from "./plan.ts";
export * from "./rows.ts";
export * from "./run.ts";
export * from "./levels.ts";
export * from "./limit.ts";
export * from "./next.ts";
export * from "./fit.ts";
export * from "./sizing.ts";
export * from "./comparison.ts";
export * from "./report.ts";
export * from "./progress.ts";
