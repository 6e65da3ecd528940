import { load } from "../dataset/mod.ts";
import { readFlags } from "./flags.ts";
import { memoryLine, sizingTable } from "./result_text.ts";
import { assumptionsFromFlags, reportOf, SIZE_FLAGS, SIZE_HELP } from "./size_flags.ts";
import { runFrom } from "./table_flags.ts";

const HELP = `Says what machines a number of sessions needs, from what a run measured.

  plimsoll size RUN [flags]

${SIZE_HELP}
  --json                   print one JSON document and nothing else

  plimsoll size data/runs/first --target 250 --safety 1.5 --retention-days 14
`;

/**
 * The command `plimsoll size`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function size(args: string[]): Promise<number> {
  const options = { ...SIZE_FLAGS, json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  const flags = readFlags(args, options, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const assumptions = assumptionsFromFlags(flags);
  const document = reportOf(await load(runFrom(flags.positionals)), assumptions);
  const { sizing } = document;
  if (flags.values.json) console.log(JSON.stringify(sizing, null, 2));
  else {
    const mind = document.summary.warnings.map((text) => `Mind: ${text}`);
    const lines = [
      sizing.answer,
      "",
      sizingTable(sizing.rows),
      memoryLine(sizing.assumptions.baseline_os_bytes),
      ...mind,
    ];
    console.log(lines.join("\n"));
  }
  return 0;
}
