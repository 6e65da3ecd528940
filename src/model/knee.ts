import type { Curve, LevelPoint } from "./curve.ts";

/**
 * The knee of the bottleneck law, `min(λN, limit)`: as much as the sessions ask for, until something is full.
 *
 * Least squares on the logarithm are means on either side of the knee, so the search starts from the best split itself.
 *
 * Source: P. J. Denning, J. P. Buzen, The Operational Analysis of Queueing Network Models (1978), asymptotic bounds.
 *
 * @example Full at ten sessions
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const at = (sessions: number) => curveByName("knee").value(sessions, [2, 20]);
 * assert.deepEqual([at(5), at(10), at(40)], [10, 20, 20]);
 * ```
 */
export const knee: Curve = {
  name: "knee",
  formula: "min(λN, limit)",
  parameters: ["lambda", "limit"],
  bounds: [[0, Infinity], [0, Infinity]],
  value: (sessions, [lambda, limit]) => Math.min(lambda * sessions, limit),
  gradient: (sessions, [lambda, limit]) => lambda * sessions < limit ? [sessions, 0] : [0, 1],
  start: (points: readonly LevelPoint[]) => {
    const sorted = points.toSorted((a, b) => a.sessions - b.sessions);
    // Every split, or of very many levels one in so many: trying all would take the square of their number.
    const stride = Math.ceil(sorted.length / MOST_SPLITS);
    const splits = sorted.slice(1).map((_, index) => index + 1).filter((count) => count % stride === 0)
      .map((count) => split(sorted, count));
    return splits.reduce((best, next) => misfit(next, sorted) < misfit(best, sorted) ? next : best);
  },
};

const MOST_SPLITS = 200;

/** The first `count` points rise, the others are full. */
function split(points: readonly LevelPoint[], count: number): [number, number] {
  const rising = points.slice(0, count).map(({ sessions, value }) => Math.log(value / sessions));
  const full = points.slice(count).map(({ value }) => Math.log(value));
  return [Math.exp(mean(rising)), Math.exp(mean(full))];
}

function misfit(parameters: readonly number[], points: readonly LevelPoint[]): number {
  return points.reduce((sum, { sessions, value }) => sum + Math.log(knee.value(sessions, parameters) / value) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
