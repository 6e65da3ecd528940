import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import pl from "nodejs-polars";
import type { RunSummary } from "../schema/levels.ts";
import { dataPackage, type PackagedFrame } from "./data_package.ts";
import type { DataFrame } from "./data_frame.ts";
import { flagFrame } from "./flag_frame.ts";
import { inertCsv } from "./inert_csv.ts";
import { levelFrame } from "./level_frame.ts";
import type { Dataset } from "./load.ts";

/** File formats of exports. */
export type ExportFormat = "csv" | "parquet" | "ndjson";

/**
 * Writes the frames of a run, and `datapackage.json`, which describes them for Frictionless Data: types, units, meanings, hashes.
 *
 * `levels` is one row a replicate; `resources` and `requests` are all rows as they were measured; `cleaned_resources` and
 * `cleaned_requests` those that count: of the steady windows, without the run that is thrown away. Flags are columns of `levels` and of
 * the cleaned frames, `flag_target_saturated` and so on. A frame that nothing was measured for is left out.
 *
 * Parquet and NDJSON hold all values as they are. In CSV, text that a spreadsheet would take for a formula has an apostrophe before it
 * ({@linkcode inertCsv}), and control characters are replaced.
 *
 * @param dataset what {@linkcode load} read.
 * @param options the run's summary, where to, and in which format. Files of these names are replaced.
 * @returns the paths of the files, `datapackage.json` last.
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
  const packaged: PackagedFrame[] = [];
  for (const [name, frame] of Object.entries(framesOf(dataset, summary))) {
    if (frame.width === 0) continue;
    const path = join(directory, `${name}.${format}`);
    // Written aside, then renamed: whoever reads meanwhile has the old file, or the new one.
    const aside = `${path}.${process.pid}.tmp`;
    write(frame, aside, format);
    await chmod(aside, 0o600);
    await rename(aside, path);
    packaged.push({ name, path, frame, ...await sealOf(path) });
  }
  const description = join(directory, "datapackage.json");
  const descriptor = dataPackage(packaged, { summary, format, run: basename(dataset.info.path) });
  await writeFile(description, `${JSON.stringify(descriptor, null, 2)}\n`, { mode: 0o600 });
  return [...packaged.map(({ path }) => path), description];
}

function framesOf(dataset: Dataset, summary: RunSummary): Record<string, DataFrame> {
  const flags = flagFrame(summary.levels);
  const cleaned = (frame: DataFrame) =>
    frame.width === 0 || summary.levels.length === 0
      ? pl.DataFrame({})
      : frame.filter(pl.col("steady").and(pl.col("discarded").not()))
        .join(flags, { on: ["level", "replicate"], how: "left" });
  const levels = levelFrame(summary.levels);
  return {
    levels: levels.height === 0 ? levels : levels.join(flags, { on: ["level", "replicate"], how: "left" }),
    resources: dataset.resources,
    requests: dataset.requests,
    cleaned_resources: cleaned(dataset.resources),
    cleaned_requests: cleaned(dataset.requests),
  };
}

function write(frame: DataFrame, path: string, format: ExportFormat): void {
  if (format === "csv") inertCsv(frame).writeCSV(path);
  else if (format === "ndjson") frame.writeJSON(path, { format: "lines" });
  else frame.writeParquet(path);
}

async function sealOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
