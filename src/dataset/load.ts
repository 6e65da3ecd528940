import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import pl from "nodejs-polars";
import { attemptFiles, type RowKind } from "../schema/attempt_files.ts";
import type { AggregateRow } from "../schema/imported.ts";
import { InputError } from "../schema/input_error.ts";
import { planSchema } from "../schema/plan.ts";
import {
  type AttemptSeal,
  attemptSealSchema,
  type ManifestLine,
  type Provenance,
  type RunInfo,
} from "../schema/run.ts";
import type { EventRow, RequestRow, ResourceRow } from "../schema/rows.ts";
import type { DataFrame } from "./data_frame.ts";
import { parseJsonl, readJsonl } from "./read_jsonl.ts";

/** A part of a run that ended as planned, with its rows. */
export interface Attempt {
  /** From `COMPLETE.json`. */
  seal: AttemptSeal;
  /** Folder, relative to the run. */
  path: string;
  /** Run to warm up: in no summary and no fit. */
  discarded: boolean;
  /** From `requests.jsonl`, in order; those of further agents, `requests.2.jsonl` and so on, follow. */
  requests: RequestRow[];
  /** From `resources.jsonl`, in order; in a merged run those of the other machines, which say their `share`, follow. */
  resources: ResourceRow[];
  /** From `events.jsonl`, in order; those of further agents follow. */
  events: EventRow[];
  /** From `aggregates.jsonl`: only an imported run has them. */
  aggregates?: AggregateRow[];
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
 * Reads a run directory into Polars frames. Of each replicate the latest attempt counts that is complete: that has a
 * `COMPLETE.json`, and files whose hashes are those in it. What is not used is said in `warnings`.
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
  const warnings: string[] = [];
  const info = await readInfo(root, path, warnings);
  const lines = info.manifest;
  const thrownAway = new Set(
    lines.flatMap((line) => line.event === "attempt_started" && line.discarded ? line.path : []),
  );
  const attempts: Attempt[] = [];
  const idle: Attempt[] = [];
  for (const folders of await attemptFolders(root)) {
    let used: Attempt | undefined;
    for (const folder of folders) {
      const read = await readAttempt(root, folder, used !== undefined);
      if (read.kind === "older") continue;
      if (read.kind === "unused") {
        const failed = lines.findLast((line) => "reason" in line && "path" in line && line.path === folder);
        const reason = failed && "reason" in failed ? ` (${failed.reason})` : "";
        const instead = used ? `, those of ${used.path} are` : "";
        warnings.push(`${folder} ${read.why}: its rows are not used${instead}${reason}`);
        continue;
      }
      used = { ...read.attempt, discarded: thrownAway.has(folder) };
      (used.seal.kind === "idle" ? idle : attempts).push(used);
      warnings.push(...read.warnings);
    }
  }
  // The manifest's order is that of events; the wall clock may have been set meanwhile.
  const ended = new Map(lines.flatMap((line, index) => "path" in line ? [[line.path, index] as const] : []));
  const inOrder = (a: Attempt, b: Attempt) =>
    (ended.get(a.path) ?? Infinity) - (ended.get(b.path) ?? Infinity) ||
    (a.seal.started_at < b.seal.started_at ? -1 : 1);
  attempts.sort(inOrder);
  idle.sort(inOrder);
  warnings.push(...busyStarts(lines, attempts));
  const full = lines.find((line) => line.event === "artifacts_dropped");
  if (full) {
    warnings.push(`Artifacts were given up from ${full.at} on: ${full.reason}. Disk is fitted without these attempts`);
  }
  warnings.push(...shareWarnings(info.provenance, attempts));
  const warning = endWarning(lines);
  if (warning) warnings.push(warning);
  return { info, attempts, idle, requests: requestFrame(attempts), resources: resourceFrame(attempts), warnings };
}

