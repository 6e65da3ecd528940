import { load, summarise, timeline } from "../dataset/mod.ts";
import type { Dataset } from "../dataset/load.ts";
import { fitAll } from "../model/mod.ts";
import type { ReportDocument } from "../schema/report.ts";
import type { Assumptions } from "../schema/sizing.ts";
import { size } from "../size/mod.ts";

/**
 * From a run directory to everything that is known of it: levels, fits, sizing.
 *
 * @param run the run directory.
 * @param assumptions what differs from the defaults.
 * @throws {InputError} If there is no run.
 */
export async function analyse(
  run: string,
  assumptions: Partial<Assumptions> = {},
): Promise<{ dataset: Dataset; document: ReportDocument }> {
  const dataset = await load(run);
  const summary = summarise(dataset);
  const fit = fitAll(summary, { at: assumptions.targets ?? [10, 100, 1000] });
  const sizing = size(summary, fit, assumptions);
  const host = new URL(summary.url).host;
  const document: ReportDocument = {
    schema: "plimsoll.report/1",
    title: `Capacity of ${host}, ${summary.mode === "http" ? "sessions over HTTP" : "sessions in browsers"}`,
    created_at: new Date().toISOString(),
    summary,
    fit,
    sizing,
    timeline: timeline(dataset),
    provenance: dataset.info.provenance,
  };
  return { dataset, document };
}
