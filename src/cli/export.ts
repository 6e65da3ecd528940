import { join } from "node:path";
import { exportRun, load, summarise } from "../dataset/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags } from "./flags.ts";
import { runFrom } from "./table_flags.ts";

const HELP = `Writes the frames of a run as files: levels, resources, requests.

  plimsoll export RUN [--format parquet|csv] [--out DIR] [--json]

  --format parquet|csv   (parquet)
  --out DIR              (RUN/derived)
  --json                 print the paths as one JSON document

  plimsoll export data/runs/first --format csv --out /tmp/first
`;

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
  const { format } = flags.values;
  if (format !== "parquet" && format !== "csv") throw new InputError("--format", format, "parquet or csv");
  const run = runFrom(flags.positionals);
  const dataset = await load(run);
  const directory = flags.values.out as string ?? join(run, "derived");
  const files = await exportRun(dataset, { summary: summarise(dataset), directory, format });
  console.log(flags.values.json ? JSON.stringify({ schema: "plimsoll.export/1", files }, null, 2) : files.join("\n"));
  return 0;
}
