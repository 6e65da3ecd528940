import { z } from "zod";
import type { Interval } from "./fit.ts";

/** What `plimsoll next --json` prints: the level to run next, and what it is good for. */
export interface NextLevel {
  /** Version of this format. */
  schema: "plimsoll.next/1";
  /** The run directory or file that the levels come from. */
  source: string;
  /** Sessions that are sized for. */
  target_sessions: number;
  /**
   * Why: `fit` as there are fewer than five usable levels; `decide` as the verdict is open; `narrow` the band at the target;
   * `nothing` as the machine carries no level that would tell more.
   */
  kind: "fit" | "decide" | "narrow" | "nothing";
  /** To run next, ascending: one, or as many as are missing for a fit; empty for `nothing`. */
  levels: number[];
  /** Whose band at the target is the widest, for example `serving_cores`. */
  metric: string;
  /** Upper bound ÷ estimate of that metric at the target, today and as expected with the level run; absent without a fit. */
  band?: { target: Interval; upper_ratio: number; expected_upper_ratio: number };
  /** Most sessions that the machine carries, and what ends it; absent where nothing is known of it. */
  ceiling?: { sessions: number; reason: string };
  /** All of it in a sentence or two. */
  reason: string;
}

/** Validates a {@linkcode NextLevel}. */
export const nextLevelSchema = z.object({
  schema: z.literal("plimsoll.next/1"),
  source: z.string(),
  target_sessions: z.number(),
  kind: z.enum(["fit", "decide", "narrow", "nothing"]),
  levels: z.array(z.number()),
  metric: z.string(),
  band: z.object({
    target: z.tuple([z.number(), z.number()]),
    upper_ratio: z.number(),
    expected_upper_ratio: z.number(),
  }).optional(),
  ceiling: z.object({ sessions: z.number(), reason: z.string() }).optional(),
  reason: z.string(),
}) satisfies z.ZodType<NextLevel>;
