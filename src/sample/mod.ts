/** What processes and the machine use, read as cumulative counters. */
export * from "./cgroup_limits.ts";
export * from "./find_listener.ts";
export * from "./group_cpu.ts";
export * from "./linux_sampler.ts";
export * from "./make_sampler.ts";
export * from "./portable_sampler.ts";
export * from "./process_groups.ts";
export * from "./sampler.ts";
export * from "./thread_cpu.ts";
