import { z } from "zod";
import { type FitReport, fitReportSchema } from "./fit.ts";
import { flagSchema, levelSummarySchema, type RunSummary, workerLevelSchema } from "./levels.ts";
import { limitFoundSchema } from "./limit.ts";
import type { Provenance } from "./run.ts";
import { type Sizing, sizingSchema } from "./sizing.ts";

/** One group over one sampling interval, for the chart of resources over time. */
export interface TimelinePoint {
  /** Time since the sweep's first attempt began [s]. */
  t_s: number;
  /** `target`, `browser`, `generator` or `system`. */
  group: string;
  /** Logical cores used in the interval that ends here. */
  cores: number;
  /** `null` where it was not read at this sample. */
  memory_bytes: number | null;
  /** Sessions planned. */
  level: number;
  /** From 1; 0 for the run that is thrown away. */
  replicate: number;
  /** Inside the steady window. */
  steady: boolean;
}

/** What `report.json` holds: every number that `report.html` and `report.md` show. */
export interface ReportDocument {
  /** Version of this format. */
  schema: "plimsoll.report/1";
  /** One line, naming the target. */
  title: string;
  /** ISO 8601. */
  created_at: string;
  /** What was measured. */
  summary: RunSummary;
  /** How it grows. */
  fit: FitReport;
  /** What to buy. */
  sizing: Sizing;
  /** Resources of the whole sweep, thinned out. */
  timeline: TimelinePoint[];
  /** Where and how it was measured. */
  provenance: Provenance;
}

/** Validates a {@linkcode ReportDocument}. */
export const reportSchema = z.object({
  schema: z.literal("plimsoll.report/1"),
  title: z.string(),
  created_at: z.string(),
  summary: z.object({
    run: z.string(),
    mode: z.enum(["http", "playwright", "command"]),
    url: z.string(),
    load: z.string().optional(),
    size_groups: z.array(z.string()),
    capacity: z.object({ cores: z.number(), memory_bytes: z.number() }),
    baseline: z.object({ os_cores: z.number(), os_memory_bytes: z.number(), drift_cores: z.number() }),
    levels: z.array(levelSummarySchema),
    workers: z.array(workerLevelSchema).optional(),
    worker_capacity: z.object({ cores: z.number(), memory_bytes: z.number() }).optional(),
    flags: z.array(flagSchema).optional(),
    screenshots: z.object({ format: z.enum(["jpeg", "png"]), quality: z.number().optional() }).optional(),
    limit: limitFoundSchema.optional(),
    warnings: z.array(z.string()),
  }),
  fit: fitReportSchema,
  sizing: sizingSchema,
  timeline: z.array(z.object({
    t_s: z.number(),
    group: z.string(),
    cores: z.number(),
    memory_bytes: z.number().nullable(),
    level: z.number(),
    replicate: z.number(),
    steady: z.boolean(),
  })),
  provenance: z.custom<Provenance>((value) => typeof value === "object" && value !== null),
}) satisfies z.ZodType<ReportDocument>;
