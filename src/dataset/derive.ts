import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import pl from "nodejs-polars";
import type { DataFrame } from "./data_frame.ts";
import { DERIVED, type DerivedAttempt, type DerivedAttempts, derivedFile } from "./read_derived.ts";
import { type FoundAttempt, readSeal } from "./read_part.ts";

/** What is read at once [rows of requests]: as many as Polars writes as one group, so that no group is unpacked twice. */
const BATCH_ROWS = 512 ** 2;
const FRAMES = ["requests", "resources"] as const;
const STAMP = "rows_seals.json";

/** `derived/rows_seals.json`: of which rows the derived files are. */
interface Stamp {
  schema: "plimsoll.derived/1";
  /** The attempts' folders that there were. */
  parts: string[][];
  /** What was found in them. */
  found: FoundAttempt[][];
  /** Of the files that were sealed, by path [bytes]: one that was added to is another. */
  sizes: Record<string, number>;
  /** Attempts in the order of their rows. */
  order: { path: string; requests: number; resources: number }[];
  /** The derived files. */
  files: Record<string, { bytes: number; sha256: string }>;
}

/** A run as it was found, and frames of all its rows. */
export interface DerivableRun {
  root: string;
  parts: string[][];
  found: FoundAttempt[][];
  /** Paths of attempts, in the order of their rows in the frames. */
  order: string[];
  requests: DataFrame;
  resources: DataFrame;
}

/**
 * Writes the frames of a run as Parquet, and of which seals they are.
 *
 * @returns the paths of the files.
 */
export async function writeDerived(run: DerivableRun): Promise<string[]> {
  const { root, parts, found, order } = run;
  await mkdir(join(root, "derived"), { recursive: true, mode: 0o700 });
  // Whoever reads meanwhile takes no new file for one of old rows.
  await rm(derivedFile(root, STAMP), { force: true });
  const files: Stamp["files"] = {};
  const paths: string[] = [];
  for (const kind of FRAMES) {
    const path = derivedFile(root, DERIVED[kind]);
    run[kind].writeParquet(`${path}.tmp`, { compression: "zstd" });
    await chmod(`${path}.tmp`, 0o600);
    await rename(`${path}.tmp`, path);
    files[DERIVED[kind]] = { bytes: statSync(path).size, sha256: hashOf(path) };
    paths.push(path);
  }
  const counts = Object.fromEntries(FRAMES.map((kind) => [kind, rowsByAttempt(run[kind])]));
  const stamp: Stamp = {
    schema: "plimsoll.derived/1",
    parts,
    found: found.map((part) => part.map((each) => each.kind === "used" ? { ...each, reduced: undefined } : each)),
    sizes: sizesOf(root, found),
    order: order.map((path) => {
      const seal = found.flat().find((each) => each.path === path && each.kind === "used");
      if (seal?.kind !== "used") throw new Error(`Cannot derive ${path} as it was not found`);
      const key = keyOf(seal.seal);
      return { path, requests: counts.requests.get(key) ?? 0, resources: counts.resources.get(key) ?? 0 };
    }),
    files,
  };
  await writeFile(derivedFile(root, `${STAMP}.tmp`), JSON.stringify(stamp), { mode: 0o600 });
  await rename(derivedFile(root, `${STAMP}.tmp`), derivedFile(root, STAMP));
  return paths;
}

/** Derived files that are of the rows that are sealed now. */
export interface Derived {
  /** What was found when they were derived. */
  found: FoundAttempt[][];
  tasks: DerivedAttempts[];
  /** Hashes the files: whether they are what was derived. */
  isWhole: () => boolean;
}

/**
 * The derived files of a run, if they match its seals.
 *
 * The rows' own files are not hashed again: that they are as long as they were must do. Whoever doubts the disk removes `derived/`.
 *
 * @param root the run directory.
 * @param parts the attempts' folders that there are.
 */
export function openDerived(root: string, parts: string[][]): Derived | undefined {
  const path = derivedFile(root, STAMP);
  if (!existsSync(path)) return undefined;
  try {
    const stamp: Stamp = JSON.parse(readFileSync(path, "utf8"));
    const { found, files } = stamp;
    const used = found.flat().filter((each) => each.kind === "used");
    const matches = stamp.schema === "plimsoll.derived/1" && isDeepStrictEqual(stamp.parts, parts) &&
      used.every((each) => isDeepStrictEqual(readSeal(join(root, each.path)), each.seal)) &&
      isDeepStrictEqual(sizesOf(root, found), stamp.sizes) &&
      Object.entries(files).every(([name, { bytes }]) => statSync(derivedFile(root, name)).size === bytes);
    if (!matches) return undefined;
    const byPath = new Map(used.map((each) => [each.path, each]));
    const attempts = stamp.order.map(({ path, ...rows }) => ({ found: byPath.get(path)!, ...rows }));
    return {
      found,
      tasks: batches(attempts),
      isWhole: () => Object.entries(files).every(([name, { sha256 }]) => hashOf(derivedFile(root, name)) === sha256),
    };
  } catch {
    // Whatever is wrong with them: they can be derived again.
    return undefined;
  }
}

/** A frame of the derived files. */
export function derivedFrame(root: string, kind: typeof FRAMES[number]): DataFrame {
  return pl.readParquet(derivedFile(root, DERIVED[kind]));
}

function batches(attempts: DerivedAttempt[]): DerivedAttempts[] {
  const found: DerivedAttempts[] = [];
  const before = { requests: 0, resources: 0 };
  let rows = Infinity;
  for (const attempt of attempts) {
    if (rows >= BATCH_ROWS) {
      found.push({ attempts: [], before: { ...before } });
      rows = 0;
    }
    found.at(-1)!.attempts.push(attempt);
    rows += attempt.requests;
    for (const kind of FRAMES) before[kind] += attempt[kind];
  }
  return found;
}

function sizesOf(root: string, found: readonly FoundAttempt[][]): Record<string, number> {
  return Object.fromEntries(
    found.flat().flatMap((each) =>
      each.kind === "unused" ? [] : Object.keys(each.seal.files).map((name) => {
        const file = join(each.path, basename(name));
        return [file, statSync(join(root, file)).size];
      })
    ),
  );
}

function keyOf(of: { level: number; replicate: number; attempt: number }): string {
  return `${of.level} ${of.replicate} ${of.attempt}`;
}

function rowsByAttempt(frame: DataFrame): Map<string, number> {
  if (frame.height === 0) return new Map();
  const keys = ["level", "replicate", "attempt"];
  const counts = frame.lazy().groupBy(keys).agg(pl.len().alias("rows")).collectSync().toRecords();
  return new Map(counts.map((row) => [keyOf(row as Parameters<typeof keyOf>[0]), Number(row.rows)]));
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
