import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { makePlan } from "../plan/mod.ts";
import { makeProvenance } from "../run/make_provenance.ts";
import { checkOut, RunDirectory } from "../run/run_directory.ts";
import { Recorder } from "../run/recorder.ts";
import type { ImportedFile, ImportEnd, ImportFormat } from "../schema/imported.ts";
import { IMPORT_FORMATS } from "../schema/imported.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { FileSeal, Provenance } from "../schema/run.ts";
import { detectFormat } from "./detect_format.ts";
import { firstBytes } from "./first_bytes.ts";
import { parseSource } from "./parse_source.ts";
import { READERS } from "./readers.ts";
import { FileHash, type SourceFile } from "./source_file.ts";
import { type SurveyedRaw, surveyRaw } from "./survey_raw.ts";
import type { Sums, ToolReader } from "./tool_reader.ts";
import { windowOf, writeRaw } from "./write_raw.ts";

/** What {@linkcode importRun} must know. */
export interface ImportOptions {
  /** The folder of the run; new, or empty. */
  out: string;
  /** What wrote the files. @default told from how they begin */
  format?: ImportFormat;
}

/** The host of a target that no file names. */
const UNKNOWN_URL = "http://unknown.invalid/";
const MOST = { level: 100_000, levels: 100, replicates: 100 };

/** One replicate to be written. */
interface Replicate {
  level: number;
  replicate: number;
  sessions: number;
  started_at_ms?: number;
  window: { from_ms: number; to_ms: number };
  /** Which file, and which of its levels. */
  at: { file: number; index: number };
  metrics: Record<string, number>;
}

/** What one file holds. */
type Survey = { kind: "raw"; raw: SurveyedRaw } | { kind: "sums"; sealed: ImportedFile; levels: Sums[] };

/**
 * Makes a run of files that another load tool wrote, so that everything that works on a run works on it.
 *
 * Levels are found by the concurrency that a file records: each time of at least 5 s in which it did not change is a replicate, of
 * which the first tenth, at least 1 s, does not count. `FILE@N` says that a file is one level. Requests become rows of
 * `requests.jsonl` where the tool has them; what only sums say becomes `aggregates.jsonl`. Files are read twice, and never
 * held whole. What they do not say, the run's warnings do.
 *
 * @param files Paths, `FILE` or `FILE@N`, all of one tool.
 * @param options Where to, and what wrote them.
 * @returns What was found. Nothing is fitted or sized yet.
 * @throws {InputError} Before anything is written, if a file is not what its format is, or holds no level.
 * @throws {Error} With the operating system's `code`, if the run cannot be written; nothing of it is left then.
 *
 * @example A test of Locust
 * ```ts ignore
 * import { importRun, load, makeReport } from "plimsoll";
 * const { path } = await importRun(["viewers_stats_history.csv"], { out: "data/runs/locust" });
 * const report = makeReport(await load(path));
 * ```
 */
