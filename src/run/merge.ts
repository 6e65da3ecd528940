import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { makePlan } from "../plan/mod.ts";
import { attemptFile, attemptFiles } from "../schema/attempt_files.ts";
import { InputError } from "../schema/input_error.ts";
import type { AttemptSeal, FileSeal, Provenance, ShareProvenance } from "../schema/run.ts";
import type { ResourceRow } from "../schema/rows.ts";
import { checkShares } from "./check_shares.ts";
import { diskSpace, inMegabytes } from "./guards.ts";
import { readShareRun, type ShareRun } from "./read_share_run.ts";
import { Recorder } from "./recorder.ts";
import { checkOut, RunDirectory } from "./run_directory.ts";
import { nameOf } from "./run_parts.ts";
import { type Part, planParts } from "./walk_parts.ts";
import type { FoundAttempt } from "./survey_run.ts";
import { type ShareAttempt, surveyShare } from "./survey_share.ts";

/** What {@linkcode merge} made. */
export interface MergeEnd {
  /** The merged run's directory, absolute. */
  path: string;
  /** `complete`: all shares have all attempts. `partial`: attempts that some share lacks were left out. */
  state: "complete" | "partial";
  /** Attempts that are complete in all shares, `failing` of them with most requests failed, of those planned. */
  attempts: { complete: number; failing: number; planned: number };
  /** The share whose machine sampled the target: resources of the target and of the machine are its. */
  sampled_by: number;
  /** What was left out, and why, one sentence each. */
  left_out: string[];
}

/**
 * Makes one run of the shares that several machines drove of a sweep. The shares' runs are read only.
 *
 * An attempt that is complete in all shares becomes one of the merged run: rows of requests and events as they are, in a file
 * a share (`requests.2.jsonl` of share 2), sealed anew. What a share lacks is left out, and said. Resources are those of the
 * machine that sampled the target; of the others what their generators and browsers used is kept beside them
 * (`resources.2.jsonl`, rows with `share`), and is summed where costs are read.
 *
 * @param out the folder of the merged run; new, or empty.
 * @param runs the run directories of all shares, in any order.
 * @throws {InputError} Before anything is written, if the runs are not all shares of one sweep, each once, or a file is not
 *   what was sealed.
 * @throws {Error} With the operating system's `code`, if the run cannot be written; nothing of it is left then.
 *
 * @example Three machines
 * ```ts ignore
 * import { load, makeReport, merge } from "plimsoll";
 * const { path } = await merge("data/runs/whole", ["share-1", "share-2", "share-3"]);
 * const report = makeReport(await load(path), { targets: [1000] });
 * ```
 */
export async function merge(out: string, runs: readonly string[]): Promise<MergeEnd> {
  await checkOut(out, "OUT");
  if (runs.length === 0) {
    throw new InputError("RUN", "nothing", "the folders of all shares of a sweep, for example share-1 share-2");
  }
  const shares = checkShares(runs.map(readShareRun));
  const parts = planParts(makePlan(shares[0].plan), { share: true });
  const found = new Map<Part, ShareAttempt[]>();
  for (const part of parts) {
    const attempts: ShareAttempt[] = [];
    for (const share of shares) attempts.push(await surveyShare(share, part));
    found.set(part, attempts);
  }
  const primary = sampledTarget(shares, [...found].flatMap(([part, all]) => part.phase === "level" ? [all] : []));
  await checkFits(out, [...found.values()].flat());
  const path = resolve(out);
  const wasThere = existsSync(path);
  const directory = RunDirectory.create(path);
  try {
    return await new Merger(directory, shares, primary).run(found);
  } catch (error) {
    // A part of a run that looks whole is worse than none.
    await Deno.remove(path, { recursive: true }).catch(() => {});
    if (wasThere) await Deno.mkdir(path, { mode: 0o700 }).catch(() => {});
    throw error;
  } finally {
    directory.close();
  }
}

/** The share, by index, whose rows of most attempts have the target; the first one where none has. */
function sampledTarget(shares: ShareRun[], levels: ShareAttempt[][]): number {
  const counts = shares.map((share, index) =>
    levels.filter((attempts) => {
      const attempt = attempts[index];
      return attempt.state === "complete" && rowsOf(share, attempt).some(({ group }) => group === "target");
    }).length
  );
  return counts.indexOf(Math.max(...counts));
}

