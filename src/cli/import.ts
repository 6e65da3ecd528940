import { importRun } from "../importers/mod.ts";
import type { ImportEnd, ImportFormat } from "../schema/imported.ts";
import { readFlags } from "./flags.ts";

const HELP = `Makes a run of files that another load tool wrote; fit, size, report, export and list work on it.

  plimsoll import FILE[@N] ... --out RUN [--format NAME] [--json]

  --out RUN       a new folder
  --format NAME   k6-json, k6-csv, locust, jmeter, artillery or csv   (told from how a file begins)
  --json          print one JSON document and nothing else

  k6-json     k6 run --out json=FILE            requests, iterations, network; levels by vus
  k6-csv      k6 run --out csv=FILE             the same
  jmeter      jmeter -n -t PLAN -l FILE         requests, network; levels by allThreads; CSV or XML
  locust      locust --csv NAME                 NAME_stats_history.csv: sums; levels by users
  artillery   artillery run --output FILE       sums; a file is a level, its sessions by Little's law
  csv         a row a level and replicate       columns sessions, and any of target_cores, target_memory_bytes,
                                                throughput, network_bytes_per_s, latency_ms_p95, error_ratio, ...

A level is a time of at least 5 s with the same number of sessions; its first tenth, at least 1 s, does not count. A level that
comes again is another replicate. FILE@N says that all of a file is one level of N sessions. What the files do not say is said in
the report: without columns of resources throughput is fitted, and nothing is sized.

  plimsoll import data/sample/levels.csv --out data/runs/table
  plimsoll import viewers_stats_history.csv --out data/runs/locust
  plimsoll import one.jtl@1 two.jtl@2 four.jtl@4 --out data/runs/jmeter
  plimsoll report data/runs/locust
`;

/** More than anybody has files of one test. */
const MOST_FILES = 10_000;

/**
 * The command `plimsoll import`.
 *
 * @returns exit code.
 * @throws {InputError} Before any side effect, if a file, or where to, is not right.
 */
export async function importCommand(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    out: { type: "string" },
    format: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: MOST_FILES, what: "FILE ..." });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const { out = "", format } = flags.values;
  const end = await importRun(flags.positionals, {
    out: out as string,
    ...(format === undefined ? {} : { format: format as ImportFormat }),
  });
  console.log(flags.values.json ? JSON.stringify(end, null, 2) : textOf(end));
  return 0;
}

function textOf({ path, tool, files, replicates, metrics, notes }: ImportEnd): string {
  const levels = [...new Set(replicates.map(({ level }) => level))].sort((a, b) => a - b);
  const rows = replicates.reduce((sum, one) => sum + one.rows, 0);
  return [
    `${counted(levels.length, "level")} (${levels.join(", ")} sessions), ${counted(replicates.length, "replicate")}, ${
      rows > 0 ? counted(rows, "request") : "sums only"
    }, from ${counted(files.length, "file")} of ${tool}.`,
    `Metrics: ${metrics.join(", ")}`,
    ...notes.map((note) => `Mind: ${note}.`),
    `Run:  ${path}`,
    `Next: deno task plimsoll report ${path}`,
  ].join("\n");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
