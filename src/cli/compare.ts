import { load, summarise } from "../dataset/mod.ts";
import type { Comparison } from "../schema/comparison.ts";
import { InputError } from "../schema/input_error.ts";
import { compareRuns, formatQuantity, formatRange } from "../size/mod.ts";
import { readFlags, readNumber } from "./flags.ts";
import { textTable } from "./text_table.ts";

const HELP = `Compares what two runs say a session costs, and their throughput: a gate for continuous integration.

  plimsoll compare BEFORE AFTER [--tolerance 5%] [--level 0.95] [--json]

  --tolerance 5%   a change that does not matter
  --level 0.95     confidence of all intervals together
  --json           print one JSON document and nothing else (plimsoll schema compare)

Exit code 4 where the run after is a regression: a cost of what serves, a session or at rest, or throughput, is worse by more
than the tolerance with all of its interval. 0 where it is not: an improvement, or no evidence of either.

  plimsoll compare data/sample/streamer_http data/sample/streamer_http
  plimsoll compare data/runs/main data/runs/branch || exit 1
  plimsoll compare data/runs/main data/runs/branch --tolerance 10% --json
`;

/** A regression: no code that means something else. */
const REGRESSION = 4;

/**
 * The command `plimsoll compare`.
 *
 * @returns exit code: 4 for a regression.
 * @throws {InputError} If a run is not there, a flag is not right, or nothing can be compared.
 */
export async function compare(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    tolerance: { type: "string", default: "5%" },
    level: { type: "string", default: "0.95" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 2, what: "BEFORE and AFTER" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const [before, after] = flags.positionals;
  if (before === undefined || after === undefined) {
    const field = before === undefined ? "BEFORE" : "AFTER";
    throw new InputError(field, "nothing", "the folders of two runs, for example data/runs/main data/runs/branch");
  }
  const tolerance = readTolerance(flags.values.tolerance as string);
  const level = readNumber(flags.values.level as string, "--level", { low: 0.5, high: 0.999 });
  const summaries = [summarise(await load(before)), summarise(await load(after))] as const;
  const comparison = tryCompare(summaries, { tolerance, level });
  console.log(flags.values.json ? JSON.stringify(comparison, null, 2) : comparisonText(comparison));
  return comparison.verdict === "regression" ? REGRESSION : 0;
}

function readTolerance(text: string): number {
  const wanted = "a share in %, from 0% to 1000%, for example 5%";
  const [, number] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  const tolerance = Number(number) / 100;
  if (!(tolerance >= 0 && tolerance <= 10)) throw new InputError("--tolerance", text, wanted);
  return tolerance;
}

function tryCompare(
  [before, after]: readonly [Parameters<typeof compareRuns>[0], Parameters<typeof compareRuns>[1]],
  options: { tolerance: number; level: number },
): Comparison {
  try {
    return compareRuns(before, after, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const remedy = `two runs with a metric that has three usable levels in both (${
      error.message.split("current value is ")[1]
    })`;
    throw new InputError("BEFORE, AFTER", `${before.run}, ${after.run}`, remedy);
  }
}

const WORDS = { regression: "regression", improvement: "improvement", no_evidence: "no evidence" };
const QUANTITIES = { per_session: "a session", base: "base", at_top: "at the top level" };

function comparisonText({ rows, left_out, notes, text, level, top_sessions }: Comparison): string {
  const share = (value: number) => `${value < 0 ? "−" : "+"}${Number(Math.abs(100 * value).toPrecision(3))} %`;
  const table = textTable(
    ["metric", "what", "before", "after", "difference", "change", "interval", "verdict"],
    rows.map(({ metric, quantity, before, after, difference, relative, verdict }) => [
      metric,
      QUANTITIES[quantity],
      formatQuantity(before.value, metric),
      formatQuantity(after.value, metric),
      formatRange(difference.interval, metric),
      relative ? share(relative.value) : "–",
      relative ? relative.interval.map(share).join(" to ") : "–",
      WORDS[verdict],
    ]),
    [2, 3, 4, 5, 6],
  );
  const top = formatQuantity(top_sessions, "sessions");
  return [
    text,
    "",
    table,
    `Intervals hold together at ${100 * level} %. The change of a base is a share of all that was used at ${top}.`,
    ...left_out.map(({ metric, reason }) => `Left out: ${metric}, ${reason}`),
    ...notes.map((note) => `Mind: ${note}`),
  ].join("\n");
}