async function checkFits(out: string, attempts: ShareAttempt[]): Promise<void> {
  const bytes = attempts.reduce(
    (sum, attempt) =>
      sum +
      (attempt.state === "missing" ? 0 : Object.values(attempt.seal!.files).reduce((all, file) => all + file.bytes, 0)),
    0,
  );
  let folder = resolve(out);
  while (!existsSync(folder)) folder = join(folder, "..");
  const { free_bytes, reserve_bytes } = await diskSpace(folder);
  if (bytes + reserve_bytes <= free_bytes) return;
  const need = inMegabytes(bytes + reserve_bytes);
  throw new InputError("OUT", out, `a folder on a disk with ${need} free: this one has ${inMegabytes(free_bytes)}`);
}

function rowsOf({ root }: ShareRun, { path }: FoundAttempt): ResourceRow[] {
  const text = Deno.readTextFileSync(join(root, path, "resources.jsonl"));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Writes the merged run. */
class Merger {
  #primary: ShareRun;

  constructor(readonly directory: RunDirectory, readonly shares: ShareRun[], readonly primary: number) {
    this.#primary = shares[primary];
  }

  async run(found: Map<Part, ShareAttempt[]>): Promise<MergeEnd> {
    const { directory } = this;
    const { plan, plan_sha256, share } = this.#primary;
    directory.describe(plan, this.#provenance());
    directory.note({ event: "sweep_started", plan_sha256 });
    directory.note({ event: "merged", shares: share.of, sampled_by: share.k });
    const attempts = { complete: 0, failing: 0, planned: 0 };
    const left_out: string[] = [];
    for (const [part, all] of found) {
      const counts = part.replicate !== undefined && !part.replicate.discarded;
      if (counts) attempts.planned++;
      const missing = this.#missing(part, all);
      if (missing === undefined) {
        const state = await this.#take(part, all as FoundAttempt[]);
        if (!counts) continue;
        attempts.complete++;
        if (state === "failing") attempts.failing++;
      } else {
        left_out.push(`${nameOf(part)}: ${missing}`);
        this.#leaveOut(part, missing);
      }
    }
    const end = { path: directory.path, attempts, sampled_by: share.k, left_out };
    if (left_out.length === 0) {
      directory.note({ event: "sweep_complete" });
      return { ...end, state: "complete" };
    }
    const more = left_out.length > 1 ? ` (and ${left_out.length - 1} more)` : "";
    directory.note({ event: "sweep_partial", reason: `no complete attempt of ${left_out[0]}${more}` });
    return { ...end, state: "partial" };
  }

  /** Why a part cannot be merged. Of a machine at rest only that of the target counts. */
  #missing(part: Part, all: ShareAttempt[]): string | undefined {
    const reasons = all.flatMap((attempt, index) => {
      if (attempt.state === "complete" || (part.phase !== "level" && index !== this.primary)) return [];
      return [`share ${this.shares[index].share.k}: ${attempt.reason}`];
    });
    return reasons.length > 0 ? reasons.join("; ") : undefined;
  }

  #leaveOut(part: Part, reason: string): void {
    const path = part.phase === "level" ? `${part.name}/a1` : part.name;
    this.directory.folder(path);
    if (!part.replicate) return this.directory.note({ event: "idle_failed", path, reason });
    const { level, replicate, discarded } = part.replicate;
    const id = { level, replicate, attempt: 1, path };
    this.directory.note({ event: "attempt_started", ...id, ...(discarded ? { discarded } : {}) });
    this.directory.note({ event: "attempt_failed", ...id, reason });
  }

  async #take(part: Part, all: FoundAttempt[]): Promise<AttemptSeal["state"]> {
    const { directory, shares } = this;
    const path = part.phase === "level" ? `${part.name}/a1` : part.name;
    const folder = directory.folder(path);
    const own = all[this.primary];
    const files: Record<string, FileSeal> = {};
    await this.#copy(this.#primary, own, "resources.jsonl", join(folder, "resources.jsonl"));
    files["resources.jsonl"] = own.seal!.files["resources.jsonl"];
    if (!part.replicate) {
      const { share: _, ...seal } = own.seal!;
      directory.seal(folder, { ...seal, attempt: 1, files });
      directory.note({ event: "idle_complete", path });
      return "complete";
    }
    for (const [index, share] of shares.entries()) {
      const { k, of } = share.share;
      for (const name of Object.keys(all[index].seal!.files)) {
        const [, kind, agent = "1"] = /^([a-z]+)(?:\.(\d+))?\.jsonl$/.exec(name) ?? [];
        if (kind === undefined || kind === "resources") continue;
        // The number of the agent's share, as if all agents were of one machine.
        const merged = attemptFile(kind as "requests", k + (Number(agent) - 1) * of);
        await this.#copy(share, all[index], name, join(folder, merged));
        files[merged] = all[index].seal!.files[name];
      }
      if (index !== this.primary) {
        // The first name is taken by the machine of the target.
        const name = attemptFile("resources", k === 1 ? this.#primary.share.k : k);
        const sealed = this.#others(share, all[index], join(folder, name));
        if (sealed) files[name] = sealed;
      }
      await this.#copyArtifacts(share, all[index], path);
      const log = join(share.root, all[index].path, "command.log");
      if (existsSync(log)) await Deno.copyFile(log, join(folder, k === 1 ? "command.log" : `command.${k}.log`));
    }
    return this.#seal(part, { path, folder, files }, all.map(({ seal }) => seal!));
  }

  #seal(
    part: Part,
    { path, folder, files }: { path: string; folder: string; files: Record<string, FileSeal> },
    seals: AttemptSeal[],
  ): AttemptSeal["state"] {
    const { level, replicate, discarded } = part.replicate!;
    const { share: _, ...own } = seals[this.primary];
    const state = seals.some((seal) => seal.state === "failing") ? "failing" : "complete";
    const window = {
      from_ms: Math.max(...seals.map(({ window }) => window.from_ms)),
      to_ms: Math.min(...seals.map(({ window }) => window.to_ms)),
    };
    this.directory.seal(folder, { ...own, attempt: 1, state, window, shares: seals.map(({ share }) => share!), files });
    const id = { level, replicate, attempt: 1, path };
    const agents = attemptFiles(files, "events").length;
    this.directory.note({ event: "attempt_started", ...id, ...(discarded ? { discarded } : {}), agents });
    const reasons = this.shares.flatMap(({ manifest, share }) => {
      const line = manifest.findLast((line) => line.event === "attempt_complete" && line.path.startsWith(part.name));
      return line?.event === "attempt_complete" && line.reason ? `share ${share.k}: ${line.reason}` : [];
    });
    const reason = reasons.length > 0 ? { reason: reasons.join("; ") } : {};
    this.directory.note({ event: "attempt_complete", ...id, state, ...reason });
    return state;
  }

  /** What another machine used for the sessions that it drove, and whether it was full. */
  #others(share: ShareRun, attempt: FoundAttempt, to: string): FileSeal | undefined {
    const { machine } = share.share;
    // Shares on one machine have its rows once.
    const isSame = machine !== undefined && machine === this.#primary.share.machine;
    const groups = isSame ? ["generator", "browser"] : ["generator", "browser", "system"];
    const rows = rowsOf(share, attempt).filter(({ group }) => groups.includes(group));
    if (rows.length === 0) return undefined;
    const recorder = new Recorder(to);
    for (const { seq: _, ...row } of rows) recorder.add({ ...row, share: share.share.k });
    return recorder.close();
  }

  /** Copies a sealed file as it is, and looks once more that it is. */
  async #copy({ root, given }: ShareRun, { path, seal }: FoundAttempt, name: string, to: string): Promise<void> {
    const hash = createHash("sha256");
    using file = await Deno.open(to, { createNew: true, write: true, mode: 0o600 });
    for await (const chunk of (await Deno.open(join(root, path, name))).readable) {
      hash.update(chunk);
      // A full disk shows as a short count before it shows as an error.
      for (let written = 0; written < chunk.length;) written += file.writeSync(chunk.subarray(written));
    }
    file.syncSync();
    if (hash.digest("hex") === seal!.files[name].sha256) return;
    throw new InputError("RUN", given, `files that nobody changes meanwhile: ${path}/${name} is not what was sealed`);
  }

  async #copyArtifacts({ root }: ShareRun, { path }: FoundAttempt, to: string): Promise<void> {
    const from = join(root, "artifacts", path);
    if (!existsSync(from)) return;
    const folder = this.directory.folder("artifacts", to);
    for await (const { name, isFile } of Deno.readDir(from)) {
      if (isFile) await Deno.copyFile(join(from, name), join(folder, name));
    }
  }

  #provenance(): Provenance {
    const { share: _, ...own } = this.#primary.provenance;
    const shares = this.shares.map(({ share, provenance }, index): ShareProvenance => {
      const { plimsoll_version, deno_version, git_revision, os, kernel, cpu_model, vcpus } = provenance;
      const { memory_bytes, cgroup_limits, time_source, sampler, browser } = provenance;
      const machine = { os, kernel, cpu_model, vcpus, memory_bytes, cgroup_limits, time_source, sampler };
      return {
        ...share,
        sampled_target: index === this.primary,
        plimsoll_version,
        deno_version,
        git_revision,
        ...machine,
        ...(browser ? { browser } : {}),
      };
    });
    return { ...own, shares };
  }
}
