import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ExportFormat, exportRun, load, summarise } from "../dataset/mod.ts";
import type { ExportEnd } from "../schema/export.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags } from "./flags.ts";
import { runFrom } from "./table_flags.ts";

const HELP =
  `Writes the frames of a run as files: levels, resources, requests, and of the last two those rows that count.

  plimsoll export RUN [--format parquet|csv|ndjson] [--out DIR] [--json]

  --format parquet|csv|ndjson   (parquet)
  --out DIR                     (RUN/derived)
  --json                        print the paths as one JSON document

datapackage.json beside them says types, units and meanings (Frictionless Data). Flags are columns. In CSV, text that a
spreadsheet would take for a formula has an apostrophe before it; Parquet and NDJSON hold it as it is.

  plimsoll export data/runs/first --format csv --out /tmp/first
  frictionless validate /tmp/first/datapackage.json
`;

const FORMATS: readonly ExportFormat[] = ["parquet", "csv", "ndjson"];

/**
 * The command `plimsoll export`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function exportCommand(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    format: { type: "string", default: "parquet" },
    out: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const format = FORMATS.find((name) => name === flags.values.format);
  if (!format) throw new InputError("--format", flags.values.format, "parquet, csv or ndjson");
  const run = runFrom(flags.positionals);
  if (flags.values.out !== undefined) checkFolder(flags.values.out as string);
  const dataset = await load(run);
  const directory = flags.values.out as string ?? join(run, "derived");
  const files = await exportRun(dataset, { summary: summarise(dataset), directory, format });
  const end: ExportEnd = { schema: "plimsoll.export/1", format, files };
  console.log(flags.values.json ? JSON.stringify(end, null, 2) : files.join("\n"));
  return 0;
}

/** Before anything is read: whether files can be written there. */
function checkFolder(out: string): void {
  if (out.trim() === "" || out.includes("\0")) throw new InputError("--out", out, "a path of a folder, without NUL");
  let at = resolve(out);
  while (!existsSync(at)) at = dirname(at);
  if (!statSync(at).isDirectory()) {
    throw new InputError("--out", out, at === resolve(out) ? "a folder: this is a file" : `a folder: ${at} is a file`);
  }
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
  } catch {
    throw new InputError("--out", out, `a folder in a place that you may write to: ${at} is not`);
  }
}
