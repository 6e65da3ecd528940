import { type ReportDocument, reportSchema } from "../schema/mod.ts";

/**
 * Writes a report as JSON: every number that the other formats show.
 *
 * @param document A run, its fits, its sizing.
 * @returns JSON that `reportSchema` accepts, indented, with a line break at its end.
 * @throws {ZodError} If the document is not what `reportSchema` describes, for example where a number is not finite.
 */
export function renderJson(document: ReportDocument): string {
  return `${JSON.stringify(reportSchema.parse(document), null, 2)}\n`;
}
