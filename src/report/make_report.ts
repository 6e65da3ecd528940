import { type Dataset, summarise, timeline } from "../dataset/mod.ts";
import { fitAll } from "../model/mod.ts";
import type { Assumptions, ReportDocument } from "../schema/mod.ts";
import { size } from "../size/mod.ts";

const SESSIONS = { http: "sessions over HTTP", playwright: "sessions in browsers", command: "sessions of a load tool" };

/**
 * From the rows of a run to everything that a report says: levels, fits, sizing, resources over time.
 *
 * @param dataset What `load` read.
 * @param assumptions What differs from the default assumptions of the sizing, targets among them.
 * @returns The document that all report formats show.
 * @throws {RangeError} If an assumption is out of bounds.
 *
 * @example All that a run says
 * ```ts ignore
 * import { load, makeReport } from "plimsoll";
 *
 * const { sizing } = makeReport(await load("data/runs/first"), { targets: [250] });
 * console.log(sizing.answer);
 * ```
 */
export function makeReport(dataset: Dataset, assumptions: Partial<Assumptions> = {}): ReportDocument {
  const summary = summarise(dataset);
  const fit = fitAll(summary, { at: assumptions.targets ?? [10, 100, 1000] });
  const { imported } = dataset.info.provenance;
  const { host } = new URL(summary.url);
  return {
    schema: "plimsoll.report/1",
    title: imported ? importedTitle(host, imported.tool) : `Capacity of ${host}, ${SESSIONS[summary.mode]}`,
    created_at: new Date().toISOString(),
    summary,
    fit,
    sizing: size(summary, fit, assumptions),
    timeline: timeline(dataset),
    provenance: dataset.info.provenance,
  };
}

function importedTitle(host: string, tool: string): string {
  return `Capacity of ${host.endsWith(".invalid") ? "a target that is not named" : host}, imported from ${tool}`;
}
