import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import pl from "nodejs-polars";
import { InputError } from "../schema/input_error.ts";
import { planSchema } from "../schema/plan.ts";
import { type AttemptSeal, attemptSealSchema, type ManifestLine, type RunInfo } from "../schema/run.ts";
import type { EventRow, RequestRow, ResourceRow } from "../schema/rows.ts";
import type { DataFrame } from "./data_frame.ts";
import { readJsonl } from "./read_jsonl.ts";

/** A part of a run that ended as planned, with its rows. */
export interface Attempt {
  /** From `COMPLETE.json`. */
  seal: AttemptSeal;
  /** Folder, relative to the run. */
  path: string;
  /** Run to warm up: in no summary and no fit. */
  discarded: boolean;
  /** From `requests.jsonl`, in order. */
  requests: RequestRow[];
  /** From `resources.jsonl`, in order. */
  resources: ResourceRow[];
  /** From `events.jsonl`, in order. */
  events: EventRow[];
}

/** A run as read from its directory. Frames are tidy: one row a request, sample or event, keyed by level, replicate, attempt. */
export interface Dataset {
  /** Plan, provenance and manifest. */
  info: RunInfo;
  /** Complete levels, in the order in which they ran. */
  attempts: Attempt[];
  /** Windows without load, in the order in which they ran. */
  idle: Attempt[];
  /** `requests` of all attempts, with `latency_ms` from the intended start and `steady`. */
  requests: DataFrame;
  /** `resources` of all attempts, scalar columns. */
  resources: DataFrame;
  /** What had to be left out or repaired, for the reader. */
  warnings: string[];
}

/**
 * Reads a run directory into Polars frames. What is torn is left out and said; attempts without `COMPLETE.json` do not count.
 *
 * @param path the run directory.
 * @returns the rows, typed and as frames.
 * @throws {InputError} If there is no run.
 *
 * @example The requests of a run
 * ```ts ignore
 * import { load } from "plimsoll";
 * const dataset = await load("data/runs/first");
 * dataset.requests.shape; // { height: 12345, width: 17 }
 * ```
 */
export async function load(path: string): Promise<Dataset> {
  const root = resolve(path);
  const info = await readInfo(root, path);
  const warnings: string[] = [];
  const discarded = new Set(
    info.manifest.filter((line) => line.event === "attempt_started" && line.discarded).map((line) =>
      (line as { path: string }).path
    ),
  );
  const attempts: Attempt[] = [];
  const idle: Attempt[] = [];
  for (const folder of await attemptFolders(root)) {
    const seal = await readSeal(join(root, folder));
    if (!seal) {
      warnings.push(`${folder} did not complete: its rows are not used`);
      continue;
    }
    const attempt: Attempt = {
      seal,
      path: folder,
      discarded: discarded.has(folder),
      requests: await rowsOf<RequestRow>(root, folder, "requests.jsonl", warnings),
      resources: await rowsOf<ResourceRow>(root, folder, "resources.jsonl", warnings),
      events: await rowsOf<EventRow>(root, folder, "events.jsonl", warnings),
    };
    (seal.kind === "idle" ? idle : attempts).push(attempt);
  }
  attempts.sort((a, b) => a.seal.started_at < b.seal.started_at ? -1 : 1);
  idle.sort((a, b) => a.seal.started_at < b.seal.started_at ? -1 : 1);
  const stopped = info.manifest.find((line) => line.event === "sweep_stopped");
  if (stopped) warnings.push(`The sweep was stopped early: ${stopped.reason}`);
  else if (!info.manifest.some((line) => line.event === "sweep_complete")) {
    warnings.push("The sweep did not end: this is what there is");
  }
  return { info, attempts, idle, requests: requestFrame(attempts), resources: resourceFrame(attempts), warnings };
}

async function readInfo(root: string, given: string): Promise<RunInfo> {
  try {
    const json = async (name: string) => JSON.parse(await readFile(join(root, name), "utf8"));
    const plan = planSchema.parse(await json("plan.json"));
    const provenance = await json("provenance.json");
    const { rows: manifest } = await readJsonl<ManifestLine>(join(root, "manifest.jsonl"));
    return { path: root, plan, provenance, manifest };
  } catch (error) {
    throw new InputError("RUN", given, `the folder of a run (${(error as Error).message.split("\n")[0]})`);
  }
}

async function attemptFolders(root: string): Promise<string[]> {
  const children = async (folder: string) => {
    try {
      return (await readdir(join(root, folder))).sort().map((name) => join(folder, name));
    } catch {
      return [];
    }
  };
  const levels = await children("levels");
  const replicates = (await Promise.all(levels.map(children))).flat();
  const attempts = (await Promise.all(replicates.map(children))).flat();
  return [...attempts, ...await children("idle")];
}

async function readSeal(folder: string): Promise<AttemptSeal | undefined> {
  const path = join(folder, "COMPLETE.json");
  if (!await stat(path).catch(() => undefined)) return undefined;
  const parsed = attemptSealSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

async function rowsOf<Row>(root: string, folder: string, name: string, warnings: string[]): Promise<Row[]> {
  const { rows, broken } = await readJsonl<Row>(join(root, folder, name));
  if (broken > 0) {
    warnings.push(`${join(folder, name)}: ${broken} broken ${broken === 1 ? "line was" : "lines were"} left out`);
  }
  return rows;
}

function requestFrame(attempts: Attempt[]): DataFrame {
  return frame(attempts, ({ requests, seal: { window } }) =>
    requests.map((row) => {
      const ended_ms = row.started_ms + row.duration_ms;
      return {
        ...row,
        latency_ms: ended_ms - row.scheduled_ms,
        steady: ended_ms >= window.from_ms && ended_ms <= window.to_ms,
      };
    }));
}

function resourceFrame(attempts: Attempt[]): DataFrame {
  return frame(
    attempts,
    ({ resources, seal: { window } }) =>
      resources.map(({ core_busy_ms: _cores, artifact_bytes, ...row }) => ({
        ...row,
        artifact_bytes: artifact_bytes ? Object.values(artifact_bytes).reduce((sum, bytes) => sum + bytes, 0) : null,
        steady: row.t_ms >= window.from_ms && row.t_ms <= window.to_ms,
      })),
  );
}

/** Columns of whole numbers that stay small. */
const COUNTS = new Set(["level", "replicate", "attempt", "seq", "session", "iteration", "status", "processes"]);

/** One frame of all attempts: by columns, since a column that is absent from the first rows would be lost by rows. */
function frame(attempts: Attempt[], rowsOf: (attempt: Attempt) => Record<string, unknown>[]): DataFrame {
  const keyed = attempts.flatMap((attempt) => {
    const { level, replicate, attempt: number } = attempt.seal;
    return rowsOf(attempt).map((row) => ({ level, replicate, attempt: number, discarded: attempt.discarded, ...row }));
  });
  const names = [...new Set(keyed.flatMap((row) => Object.keys(row)))];
  return pl.DataFrame(Object.fromEntries(names.map((name) => {
    const values = keyed.map((row) => (row as Record<string, unknown>)[name] ?? null);
    const type = typeof values.find((value) => value !== null);
    const series = type === "number"
      ? pl.Series(name, values as number[], COUNTS.has(name) ? pl.Int32 : pl.Float64)
      : type === "boolean"
      ? pl.Series(name, values as boolean[], pl.Bool)
      : pl.Series(name, values as string[], pl.Utf8);
    return [name, series];
  })));
}
