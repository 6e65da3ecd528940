import { InputError } from "../schema/input_error.ts";
import { Concurrency, LEAST_S, warmUp } from "./find_plateaus.ts";
import { readRecords } from "./read_records.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { SummedFile, Sums, ToolReader } from "./tool_reader.ts";

/** What `locust --csv NAME` writes as `NAME_stats_history.csv`: a row a second, counters from the start. */
export const locust: ToolReader = {
  kind: "sums",
  format: "locust",
  tool: "Locust",
  notes: [
    "Throughput counts Locust's requests that ended well, each one an iteration; response times count from their actual start",
    "Latency quantiles are those of the last seconds of each level: Locust's history has them of a sliding window, and quantiles " +
    "of windows cannot be merged",
  ],
  read,
};

const COLUMNS = ["Timestamp", "User Count", "Name", "Total Request Count", "Total Failure Count"];
const QUANTILES = { latency_ms_p50: "50%", latency_ms_p95: "95%", latency_ms_p99: "99%" };

interface HistoryRow {
  at_ms: number;
  users: number;
  requests: number;
  failures: number;
  /** By metric; absent where there was no request. */
  quantiles: Record<string, number>;
}

async function read(file: SourceFile, tap: Tap): Promise<SummedFile> {
  const { columns, rows, torn } = await readRecords(file, tap);
  const wrong = (line: number, why: string) =>
    new InputError("FILE", file.path, `what locust --csv writes as NAME_stats_history.csv (line ${line}: ${why})`);
  const missing = COLUMNS.find((name) => !columns.includes(name));
  if (missing) throw wrong(1, `no column ${missing}`);
  const history: HistoryRow[] = [];
  for await (const { cells, line } of rows) {
    if (cells.Name !== "Aggregated") continue;
    const number = (name: string) => {
      const value = Number(cells[name]);
      if (cells[name].trim() === "" || !Number.isFinite(value) || value < 0) {
        throw wrong(line, `${name} is ${JSON.stringify(cells[name])}`);
      }
      return value;
    };
    history.push({
      at_ms: 1000 * number("Timestamp"),
      users: number("User Count"),
      requests: number("Total Request Count"),
      failures: number("Total Failure Count"),
      quantiles: Object.fromEntries(
        Object.entries(QUANTILES).filter(([, name]) => name in cells && cells[name] !== "N/A" && cells[name] !== "")
          .map(([metric, name]) => [metric, number(name)]),
      ),
    });
  }
  const notes = torn() ? [`The last row of ${file.name} is cut off, and was left out`] : [];
  return { levels: levelsOf(history, file), notes };
}

function levelsOf(history: readonly HistoryRow[], file: SourceFile): Sums[] {
  const users = new Concurrency();
  for (const { at_ms, users: count } of history) users.add(at_ms, count);
  const plateaus = file.level === undefined
    ? users.plateaus()
    : history.length === 0
    ? []
    : [{ sessions: file.level, from_ms: history[0].at_ms, to_ms: history.at(-1)!.at_ms }];
  if (plateaus.length === 0) {
    const [low, high] = users.range;
    const seen = users.empty
      ? "no row of all requests (Aggregated)"
      : `${low} to ${high} users, never as many for ${LEAST_S} s`;
    throw new InputError("FILE", file.path, `a file with a level that was held for ${LEAST_S} s: this one has ${seen}`);
  }
  return plateaus.flatMap(({ sessions, from_ms, to_ms }): Sums[] => {
    const counted_from_ms = from_ms + warmUp(to_ms - from_ms);
    const inside = history.filter(({ at_ms }) => at_ms >= counted_from_ms && at_ms <= to_ms);
    if (inside.length < 2) return [];
    const [first, last] = [inside[0], inside.at(-1)!];
    const grown = (of: (row: HistoryRow) => number) =>
      inside.slice(1).reduce((sum, row, index) => {
        // Where the counters began anew (--reset-stats), all of what they show came since.
        const before = of(inside[index]);
        return sum + (of(row) >= before ? of(row) - before : of(row));
      }, 0);
    const [requests, failures] = [grown((row) => row.requests), grown((row) => row.failures)];
    const window_s = (last.at_ms - first.at_ms) / 1000;
    return [{
      sessions,
      started_at_ms: from_ms,
      window_s,
      metrics: {
        requests,
        throughput: (requests - failures) / window_s,
        ...(requests > 0 ? { error_ratio: failures / requests } : {}),
        ...last.quantiles,
      },
    }];
  });
}
