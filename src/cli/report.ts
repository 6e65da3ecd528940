import { join } from "node:path";
import { load } from "../dataset/mod.ts";
import { writeReport } from "../report/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags } from "./flags.ts";
import { resultText } from "./result_text.ts";
import { assumptionsFromFlags, reportOf, SIZE_FLAGS, SIZE_HELP } from "./size_flags.ts";
import { runFrom } from "./table_flags.ts";

const HELP = `Writes the report of a run: report.html, report.md with its charts, report.json.

  plimsoll report RUN [flags]

  --out DIR                where to write                              (RUN/report)
  --charts png|svg         format of the charts beside report.md       (png)
${SIZE_HELP}
  --json                   print one JSON document, the report, and nothing else

  plimsoll report data/runs/first --target 50,500
  plimsoll report data/runs/first --charts svg --out docs/capacity
`;

/**
 * The command `plimsoll report`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function report(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...SIZE_FLAGS,
    out: { type: "string" },
    charts: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const { charts = "png" } = flags.values;
  if (charts !== "png" && charts !== "svg") throw new InputError("--charts", charts, "png or svg");
  const run = runFrom(flags.positionals);
  const assumptions = assumptionsFromFlags(flags);
  const document = reportOf(await load(run), assumptions);
  const files = await writeReport(document, flags.values.out as string ?? join(run, "report"), { charts });
  if (flags.values.json) console.log(JSON.stringify(document, null, 2));
  else console.log(`${resultText(document)}\n\n${filesText(files)}`);
  return 0;
}

/** Where the report's files are, for a terminal. */
export function filesText(files: { html: string; markdown: string; json: string }): string {
  return `Report: ${files.html}\n        ${files.markdown}\n        ${files.json}`;
}