/** The attempts that are used though the machine was not quiet when they began. */
function busyStarts(lines: readonly ManifestLine[], attempts: readonly Attempt[]): string[] {
  const used = new Set(attempts.filter(({ discarded }) => !discarded).map(({ path }) => path));
  const busy = lines.flatMap((line) =>
    line.event === "attempt_started" && line.cooldown?.quiet === false && used.has(line.path)
      ? [{ ...line.cooldown, path: line.path }]
      : []
  );
  if (busy.length === 0) return [];
  const worst = busy.reduce((a, b) => b.busy_cores - b.rest_cores > a.busy_cores - a.rest_cores ? b : a);
  const [began, most] = busy.length === 1 ? ["1 attempt", ""] : [`${busy.length} attempts`, ", where it was most"];
  return [
    `${began} began though the machine had not become quiet: ${worst.busy_cores.toFixed(2)} cores were busy before ` +
    `${worst.path}${most}, ${
      worst.rest_cores.toFixed(2)
    } at rest. Measure with a longer --cooldown, or on a quiet machine`,
  ];
}

/** What the reader has to know of a run that is one share of a sweep, or was merged of all. */
function shareWarnings({ share, shares }: Provenance, attempts: Attempt[]): string[] {
  if (share) {
    return [
      `This is share ${share.k} of ${share.of} of a sweep, other machines drove the rest of each level: merge them first`,
    ];
  }
  if (!shares) return [];
  const sampled = shares.find(({ sampled_target }) => sampled_target)!;
  const late = attempts.flatMap(({ seal }) => seal.shares?.map(({ start_late_ms }) => start_late_ms) ?? []);
  const alone = new Set(shares.map(({ machine, k }) => machine ?? k)).size === 1;
  const unkept = shares.filter(({ clock }) => clock === "nobody known").map(({ k }) => k);
  const programs = new Set(shares.map(({ plimsoll_version, git_revision }) => `${plimsoll_version} (${git_revision})`));
  return [
    `Merged of ${shares.length} shares. The target and its machine are as share ${sampled.k} sampled them; generators and ` +
    "browsers are summed over all machines, so system totals, and the textbook figure from them, leave the other " +
    "machines out",
    ...(late.length === 0
      ? []
      : [`Shares began up to ${Math.max(...late)} ms after their time, each by its own clock`]),
    // One machine has one clock.
    ...(alone || unkept.length === 0 ? [] : [
      `No time service was found on the ${unkept.length === 1 ? "machine" : "machines"} of share ${
        unkept.join(", ")
      }: how far apart the shares began is not known`,
    ]),
    ...(programs.size > 1 ? [`The shares were driven by different programs: ${[...programs].join(", ")}`] : []),
  ];
}

/** What the reader has to know about how the sweep ended: what was said last counts, since it may have been resumed. */
function endWarning(lines: readonly ManifestLine[]): string | undefined {
  const last = lines.findLast(({ event }) => /^(sweep_|resumed)/.test(event));
  if (last?.event === "sweep_complete") return undefined;
  if (last?.event === "sweep_stopped") return `The sweep was stopped early: ${last.reason}`;
  if (last?.event === "sweep_partial") return `The sweep is not complete: ${last.reason}`;
  return "The sweep did not end: this is what there is";
}

async function readInfo(root: string, given: string, warnings: string[]): Promise<RunInfo> {
  try {
    const json = async (name: string) => JSON.parse(await readFile(join(root, name), "utf8"));
    const plan = planSchema.parse(await json("plan.json"));
    const provenance = await json("provenance.json");
    const { rows: manifest, broken } = await readJsonl<ManifestLine>(join(root, "manifest.jsonl"));
    if (broken > 0) warnings.push(leftOut("manifest.jsonl", broken));
    for (const line of manifest) {
      if (line.event !== "resumed") continue;
      const changed = (["plimsoll_version", "cpu_model", "vcpus", "kernel"] as const)
        .filter((field) => line[field] !== provenance[field]);
      if (changed.length > 0) {
        const what = changed.map((field) => `${field} ${provenance[field]}, then ${line[field]}`).join("; ");
        warnings.push(`The sweep was resumed by another program or on another machine: ${what}`);
      }
    }
    return { path: root, plan, provenance, manifest };
  } catch (error) {
    throw new InputError("RUN", given, `the folder of a run (${(error as Error).message.split("\n")[0]})`);
  }
}

