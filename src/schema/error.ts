import { z } from "zod";

/** What a command with `--json` prints where it fails. */
export interface ErrorDocument {
  /** Version of this format. */
  schema: "plimsoll.error/1";
  /** What went wrong. Bad input has `field`, `value` and `remedy`. */
  error: {
    /** The flag or plan field. */
    field?: string;
    /** The value as given. */
    value?: string;
    /** What would be right. */
    remedy?: string;
    /** All of it in one sentence. */
    message: string;
    /** The operating system's, as `ENOSPC`, where it has one. */
    code?: string;
  };
}

/** Validates an {@linkcode ErrorDocument}. */
export const errorDocumentSchema = z.object({
  schema: z.literal("plimsoll.error/1"),
  error: z.object({
    field: z.string().optional(),
    value: z.string().optional(),
    remedy: z.string().optional(),
    message: z.string(),
    code: z.string().optional(),
  }),
}) satisfies z.ZodType<ErrorDocument>;
