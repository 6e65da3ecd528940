import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { AttemptSeal, ManifestLine, Provenance } from "../schema/run.ts";

type Told = ManifestLine extends infer Line ? Line extends ManifestLine ? Omit<Line, "at"> : never : never;

/**
 * The write side of a run directory. Private to its user, held by a lock, appended to and never changed.
 *
 * @example A sweep that ended
 * ```ts ignore
 * import { RunDirectory } from "./run_directory.ts";
 * const run = RunDirectory.create("data/runs/first");
 * run.note({ event: "sweep_complete" });
 * run.close();
 * ```
 */
export class RunDirectory {
  #manifest: Deno.FsFile;

  private constructor(readonly path: string, readonly lock: Deno.FsFile) {
    this.#manifest = Deno.openSync(join(path, "manifest.jsonl"), { create: true, append: true, mode: 0o600 });
  }

  /**
   * Makes a new run directory and locks it.
   *
   * @throws {InputError} If it cannot be made there; {@linkcode checkOut} finds out before.
   */
  static create(path: string): RunDirectory {
    try {
      Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
      Deno.chmodSync(path, 0o700);
      const lock = Deno.openSync(join(path, "lock"), { create: true, write: true, mode: 0o600 });
      if (!lock.tryLockSync(true)) {
        throw new InputError("--out", path, "another folder: a sweep is writing to this one");
      }
      return new RunDirectory(path, lock);
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError("--out", path, `a folder that can be made (${(error as Error).message})`);
    }
  }

  /** Writes the plan and where it came from, before anything is driven. */
  describe(plan: Plan, provenance: Provenance): void {
    this.writeJson("plan.json", plan);
    this.writeJson("provenance.json", provenance);
  }

  /** Makes the folder of an attempt or idle window, and of its artifacts. */
  folder(...parts: string[]): string {
    const path = join(this.path, ...parts);
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Appends a line to the manifest, on disk when this returns. */
  note(line: Told): void {
    const bytes = new TextEncoder().encode(JSON.stringify({ at: new Date().toISOString(), ...line }) + "\n");
    for (let written = 0; written < bytes.length;) written += this.#manifest.writeSync(bytes.subarray(written));
    this.#manifest.syncDataSync();
  }

  /** Writes `COMPLETE.json` so that it is there whole or not at all. Its rows are on disk before. */
  seal(folder: string, seal: AttemptSeal): void {
    const path = join(folder, "COMPLETE.json");
    const file = Deno.openSync(`${path}.tmp`, { create: true, truncate: true, write: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(JSON.stringify(seal, null, 2) + "\n");
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    file.syncSync();
    file.close();
    Deno.renameSync(`${path}.tmp`, path);
    syncFolder(folder);
  }

  /** Writes a JSON document whole or not at all, replacing one that is there. */
  writeJson(name: string, value: unknown): void {
    const path = join(this.path, name);
    Deno.writeTextFileSync(`${path}.tmp`, JSON.stringify(value, null, 2) + "\n", { mode: 0o600 });
    Deno.renameSync(`${path}.tmp`, path);
  }

  close(): void {
    this.#manifest.close();
    this.lock.close();
  }
}

/**
 * Checks that a run may be written to `out`, without writing anything.
 *
 * @throws {InputError} If it holds a run or other files, or its parent is no folder that may be written to.
 *
 * @example Before a sweep
 * ```ts ignore
 * import { checkOut } from "./run_directory.ts";
 * await checkOut("data/runs/first");
 * ```
 */
export async function checkOut(out: string): Promise<void> {
  if (out.includes("\0")) throw new InputError("--out", out, "a path without NUL");
  const path = resolve(out);
  // The agents' permission to write is a list of paths with commas between them.
  if (path.includes(",")) throw new InputError("--out", out, "a path without commas");
  let entries: string[] | undefined;
  try {
    entries = [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch (error) {
    if (present(path)) {
      const isFile = error instanceof Deno.errors.NotADirectory;
      throw new InputError("--out", out, isFile ? "a folder: this is a file" : "a folder that may be read and written");
    }
  }
  if (entries?.includes("manifest.jsonl") || entries?.includes("plan.json")) {
    throw new InputError("--out", out, "a new folder: this one holds a run");
  }
  if (entries && entries.length > 0) {
    throw new InputError("--out", out, "a new or empty folder: this one holds other files");
  }
  await checkWritable(entries ? path : nearestFolder(path), out);
}

function nearestFolder(path: string): string {
  let at = dirname(path);
  while (at !== dirname(at) && !present(at)) at = dirname(at);
  return at;
}

async function checkWritable(folder: string, out: string): Promise<void> {
  const remedy = `a folder in a place that you may write to: ${folder} is not`;
  try {
    if (!Deno.statSync(folder).isDirectory) throw new InputError("--out", out, remedy);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof InputError ? error : new InputError("--out", out, remedy);
  }
  // These say yes to root and then no to every file.
  if (/^\/(proc|sys)(\/|$)/.test(folder)) throw new InputError("--out", out, remedy);
}

function present(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  const folder = Deno.openSync(path, { read: true });
  folder.syncSync();
  folder.close();
}

/** The folder name of a run, for messages. */
export function runName(path: string): string {
  return basename(resolve(path));
}
