import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import pl from "nodejs-polars";
import type { RunSummary } from "../schema/levels.ts";
import type { DataFrame } from "./data_frame.ts";
import { levelFrame } from "./level_frame.ts";
import type { Dataset } from "./load.ts";

/** File formats of exports. */
export type ExportFormat = "csv" | "parquet";

/**
 * Writes the frames of a run: `levels`, `resources`, `requests`.
 *
 * Text that a spreadsheet would take for a formula is written with a leading apostrophe in CSV.
 *
 * @param dataset what {@linkcode load} read.
 * @param options the run's summary, where to, and in which format.
 * @returns the paths of the files.
 *
 * @example Parquet files in a folder
 * ```ts ignore
 * import { exportRun, load, summarise } from "plimsoll";
 * const dataset = await load("data/runs/first");
 * await exportRun(dataset, { summary: summarise(dataset), directory: "export", format: "parquet" });
 * ```
 */
export async function exportRun(
  dataset: Dataset,
  options: { summary: RunSummary; directory: string; format: ExportFormat },
): Promise<string[]> {
  const { summary, directory, format } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const frames = { levels: levelFrame(summary.levels), resources: dataset.resources, requests: dataset.requests };
  return Object.entries(frames).map(([name, frame]) => {
    const path = join(directory, `${name}.${format}`);
    if (format === "csv") inert(frame).writeCSV(path);
    else frame.writeParquet(path);
    return path;
  });
}

function inert(frame: DataFrame): DataFrame {
  const texts = frame.columns.filter((_, index) => ["String", "Utf8"].includes(frame.dtypes[index].variant));
  if (texts.length === 0) return frame;
  return frame.withColumns(...texts.map((name) => pl.col(name).str.replace("^([=+\\-@\\t\\r])", "'$1")));
}
