import { InputError } from "../schema/input_error.ts";
import { Concurrency, LEAST_S, type Plateau, warmUp } from "./find_plateaus.ts";
import { FileHash, type SourceFile } from "./source_file.ts";
import type { ToolReader } from "./tool_reader.ts";
import type { ImportedFile } from "../schema/imported.ts";

/** What a file of requests holds, as far as it must be known before anything is written. */
export interface SurveyedRaw {
  sealed: ImportedFile;
  plateaus: Plateau[];
  /** The longest request [ms]: so long before a level began what ended in it. */
  longest_ms: number;
  /** What the file counts beside requests. */
  counts: Set<string>;
  /** Whether requests say what went to the target, and what came. */
  bytes: boolean;
  url?: string;
  notes: string[];
}

/** The year 2100 [ms since 1970]. */
const LATEST_MS = 4.1e12;
/** Each has files that are open at the same time. */
const MOST_PLATEAUS = 200;

/**
 * Reads a file of requests once, without keeping them: which levels it holds, and when.
 *
 * @throws {InputError} If it is not what its reader takes, or holds no level.
 */
export async function surveyRaw(file: SourceFile, reader: ToolReader & { kind: "raw" }): Promise<SurveyedRaw> {
  const hash = new FileHash();
  const concurrency = new Concurrency();
  const counts = new Set<string>();
  const notes: string[] = [];
  let [first_ms, last_ms, longest_ms, requests] = [Infinity, -Infinity, 0, 0];
  let [received, sent] = [false, false];
  let url: string | undefined;
  for await (const event of reader.read(file, hash.tap)) {
    if (event.kind === "note") notes.push(event.text);
    else if (event.kind === "url") url ??= event.url;
    else {
      const at_ms = event.kind === "request" ? event.ended_at_ms : event.at_ms;
      if (!(at_ms >= 0 && at_ms <= LATEST_MS)) {
        throw new InputError(
          "FILE",
          file.path,
          `a file whose times are between 1970 and 2100: one is ${at_ms} ms after 1970`,
        );
      }
      if (event.kind === "sessions") concurrency.add(at_ms, event.sessions);
      else if (event.kind === "count") counts.add(event.what);
      else {
        requests++;
        first_ms = Math.min(first_ms, at_ms);
        last_ms = Math.max(last_ms, at_ms);
        longest_ms = Math.max(longest_ms, event.row.duration_ms);
        received ||= event.row.bytes_in > 0;
        sent ||= event.row.bytes_out > 0;
      }
    }
  }
  if (requests === 0) throw new InputError("FILE", file.path, "a file with requests: this one has none");
  const plateaus = plateausOf(file, { reader, concurrency, first_ms, last_ms });
  return { sealed: hash.sealed(file.name), plateaus, longest_ms, counts, bytes: received && sent, url, notes };
}

function plateausOf(
  file: SourceFile,
  found: { reader: ToolReader & { kind: "raw" }; concurrency: Concurrency; first_ms: number; last_ms: number },
): Plateau[] {
  const { reader, concurrency, first_ms, last_ms } = found;
  if (file.level !== undefined) {
    const length_ms = last_ms - first_ms;
    if (length_ms > 2 * warmUp(length_ms)) return [{ sessions: file.level, from_ms: first_ms, to_ms: last_ms }];
    throw new InputError("FILE", file.path, `a file of more than 2 s: this one has ${(length_ms / 1000).toFixed(1)} s`);
  }
  if (concurrency.empty) {
    throw new InputError("FILE", file.path, `one file a level, as FILE@N: ${reader.no_concurrency}`);
  }
  const plateaus = concurrency.plateaus();
  if (plateaus.length > MOST_PLATEAUS) {
    throw new InputError(
      "FILE",
      file.path,
      `a file with at most ${MOST_PLATEAUS} levels: this one has ${plateaus.length}`,
    );
  }
  if (plateaus.length > 0) return plateaus;
  const [low, high] = concurrency.range;
  const seen = `${low} to ${high} sessions, never as many for ${LEAST_S} s`;
  throw new InputError("FILE", file.path, `a file with a level that was held for ${LEAST_S} s: this one has ${seen}`);
}
