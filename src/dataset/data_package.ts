import { basename } from "node:path";
import type { RunSummary } from "../schema/levels.ts";
import type { DataFrame } from "./data_frame.ts";
import { describeColumn, type FieldConstraints } from "./describe_column.ts";
import type { ExportFormat } from "./export_run.ts";

/** A frame that was written. */
export interface PackagedFrame {
  name: string;
  path: string;
  frame: DataFrame;
  bytes: number;
  sha256: string;
}

/** A column, as Table Schema describes it; `unit` is ours. */
export interface PackageField {
  name: string;
  type: "integer" | "number" | "boolean" | "string";
  description: string;
  /** Absent for what has none. */
  unit?: string;
  constraints?: FieldConstraints;
}

/** A file, as Data Resource describes it. */
export interface PackageResource {
  name: string;
  path: string;
  profile: string;
  title: string;
  description: string;
  format: string;
  mediatype: string;
  encoding: string;
  /** Of CSV and NDJSON. */
  bytes?: number;
  /** Of CSV and NDJSON. */
  hash?: string;
  schema: {
    fields: PackageField[];
    missingValues: string[];
    primaryKey?: string[];
    foreignKeys?: { fields: string[]; reference: { resource: string; fields: string[] } }[];
  };
}

/** What `datapackage.json` holds. */
export interface DataPackage {
  profile: string;
  name: string;
  title: string;
  description: string;
  resources: PackageResource[];
}

const TITLES: Record<string, [title: string, description: string]> = {
  levels: ["Levels", "One row a replicate: numbers over its steady window, and its flags."],
  resources: ["Resources", "Samples of each group of processes, as measured. Counters are cumulative."],
  requests: ["Requests", "Requests, or steps of browser sessions, as measured."],
  cleaned_resources: [
    "Resources that count",
    "Samples of the steady windows, without the run that is thrown away, with the flags of their replicate.",
  ],
  cleaned_requests: [
    "Requests that count",
    "Requests that ended in the steady windows, without the run that is thrown away, with the flags of their replicate.",
  ],
};
const MEDIA: Record<ExportFormat, string> = {
  csv: "text/csv",
  parquet: "application/vnd.apache.parquet",
  ndjson: "application/x-ndjson",
};
const INERT =
  " Text that a spreadsheet would take for a formula has one apostrophe before it; control characters are replaced.";
const KEY = ["level", "replicate"];

/**
 * Describes exported frames as a Data Package: https://specs.frictionlessdata.io/data-package/.
 *
 * @param frames As they were written.
 * @param of The run's summary, the format, and the name of its folder.
 */
export function dataPackage(
  frames: readonly PackagedFrame[],
  of: { summary: RunSummary; format: ExportFormat; run: string },
): DataPackage {
  const { summary, format, run } = of;
  const kind = format === "csv" ? "tabular-data" : "data";
  return {
    profile: `${kind}-package`,
    name: run.toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+/, "") || "run",
    title: `Run ${shown(run)}`,
    description: `What sessions of ${
      shown(summary.url)
    } cost, measured by level: rows as measured, rows that count, and levels.`,
    resources: frames.map(({ name, path, frame, bytes, sha256 }) => {
      const [title, description] = TITLES[name];
      const cleaned = name.startsWith("cleaned_");
      return {
        name,
        path: basename(path),
        profile: `${kind}-resource`,
        title,
        description: format === "csv" ? description + INERT : description,
        format,
        mediatype: MEDIA[format],
        encoding: "utf-8",
        // Frictionless reads Parquet past its own counting of bytes, and then finds none.
        ...(format === "parquet" ? {} : { bytes, hash: `sha256:${sha256}` }),
        schema: {
          fields: frame.columns.map((column, index) =>
            fieldOf(column, frame.dtypes[index].variant, { frame: name, format })
          ),
          missingValues: [""],
          ...(name === "levels" ? { primaryKey: KEY } : {}),
          ...(cleaned ? { foreignKeys: [{ fields: KEY, reference: { resource: "levels", fields: KEY } }] } : {}),
        },
      };
    }),
  };
}

function fieldOf(
  name: string,
  variant: string,
  { frame, format }: { frame: string; format: ExportFormat },
): PackageField {
  const type = /^U?Int/.test(variant)
    ? "integer"
    : /^Float/.test(variant)
    ? "number"
    : variant === "Bool"
    ? "boolean"
    : "string";
  const { description, unit, constraints } = describeColumn(name, frame);
  // Frictionless reads an empty number of Parquet as NaN, which keeps within no bound.
  const holds = constraints && (format !== "parquet" || type !== "number" || constraints.required);
  return { name, type, description, ...(unit ? { unit } : {}), ...(holds ? { constraints } : {}) };
}

// deno-lint-ignore no-control-regex -- control characters are the point
const shown = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
