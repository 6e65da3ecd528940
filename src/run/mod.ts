/** The sweep: one coordinator, agents and a sampler as child processes, and the run directory that they write. */
export type * from "./fleet.ts";
export * from "./merge.ts";
export * from "./pin_files.ts";
export * from "./resume.ts";
export * from "./run_directory.ts";
export * from "./sweep.ts";
