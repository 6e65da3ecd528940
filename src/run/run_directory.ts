import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { AttemptSeal, ManifestLine, Provenance } from "../schema/run.ts";
import { diskSpace, inMegabytes } from "./guards.ts";

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
    try {
      const manifest = join(path, "manifest.jsonl");
      this.#manifest = Deno.openSync(manifest, { create: true, append: true, mode: 0o600 });
      // A line that a crash cut off must not swallow the next one.
      if (![undefined, 0x0a].includes(lastByte(manifest))) this.#write("\n");
    } catch (error) {
      lock.close();
      throw error;
    }
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
      const lock = locked(path, "--out");
      // Somebody may have begun one here since the folder was checked.
      if (present(join(path, "plan.json"))) {
        lock.close();
        throw new InputError("--out", path, "a new folder: this one holds a run");
      }
      return new RunDirectory(path, lock);
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError("--out", path, `a folder that can be made (${(error as Error).message})`);
    }
  }

  /**
   * Locks a run directory that is there, to go on with it.
   *
   * @throws {InputError} If there is none, or somebody is writing to it.
   * @throws {Error} With the `code` of the operating system, if it may not be written to.
   */
  static open(path: string): RunDirectory {
    if (!present(join(path, "plan.json"))) throw new InputError("RUN", path, "the folder of a run that has begun");
    return new RunDirectory(path, locked(path, "RUN"));
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
    this.#write(JSON.stringify({ at: new Date().toISOString(), ...line }) + "\n");
  }

  /** Writes `COMPLETE.json` so that it is there whole or not at all. Its rows are on disk before. */
  seal(folder: string, seal: AttemptSeal): void {
    writeWhole(join(folder, "COMPLETE.json"), seal);
  }

  /** Writes a JSON document whole or not at all, replacing one that is there. */
  writeJson(name: string, value: unknown): void {
    writeWhole(join(this.path, name), value);
  }

  close(): void {
    this.#manifest.close();
    this.lock.close();
  }

  #write(text: string): void {
    writeAll(this.#manifest, text);
    this.#manifest.syncDataSync();
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
export async function checkOut(out: string, field = "--out"): Promise<void> {
  if (out.includes("\0")) throw new InputError(field, out, "a path without NUL");
  const path = resolve(out);
  // The agents' permission to write is a list of paths with commas between them.
  if (path.includes(",")) throw new InputError(field, out, "a path without commas");
  if (isLink(path)) throw new InputError(field, out, "the folder itself: this is a link, which may change meanwhile");
  let entries: string[] | undefined;
  try {
    entries = [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch (error) {
    if (present(path)) {
      const isFile = error instanceof Deno.errors.NotADirectory;
      throw new InputError(field, out, isFile ? "a folder: this is a file" : "a folder that may be read and written");
    }
  }
  if (entries?.includes("manifest.jsonl") || entries?.includes("plan.json")) {
    throw new InputError(
      field,
      out,
      `a new folder: this one holds a run. To go on with that: deno task plimsoll resume ${out}`,
    );
  }
  if (entries && entries.length > 0) {
    throw new InputError(field, out, "a new or empty folder: this one holds other files");
  }
  const folder = entries ? path : nearestFolder(path);
  await checkWritable(folder, out, field);
  await checkSpace(folder, field);
}

/**
 * Checks that the disk of a folder has more than what a sweep leaves alone.
 *
 * @param field what the user gave, for the message.
 * @throws {InputError} If it has not.
 */
export async function checkSpace(folder: string, field: string): Promise<void> {
  const { free_bytes, reserve_bytes } = await diskSpace(folder);
  if (free_bytes >= reserve_bytes) return;
  const remedy = `a folder on a disk with more than ${inMegabytes(reserve_bytes)} free: this one has ${
    inMegabytes(free_bytes)
  }`;
  throw new InputError(field, folder, remedy);
}

/**
 * Reads the manifest of a run; lines that a crash broke are left out.
 *
 * @returns the lines in order; none where there is no manifest.
 */
export function readManifest(path: string): ManifestLine[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(join(path, "manifest.jsonl"));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

function nearestFolder(path: string): string {
  let at = dirname(path);
  while (at !== dirname(at) && !present(at)) at = dirname(at);
  return at;
}

async function checkWritable(folder: string, out: string, field: string): Promise<void> {
  const remedy = `a folder in a place that you may write to: ${folder} is not`;
  try {
    if (!Deno.statSync(folder).isDirectory) throw new InputError(field, out, remedy);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(field, out, remedy);
  }
  // These say yes to root and then no to every file.
  if (/^\/(proc|sys)(\/|$)/.test(folder)) throw new InputError(field, out, remedy);
}

function isLink(path: string): boolean {
  return present(path) && Deno.lstatSync(path).isSymlink;
}

function present(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function locked(path: string, field: string): Deno.FsFile {
  const lock = Deno.openSync(join(path, "lock"), { create: true, write: true, mode: 0o600 });
  if (lock.tryLockSync(true)) return lock;
  lock.close();
  throw new InputError(field, path, "another folder: a sweep is writing to this one");
}

function lastByte(path: string): number | undefined {
  const size = Deno.statSync(path).size;
  if (size === 0) return undefined;
  using file = Deno.openSync(path);
  file.seekSync(size - 1, Deno.SeekMode.Start);
  const byte = new Uint8Array(1);
  file.readSync(byte);
  return byte[0];
}

function writeAll(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  // A full disk shows as a short count before it shows as an error.
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/** Written aside, synced, then renamed: a crash or a full disk leaves the old document, or none. */
function writeWhole(path: string, value: unknown): void {
  const file = Deno.openSync(`${path}.tmp`, { create: true, truncate: true, write: true, mode: 0o600 });
  try {
    writeAll(file, JSON.stringify(value, null, 2) + "\n");
    file.syncSync();
  } finally {
    file.close();
  }
  Deno.renameSync(`${path}.tmp`, path);
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  const folder = Deno.openSync(path, { read: true });
  folder.syncSync();
  folder.close();
}