export async function importRun(files: readonly string[], options: ImportOptions): Promise<ImportEnd> {
  const { out, format } = options;
  if (files.length === 0) {
    throw new InputError("FILE", "nothing", "the files that a load tool wrote, for example results.jtl");
  }
  if (format !== undefined && !IMPORT_FORMATS.includes(format)) {
    throw new InputError("--format", format, `one of ${IMPORT_FORMATS.join(", ")}, or leave it out`);
  }
  if (!out) throw new InputError("--out", "nothing", "the folder of the new run, for example data/runs/imported");
  await checkOut(out);
  const sources = files.map(parseSource);
  const reader = READERS[await formatOf(sources, format)];
  const surveys: Survey[] = [];
  const notes = [...reader.notes];
  const machine: { cores?: number; memory_bytes?: number } = {};
  for (const file of sources) {
    if (reader.kind === "raw") {
      const raw = await surveyRaw(file, reader);
      surveys.push({ kind: "raw", raw });
      notes.push(...raw.notes, ...rawNotes(raw));
    } else {
      const hash = new FileHash();
      const { levels, notes: more, machine: measured } = await reader.read(file, hash.tap);
      if (levels.length === 0) {
        throw new InputError("FILE", file.path, "a file with at least one level: this one has none");
      }
      surveys.push({ kind: "sums", sealed: hash.sealed(file.name), levels });
      notes.push(...more);
      Object.assign(machine, measured);
    }
  }
  const replicates = numbered(surveys);
  const sealed = surveys.map((survey) => survey.kind === "raw" ? survey.raw.sealed : survey.sealed);
  const url = surveys.flatMap((survey) => survey.kind === "raw" ? survey.raw.url ?? [] : []).map(originOf).find(
    Boolean,
  );
  const plan = planOf(replicates, { url: url ?? UNKNOWN_URL, tool: reader.tool });
  const imported = {
    tool: reader.tool,
    format: reader.format,
    files: sealed,
    machine,
    notes: [
      ...new Set([
        ...notes,
        ...(url ? [] : ["What was loaded is not said in these files"]),
        ...(replicates.some((one) => one.started_at_ms === undefined)
          ? ["When it was measured is not said either"]
          : []),
      ]),
    ],
  };
  const path = resolve(out);
  const wasThere = existsSync(path);
  const directory = RunDirectory.create(path);
  try {
    const provenance = provenanceOf(plan, { imported, started_at_ms: replicates[0].started_at_ms });
    directory.describe(plan, provenance);
    directory.note({ event: "sweep_started", plan_sha256: provenance.plan_sha256 });
    directory.note({ event: "imported", tool: reader.tool, files: sources.length });
    const written = await write(directory, replicates, { sources, surveys, reader });
    directory.note({ event: "sweep_complete" });
    return {
      schema: "plimsoll.import/1",
      path,
      tool: reader.tool,
      format: reader.format,
      files: sealed,
      replicates: replicates.map(({ level, replicate, sessions, window }, index) => ({
        level,
        replicate,
        sessions,
        window_s: (window.to_ms - window.from_ms) / 1000,
        rows: written[index].rows,
      })),
      metrics: [...new Set(written.flatMap(({ metrics }) => metrics))],
      notes: imported.notes,
    };
  } catch (error) {
    // A part of a run that looks whole is worse than none.
    await Deno.remove(path, { recursive: true }).catch(() => {});
    if (wasThere) await Deno.mkdir(path, { mode: 0o700 }).catch(() => {});
    throw error;
  } finally {
    directory.close();
  }
}

/** What wrote the files; all are there, and are files, when it is known. */
async function formatOf(sources: readonly SourceFile[], given?: ImportFormat): Promise<ImportFormat> {
  const formats: ImportFormat[] = [];
  for (const file of sources) {
    const start = await firstBytes(file);
    formats.push(given ?? detectFormat(file, start));
  }
  const other = formats.findIndex((format) => format !== formats[0]);
  if (other === -1) return formats[0];
  const { path } = sources[other];
  throw new InputError(
    "FILE",
    path,
    `files of one format: this one is ${formats[other]}, ${sources[0].path} ${formats[0]}`,
  );
}

function rawNotes({ counts }: SurveyedRaw): string[] {
  return counts.has("iterations") ? ["Throughput counts k6's iterations, those with failed requests included"] : [];
}

/** The replicates of all files, in the order in which they ran, numbered within their level. */
function numbered(surveys: readonly Survey[]): Replicate[] {
  const found = surveys.flatMap((survey, file) => {
    const levels = survey.kind === "sums" ? survey.levels : survey.raw.plateaus.map((plateau): Sums => ({
      sessions: plateau.sessions,
      started_at_ms: windowOf(plateau, survey.raw.longest_ms).started_at_ms,
      window_s: 0,
      metrics: {},
    }));
    return levels.map((one, index) => ({
      ...one,
      level: Math.max(1, Math.round(one.sessions)),
      at: { file, index },
      window: survey.kind === "raw"
        ? windowOf(survey.raw.plateaus[index], survey.raw.longest_ms)
        : { from_ms: 0, to_ms: 1000 * one.window_s },
    }));
  }).sort((a, b) => (a.started_at_ms ?? 0) - (b.started_at_ms ?? 0));
  const own = found.every(({ replicate }) => replicate !== undefined);
  const seen = new Map<number, Set<number>>();
  for (const { level } of found) seen.set(level, new Set());
  const [highest, levels] = [Math.max(...seen.keys()), seen.size];
  if (highest > MOST.level || levels > MOST.levels) {
    const [value, most] = highest > MOST.level
      ? [highest, `sessions up to ${MOST.level}`]
      : [levels, `at most ${MOST.levels} levels`];
    throw new InputError("FILE", value, `files of ${most}`);
  }
  return found.map(({ level, replicate, sessions, started_at_ms, window, at, metrics }) => {
    const used = seen.get(level)!;
    const number = own ? replicate! : used.size + 1;
    if (used.has(number)) {
      throw new InputError("replicate", number, `each replicate of a level once: level ${level} has it twice`);
    }
    used.add(number);
    if (number > MOST.replicates) {
      throw new InputError(
        "replicate",
        number,
        `at most ${MOST.replicates} replicates of a level: ${level} sessions have more`,
      );
    }
    const { from_ms, to_ms } = window;
    return { level, replicate: number, sessions, started_at_ms, window: { from_ms, to_ms }, at, metrics };
  });
}

