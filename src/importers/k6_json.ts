import { InputError } from "../schema/input_error.ts";
import { K6_NO_CONCURRENCY, K6_NOTES, k6Event } from "./k6_events.ts";
import { readLines } from "./read_lines.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";
import type { ToolReader } from "./tool_reader.ts";

/** What `k6 run --out json=FILE` writes: a JSON document a line. */
export const k6Json: ToolReader = {
  kind: "raw",
  format: "k6-json",
  tool: "k6",
  notes: K6_NOTES,
  no_concurrency: K6_NO_CONCURRENCY,
  read,
};

async function* read(file: SourceFile, tap: Tap): AsyncGenerator<ToolEvent> {
  let requests = 0;
  let url: string | undefined;
  for await (const { text, number, last } of readLines(file, tap)) {
    if (text.trim() === "") continue;
    let line: { type?: unknown; metric?: unknown; data?: Record<string, unknown> };
    try {
      line = JSON.parse(text);
    } catch {
      if (last) return yield { kind: "note", text: `The last line of ${file.name} is cut off, and was left out` };
      throw wrong(file, number, "it is no JSON");
    }
    if (line?.type === "Metric") continue;
    const { metric, data } = line ?? {};
    const at_ms = typeof data?.time === "string" ? Date.parse(data.time) : NaN;
    const value = data?.value;
    if (line?.type !== "Point" || typeof metric !== "string" || !Number.isFinite(at_ms) || typeof value !== "number") {
      throw wrong(file, number, "it is neither a Metric nor a Point with time and value");
    }
    const tags = { ...textsOf(data?.tags), ...textsOf(data?.metadata) };
    const event = k6Event({ metric, at_ms, value, tags }, requests);
    if (event === undefined) continue;
    if (value < 0) throw wrong(file, number, `its value is ${value}`);
    if (event.kind === "request") {
      requests++;
      if (url === undefined && tags.url) yield { kind: "url", url: url = tags.url };
    }
    yield event;
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
}

function wrong(file: SourceFile, number: number, why: string): InputError {
  return new InputError("FILE", file.path, `what k6 run --out json=FILE writes (line ${number}: ${why})`);
}
