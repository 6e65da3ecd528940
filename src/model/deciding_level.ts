/**
 * The level to run next so that a line and a curve can be told apart: the lowest beyond the measured ones at which they part
 * by three times what a level's mean scatters, at most four times the top; twice the top where they do not part.
 *
 * @param top The highest usable level [sessions].
 * @param curves Line and curve, read at some sessions, and the standard deviation of a level's mean on the ln scale.
 * @returns Sessions, whole.
 *
 * @example A line and a square part soon
 * ```ts
 * import { decidingLevel } from "./deciding_level.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(decidingLevel(8, { line: (n) => n, curve: (n) => n + 0.01 * n * n, scatter: 0.03 }), 12);
 * assert.equal(decidingLevel(8, { line: (n) => n, curve: (n) => n, scatter: 0.03 }), 16);
 * ```
 */
export function decidingLevel(
  top: number,
  { line, curve, scatter }: {
    line: (sessions: number) => number;
    curve: (sessions: number) => number;
    scatter: number;
  },
): number {
  // Even exact data differ by a per cent from one day to the next.
  const least = 3 * Math.max(scatter, 0.01);
  return [1.5 * top, 2 * top, 3 * top, 4 * top].map(Math.ceil)
    .find((level) => Math.abs(Math.log(curve(level) / line(level))) >= least) ?? Math.ceil(2 * top);
}