/** Of what is known a plan: what a tool did besides stands in its own files. */
function planOf(replicates: readonly Replicate[], { url, tool }: { url: string; tool: string }): Plan {
  const has = (metric: string) => replicates.some(({ metrics }) => metrics[metric] !== undefined);
  const longest_ms = Math.max(...replicates.map(({ window }) => window.to_ms - window.from_ms));
  const plan = makePlan({
    mode: "command",
    command: [tool],
    url,
    levels: [...new Set(replicates.map(({ level }) => level))],
    replicates: Math.max(...replicates.map(({ replicate }) => replicate)),
    duration_ms: Math.min(86_400_000, Math.max(1000, Math.round(longest_ms))),
  });
  return has("target_cores") && has("browser_cores") ? { ...plan, size_groups: ["target", "browser"] } : plan;
}

/** Of the program that imported, and nothing of the machine that it ran on. */
function provenanceOf(
  plan: Plan,
  { imported, started_at_ms }: { imported: NonNullable<Provenance["imported"]>; started_at_ms?: number },
): Provenance {
  const unknown = "unknown";
  return {
    ...makeProvenance(plan, { addresses: [] }),
    ...(started_at_ms === undefined ? {} : { started_at: new Date(started_at_ms).toISOString() }),
    ...{ os: unknown, kernel: unknown, cpu_model: unknown, governor: unknown, time_source: unknown },
    vcpus: imported.machine.cores ?? 0,
    memory_bytes: imported.machine.memory_bytes ?? 0,
    threads_per_core: 1,
    cgroup_limits: {},
    sampler: "none",
    environment: [],
    imported,
  };
}

function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host } = new URL(text);
  return /^https?:$/.test(protocol) && host !== "" ? `${protocol}//${host}/` : undefined;
}

async function write(
  directory: RunDirectory,
  replicates: readonly Replicate[],
  { sources, surveys, reader }: { sources: SourceFile[]; surveys: Survey[]; reader: ToolReader },
): Promise<{ rows: number; metrics: string[] }[]> {
  const folders = replicates.map(({ level, replicate }) =>
    directory.folder("levels", `${level}`, `r${replicate}`, "a1")
  );
  const raw = new Map<Replicate, { rows: FileSeal; metrics: Record<string, number> }>();
  for (const [file, survey] of surveys.entries()) {
    if (survey.kind !== "raw" || reader.kind !== "raw") continue;
    const own = replicates.filter(({ at }) => at.file === file).sort((a, b) => a.at.index - b.at.index);
    const written = await writeRaw(sources[file], own.map((one) => folders[replicates.indexOf(one)]), {
      reader,
      survey: survey.raw,
    });
    own.forEach((one, index) => raw.set(one, written[index]));
  }
  return replicates.map((one, index) => {
    const { level, replicate, sessions, started_at_ms, window } = one;
    const metrics = { ...one.metrics, ...raw.get(one)?.metrics };
    const aggregates = new Recorder(join(folders[index], "aggregates.jsonl"));
    for (const [metric, value] of Object.entries({ sessions, ...metrics })) aggregates.add({ metric, value });
    const rows = raw.get(one)?.rows;
    const path = `levels/${level}/r${replicate}/a1`;
    const id = { level, replicate, attempt: 1 };
    directory.note({ event: "attempt_started", ...id, path });
    directory.seal(folders[index], {
      kind: "level",
      ...id,
      state: "complete",
      started_at: new Date(started_at_ms ?? 0).toISOString(),
      window,
      files: { ...(rows ? { "requests.jsonl": rows } : {}), "aggregates.jsonl": aggregates.close() },
    });
    directory.note({ event: "attempt_complete", ...id, path, state: "complete" });
    const fromRows = rows ? ["latency_ms_p50", "latency_ms_p95", "latency_ms_p99", "error_ratio"] : [];
    return {
      rows: rows?.rows ?? 0,
      metrics: [...Object.keys(metrics).filter((name) => name !== "requests"), ...fromRows],
    };
  });
}
