import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { InputError } from "../schema/input_error.ts";
import type { FitPoint } from "../schema/fit.ts";

/** Which columns of a file are what. */
export interface PointColumns {
  /** Concurrency [sessions]. */
  x: string;
  /** The metric; all other columns of numbers if left out. */
  y?: string;
  /** Number of the replicate; counted within a level if left out. */
  replicate?: string;
}

/**
 * Reads the points of a sweep that something else measured: a CSV file with a header, one row a level and replicate.
 *
 * @param path the file.
 * @param columns which column is what.
 * @returns points by name of the metric, in the order of the columns. Empty cells are left out.
 * @throws {InputError} If the file, a column or a cell is not right.
 *
 * @example
 * ```ts
 * import { readPoints } from "./read_points.ts";
 * import assert from "node:assert/strict";
 *
 * const path = Deno.makeTempFileSync({ suffix: ".csv" });
 * Deno.writeTextFileSync(path, "sessions,target_cores\n1,0.1\n2,0.2\n2,0.21\n");
 * const { target_cores } = readPoints(path, { x: "sessions" });
 * assert.deepEqual(target_cores[2], { level: 2, sessions: 2, value: 0.21, replicate: 2 });
 * Deno.removeSync(path);
 * ```
 */
export function readPoints(path: string, { x, y, replicate }: PointColumns): Record<string, FitPoint[]> {
  const rows = readRows(path);
  const names = Object.keys(rows[0]);
  const wanted = (field: string, name: string) => {
    if (!names.includes(name)) throw new InputError(field, name, `one of the columns of ${path}: ${names.join(", ")}`);
  };
  wanted("--x", x);
  if (y !== undefined) wanted("--y", y);
  if (replicate !== undefined) wanted("--replicate", replicate);
  const metrics = y !== undefined
    ? [y]
    : names.filter((name) => name !== x && name !== replicate && rows.every((row) => isFinite(Number(row[name]))));
  if (metrics.length === 0) {
    throw new InputError("FILE", path, `a file with a column of numbers besides ${x}, or name it with --y`);
  }
  return Object.fromEntries(metrics.map((metric) => {
    const seen = new Map<number, number>();
    return [
      metric,
      rows.flatMap((row, index): FitPoint[] => {
        if (row[metric].trim() === "") return [];
        const cell = (name: string) => number(row[name], { path, line: index + 2, name });
        const sessions = cell(x);
        seen.set(sessions, (seen.get(sessions) ?? 0) + 1);
        return [{
          level: sessions,
          sessions,
          value: cell(metric),
          replicate: replicate === undefined ? seen.get(sessions)! : cell(replicate),
        }];
      }),
    ];
  }));
}

function readRows(path: string): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(path, "utf8"), { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    throw new InputError("FILE", path, `a CSV file with a header (${(error as Error).message.split("\n")[0]})`);
  }
  if (rows.length === 0) throw new InputError("FILE", path, "a CSV file with a header and at least one row");
  return rows;
}

function number(text: string, { path, line, name }: { path: string; line: number; name: string }): number {
  const value = Number(text);
  if (text.trim() !== "" && Math.abs(value) <= 1e150) return value;
  throw new InputError(`${name}, line ${line} of ${path}`, text, "a number, at most 1e150");
}
