import type { SizingMetric, WorkerLimit } from "../schema/sizing.ts";

/** What may bind a worker besides a resource, in words. */
export const WORKER_LIMITS: Record<Exclude<WorkerLimit, SizingMetric>, string> = {
  top_level: "highest level measured",
  knee: "knee of throughput",
  slo: "objective",
  target: "target",
};
