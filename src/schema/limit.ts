import { z } from "zod";

/** What a level has to keep below a bound, in a search for the highest level that does. */
export interface LimitCondition {
  /** Latency from the intended start, or a share of requests or iterations, as in `LevelSummary.metrics`. */
  metric: "latency_ms_p50" | "latency_ms_p95" | "latency_ms_p99" | "error_ratio" | "undelivered_ratio";
  /** In the unit of the metric: milliseconds, or 0–1. */
  below: number;
}

/** The answer of a search for the highest level that holds. */
export interface LimitFound {
  /** The highest level that holds [sessions]; 0 where the lowest does not. */
  sessions: number;
  /** What it had to keep. */
  conditions: LimitCondition[];
  /**
   * What keeps it from being higher: `target`, the next level does not hold; `generator` or `machine`, these were the limit,
   * so that the next level decides nothing about the target; `highest_level`, no higher one was to be tried; `broken`, no
   * attempt of the next level is complete.
   */
  ended_by: "target" | "generator" | "machine" | "highest_level" | "broken";
  /** The lowest level above that was tried [sessions]; absent where there is none. */
  above?: number;
  /** What was seen there. */
  reason?: string;
  /** All of it in one sentence. */
  text: string;
}

/** Validates a {@linkcode LimitCondition}. */
export const limitConditionSchema = z.strictObject({
  metric: z.enum(["latency_ms_p50", "latency_ms_p95", "latency_ms_p99", "error_ratio", "undelivered_ratio"]),
  below: z.number().gt(0).max(3_600_000),
}).refine(
  ({ metric, below }) => metric.startsWith("latency") || below <= 1,
  "a share of at most 1",
) satisfies z.ZodType<LimitCondition>;

/** Validates a {@linkcode LimitFound}. */
export const limitFoundSchema = z.object({
  sessions: z.number(),
  conditions: z.array(limitConditionSchema),
  ended_by: z.enum(["target", "generator", "machine", "highest_level", "broken"]),
  above: z.number().optional(),
  reason: z.string().optional(),
  text: z.string(),
}) satisfies z.ZodType<LimitFound>;
