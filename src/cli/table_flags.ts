import { load, summarise } from "../dataset/mod.ts";
import { fitAll, fitPoints } from "../model/mod.ts";
import type { FitReport } from "../schema/fit.ts";
import { InputError } from "../schema/input_error.ts";
import type { RunSummary } from "../schema/levels.ts";
import type { Flags } from "./flags.ts";
import { readPoints } from "./read_points.ts";

/** Flags of a table that something else measured, as `node:util` describes them. */
export const TABLE_FLAGS = {
  x: { type: "string" },
  y: { type: "string" },
  replicate: { type: "string" },
  kind: { type: "string" },
} as const;

/** The part of `--help` about them. */
export const TABLE_HELP = `Of a CSV file, one row a level and replicate:

  --x COLUMN           concurrent sessions                             (sessions)
  --y COLUMN           the metric                                      (every other column of numbers)
  --replicate COLUMN   number of the replicate                         (counted within a level)
  --kind demand|throughput   what grows: a cost, or iterations a second   (throughput if a name contains it)`;

/**
 * Fits what a command was given: a run, or a table.
 *
 * @returns the fits, and the run's summary where it is one.
 * @throws {InputError} If there is no such run or file, or a flag is not right.
 */
export async function fitSource(
  { positionals, values }: Flags,
  options: { at: number[]; level: number; target?: number },
): Promise<{ fits: FitReport; summary?: RunSummary }> {
  const source = runFrom(positionals);
  const flags = values as Partial<Record<keyof typeof TABLE_FLAGS, string>>;
  if (/\.csv$/i.test(source)) return { fits: fitTable(source, flags, options) };
  for (const name of Object.keys(TABLE_FLAGS) as (keyof typeof TABLE_FLAGS)[]) {
    if (flags[name] !== undefined) {
      throw new InputError(`--${name}`, flags[name], "it with a FILE.csv: a run names its metrics");
    }
  }
  const summary = summarise(await load(source));
  return { fits: fitAll(summary, options), summary };
}

function fitTable(
  path: string,
  { x = "sessions", y, replicate, kind }: Partial<Record<keyof typeof TABLE_FLAGS, string>>,
  options: { at: number[]; level: number; target?: number },
): FitReport {
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
