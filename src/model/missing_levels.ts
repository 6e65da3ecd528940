import type { FitPoint } from "../schema/mod.ts";
import { levelMeans } from "./level_means.ts";

/** A verdict needs as many usable levels. */
const ENOUGH = 5;

/**
 * Levels to run so that there are five usable ones: doublings from the lowest, then what lies between.
 *
 * Over a level that could not be used there is nothing to measure, so nothing above it is named.
 *
 * @param points Replicates; those with `excluded` count as tried, but not as usable.
 * @returns Ascending; empty where five levels are usable, or none is left under the ceiling.
 *
 * @example Three of five
 * ```ts
 * import { missingLevels } from "./missing_levels.ts";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4].map((n) => ({ level: n, sessions: n, value: n, replicate: 1 }));
 * assert.deepEqual(missingLevels(points), [8, 16]);
 * ```
 */
export function missingLevels(points: readonly FitPoint[]): number[] {
  const means = levelMeans(points);
  const tried = new Set(points.map(({ level }) => level));
  const top = means.reduce((highest, { level }) => Math.max(highest, level), 0);
  const ceiling = points.reduce(
    (lowest, { level, excluded }) => excluded !== undefined && level > top ? Math.min(lowest, level) : lowest,
    Infinity,
  );
  const lowest = means.reduce((least, { level }) => Math.min(least, level), Infinity);
  const doublings = Array.from({ length: 17 }, (_, exponent) => (means.length > 0 ? lowest : 1) * 2 ** exponent);
  const between = doublings.flatMap((level) => [1.5 * level, 1.25 * level, 1.75 * level]).filter(Number.isInteger);
  const untried = [...doublings, ...between].filter((level) => !tried.has(level) && level < ceiling);
  return untried.slice(0, Math.max(0, ENOUGH - means.length)).sort((a, b) => a - b);
}
