import { join } from "node:path";
import { Recorder } from "../run/recorder.ts";
import { InputError } from "../schema/input_error.ts";
import type { FileSeal } from "../schema/run.ts";
import { warmUp } from "./find_plateaus.ts";
import { FileHash, type SourceFile } from "./source_file.ts";
import type { SurveyedRaw } from "./survey_raw.ts";
import type { ToolReader } from "./tool_reader.ts";

/** One level of a file of requests, as it was written. */
export interface WrittenLevel {
  rows: FileSeal;
  /** What the rows do not carry. */
  metrics: Record<string, number>;
}

/** When the attempt of a plateau begins, and what of it counts: its origin is so early that what ended in it began after. */
export function windowOf(
  { from_ms, to_ms }: { from_ms: number; to_ms: number },
  longest_ms: number,
): { started_at_ms: number; from_ms: number; to_ms: number } {
  const lead_ms = Math.ceil(longest_ms);
  const length_ms = to_ms - from_ms;
  return { started_at_ms: from_ms - lead_ms, from_ms: lead_ms + warmUp(length_ms), to_ms: lead_ms + length_ms };
}

/**
 * Reads a file of requests for the second time, and writes those of each level into its folder.
 *
 * @param file Where it is.
 * @param folders Of the levels, as many as the file was found to have.
 * @param found What the first reading found.
 * @throws {InputError} If the file has changed meanwhile.
 */
export async function writeRaw(
  file: SourceFile,
  folders: readonly string[],
  found: { reader: ToolReader & { kind: "raw" }; survey: SurveyedRaw },
): Promise<WrittenLevel[]> {
  const { reader, survey } = found;
  const hash = new FileHash();
  const open = survey.plateaus.map((plateau, index) => ({
    ...plateau,
    window: windowOf(plateau, survey.longest_ms),
    recorder: new Recorder(join(folders[index], "requests.jsonl")),
    sums: { well: 0, iterations: 0, dropped: 0, bytes: 0 },
  }));
  try {
    for await (const event of reader.read(file, hash.tap)) {
      if (event.kind !== "request" && event.kind !== "count") continue;
      const at_ms = event.kind === "request" ? event.ended_at_ms : event.at_ms;
      const level = open.find(({ from_ms, to_ms }) => at_ms >= from_ms && at_ms <= to_ms);
      if (!level) continue;
      const { window, sums } = level;
      const ended_ms = at_ms - window.started_at_ms;
      const counts = ended_ms >= window.from_ms && ended_ms <= window.to_ms;
      if (event.kind === "count") {
        if (counts) sums[event.what] += event.count;
        continue;
      }
      const { row } = event;
      if (counts) {
        sums.well += row.outcome === "ok" ? 1 : 0;
        sums.bytes += row.bytes_in + row.bytes_out;
      }
      const started_ms = ended_ms - row.duration_ms;
      level.recorder.addRequest({ ...row, scheduled_ms: started_ms, started_ms });
    }
  } catch (error) {
    for (const { recorder } of open) closed(recorder);
    throw error;
  }
  const written = open.map(({ recorder, window, sums }) => {
    const window_s = (window.to_ms - window.from_ms) / 1000;
    const { counts, bytes } = survey;
    const slots = sums.iterations + sums.dropped;
    return {
      rows: recorder.close(),
      metrics: {
        throughput: (counts.has("iterations") ? sums.iterations : sums.well) / window_s,
        ...(counts.has("bytes") || bytes ? { network_bytes_per_s: sums.bytes / window_s } : {}),
        ...(counts.has("dropped") && slots > 0 ? { undelivered_ratio: sums.dropped / slots } : {}),
      },
    };
  });
  if (hash.sealed(file.name).sha256 === survey.sealed.sha256) return written;
  throw new InputError("FILE", file.path, "a file that nobody writes to meanwhile: it has changed");
}

function closed(recorder: Recorder): void {
  try {
    recorder.close();
  } catch { /* what went wrong is thrown already */ }
}
