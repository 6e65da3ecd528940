import { readFlags, readNumber, readNumbers } from "./flags.ts";
import { parametersTable, readingsTable, verdictTable, workersTable } from "./result_text.ts";
import { fitSource, TABLE_FLAGS, TABLE_HELP } from "./table_flags.ts";

const HELP = `Fits how each metric of a run, or of a table that something else measured, grows with sessions.

  plimsoll fit RUN|FILE.csv [--at 10,100,1000] [--level 0.95] [--json]

  --at N,…       sessions to read the curves at     (10,100,1000)
  --level 0.95   confidence level of the intervals  (0.95)
  --json         print one JSON document and nothing else

${TABLE_HELP}

  plimsoll fit data/sample/streamer_http --at 64 --json
  plimsoll fit levels.csv --x clients --y transactions_per_s --kind throughput
`;

/**
 * The command `plimsoll fit`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function fit(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...TABLE_FLAGS,
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
  const { fits: report } = await fitSource(flags, { at, level });
  const fits = Object.values(report.metrics);
  const tables = [verdictTable(fits), parametersTable(fits), readingsTable(fits), workersTable(report.workers)]
    .filter((table) => table !== "");
  console.log(flags.values.json ? JSON.stringify(report, null, 2) : tables.join("\n\n"));
  return 0;
}
