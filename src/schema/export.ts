import { z } from "zod";

/** What `plimsoll export --json` prints. */
export interface ExportEnd {
  /** Version of this format. */
  schema: "plimsoll.export/1";
  /** Of the frames. */
  format: "parquet" | "csv" | "ndjson";
  /** Paths: the frames, then `datapackage.json`, which describes them. */
  files: string[];
}

/** Validates an {@linkcode ExportEnd}. */
export const exportEndSchema = z.object({
  schema: z.literal("plimsoll.export/1"),
  format: z.enum(["parquet", "csv", "ndjson"]),
  files: z.array(z.string()),
}) satisfies z.ZodType<ExportEnd>;
