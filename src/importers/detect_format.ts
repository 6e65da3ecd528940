import { InputError } from "../schema/input_error.ts";
import { IMPORT_FORMATS, type ImportFormat } from "../schema/imported.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Tells from its beginning what wrote a file.
 *
 * @param file Where it is, for the message.
 * @param start Its first bytes, as text.
 * @throws {InputError} If it is none of those that can be imported.
 *
 * @example A table of levels
 * ```ts
 * import { detectFormat } from "./detect_format.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(detectFormat({ path: "a.csv", name: "a.csv" }, "sessions,throughput\n1,10\n"), "csv");
 * ```
 */
export function detectFormat(file: SourceFile, start: string): ImportFormat {
  const format = formatOf(start);
  if (format) return format;
  throw new InputError("FILE", file.path, `a file of one of ${IMPORT_FORMATS.join(", ")}, or say which with --format`);
}

function formatOf(start: string): ImportFormat | undefined {
  const [line] = start.split("\n", 1);
  if (line.startsWith("{")) {
    if (/"type"\s*:\s*"(Metric|Point)"/.test(line) && /"metric"\s*:/.test(line)) return "k6-json";
    return /^\{\s*"(aggregate|intermediate)"\s*:/.test(start) ? "artillery" : undefined;
  }
  if (/^(<\?xml[^>]*>\s*)?<testResults[\s>]/.test(start)) return "jmeter";
  const columns = line.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  const has = (...names: string[]) => names.every((name) => columns.includes(name));
  if (has("metric_name", "timestamp", "metric_value")) return "k6-csv";
  if (has("Timestamp", "User Count")) return "locust";
  if (has("timeStamp", "elapsed")) return "jmeter";
  return has("sessions") ? "csv" : undefined;
}
