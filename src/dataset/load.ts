import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { capacityOf } from "../quality/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { planSchema } from "../schema/plan.ts";
import type { ManifestLine, RunInfo, ShareProvenance } from "../schema/run.ts";
import { type Attempt, attemptOf } from "./attempt.ts";
import type { DataFrame } from "./data_frame.ts";
import { derivedFrame, openDerived, writeDerived } from "./derive.ts";
import { requestFrame, resourceFrame } from "./frames.ts";
import { DERIVED, derivedFile } from "./read_derived.ts";
import { readJsonl } from "./read_jsonl.ts";
import { type FoundAttempt, leftOut, type Reduction } from "./read_part.ts";
import { ReadingThreads } from "./reading_threads.ts";

/** A run as read from its directory. Frames are tidy: one row a request, sample or event, keyed by level, replicate, attempt. */
export interface Dataset {
  /** Plan, provenance and manifest. */
  info: RunInfo;
  /** Complete levels, in the order in which they ran. */
  attempts: Attempt[];
  /** Windows without load, in the order in which they ran. */
  idle: Attempt[];
  /** `requests` of all attempts, with `latency_ms` from the intended start and `steady`. Made when it is asked for. */
  readonly requests: DataFrame;
  /** `resources` of all attempts, scalar columns. Made when it is asked for. */
  readonly resources: DataFrame;
  /** What had to be left out or repaired, for the reader. */
  warnings: string[];
}

/**
 * Reads a run directory. Of each replicate the latest attempt counts that is complete: that has a `COMPLETE.json`, and files whose
 * hashes are those in it. What is not used is said in `warnings`.
 *
 * All rows are read once, checked, and reduced to what {@linkcode summarise} says; none is kept. Rows and frames of them are read
 * again when somebody asks for them.
 *
 * @param path the run directory.
 * @returns the attempts, their rows, and frames of all rows.
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
  const parts = await attemptFolders(root);
  using threads = new ReadingThreads(sizeOf(root, parts));
  const info = await readInfo(root, path, warnings);
  const lines = info.manifest;
  const by = { plan: info.plan, capacity: capacityOf(info.plan, info.provenance) };
  const { found: all, derived } = await readParts(root, parts, { threads, by });
  const thrownAway = new Set(
    lines.flatMap((line) => line.event === "attempt_started" && line.discarded ? line.path : []),
  );
  const attempts: Attempt[] = [];
  const idle: Attempt[] = [];
  for (const found of all) {
    let used: Attempt | undefined;
    for (const each of found) {
      if (each.kind === "unused") {
        const failed = lines.findLast((line) => "reason" in line && "path" in line && line.path === each.path);
        const reason = failed && "reason" in failed ? ` (${failed.reason})` : "";
        const instead = used ? `, those of ${used.path} are` : "";
        warnings.push(`${each.path} ${each.why}: its rows are not used${instead}${reason}`);
        continue;
      }
      used = attemptOf(each, { root, by, discarded: thrownAway.has(each.path) });
      (used.seal.kind === "idle" ? idle : attempts).push(used);
      warnings.push(...each.warnings);
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
  warnings.push(...shareWarnings(info, attempts));
  const warning = endWarning(lines);
  if (warning) warnings.push(warning);
  const frames: { requests?: DataFrame; resources?: DataFrame } = {};
  const dataset: Dataset = {
    info,
    attempts,
    idle,
    get requests() {
      return frames.requests ??= derived ? derivedFrame(root, "requests") : requestFrame(attempts);
    },
    get resources() {
      return frames.resources ??= derived ? derivedFrame(root, "resources") : resourceFrame(attempts);
    },
    warnings,
  };
  origins.set(dataset, { root, parts, found: all, derived });
  return dataset;
}

/** How datasets were found. */
const origins = new WeakMap<Dataset, { root: string; parts: string[][]; found: FoundAttempt[][]; derived: boolean }>();

/**
 * Writes all rows of a run as Parquet into its folder `derived`, from where {@linkcode load} and others read them several times as
 * fast. They are used as long as they match the run's seals, and can be made again.
 *
 * @param path the run directory.
 * @returns the paths of the files, which are left as they are if they match.
 * @throws {InputError} If there is no run.
 *
 * @example A run that is looked at again and again
 * ```ts ignore
 * import { derive, load } from "plimsoll";
 * await derive("data/runs/first");
 * const dataset = await load("data/runs/first");
 * ```
 */
export async function derive(path: string): Promise<string[]> {
  const dataset = await load(path);
  const { root, derived, ...found } = origins.get(dataset)!;
  if (derived) return Object.values(DERIVED).map((name) => derivedFile(root, name));
  const order = dataset.attempts.map((attempt) => attempt.path);
  return await writeDerived({ root, ...found, order, requests: dataset.requests, resources: dataset.resources });
}

