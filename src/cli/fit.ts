import { load, summarise } from "../dataset/mod.ts";
import { fitAll } from "../model/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags, readNumber, readNumbers } from "./flags.ts";
import { readingsTable, verdictTable } from "./result_text.ts";

const HELP = `Fits how each metric of a run grows with sessions.

  plimsoll fit RUN [--at 10,100,1000] [--level 0.95] [--json]

  --at N,…       sessions to read the curves at     (10,100,1000)
  --level 0.95   confidence level of the intervals  (0.95)
  --json         print one JSON document and nothing else

  plimsoll fit data/runs/first --at 64 --json
`;

/**
 * The command `plimsoll fit`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function fit(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    at: { type: "string", default: "10,100,1000" },
    level: { type: "string", default: "0.95" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const at = readNumbers(flags.values.at as string, "--at", { low: 1, high: 1e8 });
  const level = readNumber(flags.values.level as string, "--level", { low: 0.5, high: 0.999 });
  const report = fitAll(summarise(await load(runFrom(flags.positionals))), { at, level });
  const fits = Object.values(report.metrics);
  console.log(flags.values.json ? JSON.stringify(report, null, 2) : `${verdictTable(fits)}\n\n${readingsTable(fits)}`);
  return 0;
}

/** The run that a command is given. */
export function runFrom(positionals: string[]): string {
  if (positionals[0] === undefined) {
    throw new InputError("RUN", "nothing", "the folder of a run, for example data/runs/first");
  }
  return positionals[0];
}
