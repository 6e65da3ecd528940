import { InputError } from "../schema/input_error.ts";
import { K6_NO_CONCURRENCY, K6_NOTES, k6Event } from "./k6_events.ts";
import { readRecords } from "./read_records.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";
import type { ToolReader } from "./tool_reader.ts";

/** What `k6 run --out csv=FILE` writes: a row a point. */
export const k6Csv: ToolReader = {
  kind: "raw",
  format: "k6-csv",
  tool: "k6",
  notes: K6_NOTES,
  no_concurrency: K6_NO_CONCURRENCY,
  read,
};

async function* read(file: SourceFile, tap: Tap): AsyncGenerator<ToolEvent> {
  const { columns, rows, torn } = await readRecords(file, tap);
  const missing = ["metric_name", "timestamp", "metric_value"].find((name) => !columns.includes(name));
  if (missing) throw wrong(file, 1, `no column ${missing}`);
  let requests = 0;
  let url: string | undefined;
  for await (const { cells, line } of rows) {
    const { metric_name: metric, timestamp, metric_value, extra_tags = "", metadata = "", ...tags } = cells;
    const [at_ms, value] = [timeOf(timestamp), metric_value.trim() === "" ? NaN : Number(metric_value)];
    if (!Number.isFinite(at_ms)) throw wrong(file, line, `its timestamp is ${JSON.stringify(timestamp)}`);
    if (!Number.isFinite(value)) throw wrong(file, line, `its metric_value is ${JSON.stringify(metric_value)}`);
    // vu and iter are metadata in newer versions, tags in older ones.
    const more = Object.fromEntries(new URLSearchParams(`${extra_tags}&${metadata}`));
    const event = k6Event({ metric, at_ms, value, tags: { ...more, ...withoutEmpty(tags) } }, requests);
    if (event === undefined) continue;
    if (value < 0) throw wrong(file, line, `its metric_value is ${value}`);
    if (event.kind === "request") {
      requests++;
      if (url === undefined && tags.url) yield { kind: "url", url: url = tags.url };
    }
    yield event;
  }
  if (torn()) yield { kind: "note", text: `The last row of ${file.name} is cut off, and was left out` };
}

function withoutEmpty(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ""));
}

/** Seconds, milli-, micro- or nanoseconds since 1970, or RFC 3339 (`K6_CSV_TIME_FORMAT`). */
function timeOf(text: string): number {
  if (!/^\d+$/.test(text)) return Date.parse(text);
  const digits = text.length;
  return Number(text) * (digits <= 11 ? 1000 : digits <= 14 ? 1 : digits <= 17 ? 1e-3 : 1e-6);
}

function wrong(file: SourceFile, line: number, why: string): InputError {
  return new InputError("FILE", file.path, `what k6 run --out csv=FILE writes (line ${line}: ${why})`);
}
