import { z } from "zod";
import type { Interval } from "./fit.ts";

/** What a change is. A cost that grew or throughput that fell is a regression. */
export type ChangeVerdict = "regression" | "improvement" | "no_evidence";

/** A number of one run, with its interval at the comparison's level. */
export interface ComparedValue {
  /** In the metric's unit; `per_session` in that unit a session. */
  value: number;
  /** Of this run alone. */
  interval: Interval;
}

/** One quantity of two runs. */
export interface ComparisonRow {
  /** For example `serving_cores`, `throughput`. */
  metric: string;
  /**
   * `per_session`: what one more session costs, the slope of the line. `base`: what is used for nobody, its intercept. `at_top`: at the
   * highest level that both runs may be read at; of throughput, and of costs that are no line.
   */
  quantity: "per_session" | "base" | "at_top";
  /** The run before. */
  before: ComparedValue;
  /** The run after. */
  after: ComparedValue;
  /** After − before. */
  difference: ComparedValue;
  /**
   * The difference as a share of the run before: of its slope, or value; of `base` of all that it used at the highest common level.
   * Absent where that is not told apart from zero.
   */
  relative?: ComparedValue;
  /** Beyond the tolerance with all of the interval, or no evidence of it. */
  verdict: ChangeVerdict;
}

/** What `plimsoll compare --json` prints. */
export interface Comparison {
  /** Version of this format. */
  schema: "plimsoll.comparison/1";
  /** The run before. */
  before: string;
  /** The run after. */
  after: string;
  /** A change that does not matter, as a share, for example 0.05. */
  tolerance: number;
  /** Confidence of all intervals together; each is wider by the number of rows (Bonferroni). */
  level: number;
  /** The highest level that both runs may be read at [sessions]. */
  top_sessions: number;
  /** Costs of what serves first, then throughput. */
  rows: ComparisonRow[];
  /** What could not be compared, and why. */
  left_out: { metric: string; reason: string }[];
  /** What else differs between the runs; may be empty. */
  notes: string[];
  /** One a metric: the worst of its rows. */
  metrics: Record<string, ChangeVerdict>;
  /** The worst of all. */
  verdict: ChangeVerdict;
  /** All of it in one sentence. */
  text: string;
}

const value = z.object({ value: z.number(), interval: z.tuple([z.number(), z.number()]) });
const verdict = z.enum(["regression", "improvement", "no_evidence"]);

/** Validates a {@linkcode Comparison}. */
export const comparisonSchema = z.object({
  schema: z.literal("plimsoll.comparison/1"),
  before: z.string(),
  after: z.string(),
  tolerance: z.number(),
  level: z.number(),
  top_sessions: z.number(),
  rows: z.array(z.object({
    metric: z.string(),
    quantity: z.enum(["per_session", "base", "at_top"]),
    before: value,
    after: value,
    difference: value,
    relative: value.optional(),
    verdict,
  })),
  left_out: z.array(z.object({ metric: z.string(), reason: z.string() })),
  notes: z.array(z.string()),
  metrics: z.record(z.string(), verdict),
  verdict,
  text: z.string(),
}) satisfies z.ZodType<Comparison>;