/** What is found in the folders of attempts, by their derived files if they match. */
async function readParts(
  root: string,
  parts: string[][],
  { threads, by }: { threads: ReadingThreads; by: Reduction },
): Promise<{ found: FoundAttempt[][]; derived: boolean }> {
  const derived = openDerived(root, parts);
  if (derived) {
    // Whatever is wrong with them: the rows' own files say what is right.
    const read = await threads.read(root, derived.tasks, { by, check: derived.isWhole }).catch(() => undefined);
    const byPath = new Map(read?.flat().map((each) => [each.path, each]));
    const found = derived.found.map((part) => part.map((each) => byPath.get(each.path) ?? each));
    if (read) return { found, derived: true };
  }
  return { found: (await threads.read(root, parts, { by }))!, derived: false };
}

function sizeOf(root: string, parts: string[][]): number {
  let bytes = 0;
  for (const [latest] of parts) {
    for (const name of ["requests.jsonl", "resources.jsonl"]) {
      bytes += statSync(join(root, latest, name), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return bytes;
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

/** What the reader has to know of a run that is one share of a sweep, or was driven by several machines. */
function shareWarnings({ plan: { mode }, provenance }: RunInfo, attempts: readonly Attempt[]): string[] {
  const { share, shares, machine } = provenance;
  if (share) {
    return [
      `This is share ${share.k} of ${share.of} of a sweep, other machines drove the rest of each level: merge them first`,
    ];
  }
  if (!shares || attempts.length === 0) return [];
  const sampled = shares.find(({ sampled_target }) => sampled_target);
  const drove = new Set(
    attempts.flatMap(({ seal }) => seal.shares?.filter(({ sessions }) => sessions > 0).map(({ k }) => k) ?? []),
  );
  const [driving, idle] = [true, false].map((is) => shares.filter(({ k }) => drove.has(k) === is));
  const [of, sampledBy] = sampled ? [`Merged of ${shares.length} shares`, `share ${sampled.k} sampled them`] : [
    `${driving.length} ${driving.length === 1 ? "worker" : "workers"} drove it`,
    "the machine of the sweep sampled them",
  ];
  const unkept = shares.filter(({ clock }) => clock === "nobody known").map(({ k }) => k);
  const programs = new Set(shares.map(({ plimsoll_version, git_revision }) => `${plimsoll_version} (${git_revision})`));
  const machines = Map.groupBy(driving.filter((one) => one.machine !== undefined), (one) => one.machine);
  const most = [...machines.values()].reduce((most, next) => next.length > most.length ? next : most, []);
  const beside = sampled ? [] : machines.get(machine) ?? [];
  return [
    `${of}. The target and its machine are as ${sampledBy}; generators and ` +
    "browsers are summed over all machines, system totals leave the others out, so that there is no textbook figure of cores and memory",
    ...(idle.length > 0
      ? [`${names(idle)} drove nothing: no level had a session for ${idle.length > 1 ? "them" : "it"}`]
      : []),
    ...startWarning(attempts),
    // One machine has one clock.
    ...(machines.size === 1 && most.length === driving.length || unkept.length === 0 ? [] : [
      `No time service was found on the ${unkept.length === 1 ? "machine" : "machines"} of share ${
        unkept.join(", ")
      }: how far apart the shares began is not known`,
    ]),
    ...(beside.length > 0 ? [`${names(beside)} ran on the machine that sampled the target, and competed with it`] : []),
    ...(most.length > 1 && mode === "playwright"
      ? [
        `${
          names(most)
        } ran on one machine: browsers there share pages, which are charged to each in part, so that a worker that is ` +
        "alone needs more memory than these say",
      ]
      : []),
    ...(programs.size > 1 ? [`The shares were driven by different programs: ${[...programs].join(", ")}`] : []),
  ];
}

/** How well the shares began together. */
function startWarning(attempts: readonly Attempt[]): string[] {
  const all = attempts.flatMap(({ seal }) => seal.shares && seal.shares.length > 0 ? [seal.shares] : []);
  if (all.length === 0) return [];
  const late = all.map((shares) => shares.map(({ start_late_ms }) => start_late_ms));
  const unknown = all.flat().map(({ hub_error_ms }) => hub_error_ms);
  if (unknown.some((error) => error === undefined)) {
    return [`Shares began up to ${Math.max(...late.flat())} ms after their time, each by its own clock`];
  }
  const apart = Math.max(...late.map((each) => Math.max(...each) - Math.min(...each)));
  const error = Math.max(...unknown.map((error) => error!));
  return [
    `Shares began at most ${apart} ms apart by the hub's clock, which each knew to within ${error.toPrecision(2)} ms`,
  ];
}

function names(shares: readonly ShareProvenance[]): string {
  const all = shares.map(({ k, worker }) => worker ?? `share ${k}`);
  const [last, ...others] = all.toReversed();
  const list = others.length > 0 ? `${others.reverse().join(", ")} and ${last}` : last;
  return `${shares[0].worker === undefined ? "" : shares.length > 1 ? "Workers " : "Worker "}${list}`;
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