/** The folders of each replicate and idle window, the latest attempt first. */
async function attemptFolders(root: string): Promise<string[][]> {
  const children = async (folder: string) => {
    try {
      return (await readdir(join(root, folder))).sort().map((name) => join(folder, name));
    } catch {
      return [];
    }
  };
  const numberOf = (folder: string) => Number(/a(\d+)$/.exec(basename(folder))?.[1] ?? 1);
  const levels = await children("levels");
  const replicates = (await Promise.all(levels.map(children))).flat();
  const attempts = (await Promise.all(replicates.map(children))).flat();
  const byPart = [
    ...Map.groupBy(attempts, dirname).values(),
    ...Map.groupBy(await children("idle"), (folder) => folder.replace(/-a\d+$/, "")).values(),
  ];
  return byPart.map((folders) => folders.sort((a, b) => numberOf(b) - numberOf(a)));
}

type ReadAttempt =
  | { kind: "used"; attempt: Omit<Attempt, "discarded">; warnings: string[] }
  | { kind: "unused"; why: string }
  /** Complete, and so is a later one. */
  | { kind: "older" };

async function readAttempt(root: string, folder: string, replaced: boolean): Promise<ReadAttempt> {
  const seal = await readSeal(join(root, folder));
  if (seal === undefined) return { kind: "unused", why: "did not complete" };
  if (replaced) return { kind: "older" };
  if (seal === "broken") return { kind: "unused", why: "has a COMPLETE.json that no sweep writes" };
  const warnings: string[] = [];
  const rows: Record<string, unknown[]> = {};
  for (const [name, { bytes, sha256 }] of Object.entries(seal.files)) {
    const path = join(folder, basename(name));
    const content = await readFile(join(root, path)).catch(() => new Uint8Array());
    const sealed = content.subarray(0, bytes);
    if (sealed.length !== bytes || createHash("sha256").update(sealed).digest("hex") !== sha256) {
      return { kind: "unused", why: `has a ${name} that is not what was sealed` };
    }
    const added = content.length - bytes;
    if (added > 0) warnings.push(`${path}: ${added} bytes that were added after its end were left out`);
    const parsed = parseJsonl(new TextDecoder().decode(sealed));
    if (parsed.broken > 0) warnings.push(leftOut(path, parsed.broken));
    rows[name] = parsed.rows;
  }
  const all = <Row>(kind: RowKind) => attemptFiles(rows, kind).flatMap((name) => rows[name] as Row[]);
  const attempt = {
    seal,
    path: folder,
    requests: all<RequestRow>("requests"),
    resources: all<ResourceRow>("resources"),
    events: all<EventRow>("events"),
    aggregates: all<AggregateRow>("aggregates"),
  };
  return { kind: "used", attempt, warnings };
}

async function readSeal(folder: string): Promise<AttemptSeal | "broken" | undefined> {
  try {
    return attemptSealSchema.parse(JSON.parse(await readFile(join(folder, "COMPLETE.json"), "utf8")));
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as { code?: string }).code ?? "")) return undefined;
    return "broken";
  }
}

function leftOut(path: string, broken: number): string {
  return `${path}: ${broken} broken ${broken === 1 ? "line was" : "lines were"} left out`;
}

function requestFrame(attempts: Attempt[]): DataFrame {
  return frame(attempts, ({ requests, seal: { window } }) =>
    requests.map((row) => {
      const ended_ms = row.started_ms + row.duration_ms;
      return {
        ...row,
        latency_ms: row.phase === undefined ? ended_ms - row.scheduled_ms : null,
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
const COUNTS = new Set([
  "share",
  "level",
  "replicate",
  "attempt",
  "seq",
  "session",
  "iteration",
  "status",
  "processes",
]);

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
