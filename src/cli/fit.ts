import { load, summarise } from "../dataset/mod.ts";
import { fitAll, fitPoints } from "../model/mod.ts";
import type { FitReport } from "../schema/fit.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags, readNumber, readNumbers } from "./flags.ts";
import { readPoints } from "./read_points.ts";
import { readingsTable, verdictTable } from "./result_text.ts";

const HELP = `Fits how each metric of a run, or of a table that something else measured, grows with sessions.

  plimsoll fit RUN|FILE.csv [--at 10,100,1000] [--level 0.95] [--json]

  --at N,…       sessions to read the curves at     (10,100,1000)
  --level 0.95   confidence level of the intervals  (0.95)
  --json         print one JSON document and nothing else

Of a CSV file, one row a level and replicate:

  --x COLUMN           concurrent sessions                             (sessions)
  --y COLUMN           the metric                                      (every other column of numbers)
  --replicate COLUMN   number of the replicate                         (counted within a level)
  --kind demand|throughput   what grows: a cost, or iterations a second   (throughput if a name contains it)

  plimsoll fit data/runs/first --at 64 --json
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
    x: { type: "string" },
    y: { type: "string" },
    replicate: { type: "string" },
    kind: { type: "string" },
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
  const source = runFrom(flags.positionals);
  const report = /\.csv$/i.test(source)
    ? fitTable(source, flags.values as TableFlags, { at, level })
    : fitAll(summarise(await load(runOf(source, flags.values as TableFlags))), { at, level });
  const fits = Object.values(report.metrics);
  console.log(flags.values.json ? JSON.stringify(report, null, 2) : `${verdictTable(fits)}\n\n${readingsTable(fits)}`);
  return 0;
}

interface TableFlags {
  x?: string;
  y?: string;
  replicate?: string;
  kind?: string;
}

function runOf(run: string, flags: TableFlags): string {
  for (const name of ["x", "y", "replicate", "kind"] as const) {
    if (flags[name] !== undefined) {
      throw new InputError(`--${name}`, flags[name], "it with a FILE.csv: a run names its metrics");
    }
  }
  return run;
}

function fitTable(path: string, flags: TableFlags, options: { at: number[]; level: number }): FitReport {
  const { x = "sessions", y, replicate, kind } = flags;
  if (kind !== undefined && kind !== "demand" && kind !== "throughput") {
    throw new InputError("--kind", kind, "demand or throughput");
  }
  const metrics = Object.entries(readPoints(path, { x, y, replicate })).map(([metric, points]) => {
    const grows = kind ?? (/throughput/i.test(metric) ? "throughput" : "demand");
    return [metric, fitPoints(points, { metric, kind: grows, ...options })];
  });
  return { schema: "plimsoll.fit/1", source: path, metrics: Object.fromEntries(metrics) };
}

/** The run that a command is given. */
export function runFrom(positionals: string[]): string {
  if (positionals[0] === undefined) {
    throw new InputError("RUN", "nothing", "the folder of a run, for example data/runs/first");
  }
  return positionals[0];
}
