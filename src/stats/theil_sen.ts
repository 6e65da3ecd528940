import { checkValues } from "./check_values.ts";
import { inversions } from "./inversions.ts";
import { mannKendall } from "./mann_kendall.ts";
import { normalQuantile } from "./normal.ts";

/** A slope that outliers do not bend. */
export interface RobustSlope {
  /** Median of the slopes of all pairs [y a unit of x]. */
  slope: number;
  /** Of the slope. */
  interval: [number, number];
}

/** Settings of {@linkcode theilSen}. */
export interface TheilSenOptions {
  /**
   * Confidence of the interval, 0–1.
   * @default 0.95
   */
  level?: number;
}

/**
 * Slope of one or more series by the median of the slopes of all pairs; pairs are taken within a series only. Up to 29 % of the
 * values may be wild without harm.
 *
 * The interval's ends are the slopes whose ranks are (m ± z·√v)/2 of m pairs, v the variance of Kendall's score.
 *
 * Source: P. K. Sen, Journal of the American Statistical Association 63 (1968) 1379–1389, with ranks rounded as
 * `scipy.stats.theilslopes` does. Checked against `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param series Each of points `[x, y]`, in any order; not changed.
 * @param options Confidence.
 * @returns The slope and its interval.
 * @throws {RangeError} If no series has two points with different x, or a number is not finite.
 *
 * @example A line with one outlier
 * ```ts
 * import { theilSen } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [0, 1, 2, 3, 4, 5, 6].map((x): [number, number] => [x, x === 3 ? 100 : 2 * x]);
 * assert.equal(theilSen([points]).slope, 2);
 * ```
 */
export function theilSen(
  series: readonly (readonly (readonly [x: number, y: number])[])[],
  options: TheilSenOptions = {},
): RobustSlope {
  const { level = 0.95 } = options;
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot take a slope as the level must be between 0 and 1: current value is ${level}`);
  }
  for (const points of series) for (const point of points) checkValues(point, "take a slope");
  // Of points with the same x the lower one comes first: they then never count as falling.
  const sorted = series.map((points) => points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
  const pairs = sorted.reduce((sum, points) => sum + pairsOf(points), 0);
  if (pairs === 0) {
    throw new RangeError(
      "Cannot take a slope as there must be two points with different x in a series: there are none",
    );
  }
  const at = pairs <= MOST_LISTED ? listed(sorted) : counted(sorted);
  const { variance } = mannKendall(...sorted.map((points) => points.map(([, y]) => y)));
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt(variance);
  const low = Math.max(0, Math.round((pairs - reach) / 2) - 1);
  const high = Math.min(pairs - 1, Math.round((pairs + reach) / 2));
  const middle = (pairs - 1) / 2;
  const slope = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { slope, interval: [at(low), at(high)] };
}

type Points = readonly (readonly [x: number, y: number])[];

/** More slopes than these are not listed, but counted: 100,000 points have 5·10⁹. */
const MOST_LISTED = 2_000_000;

function pairsOf(points: Points): number {
  let pairs = points.length * (points.length - 1) / 2;
  for (let from = 0, to = 0; from < points.length; from = to) {
    while (to < points.length && points[to][0] === points[from][0]) to++;
    pairs -= (to - from) * (to - from - 1) / 2;
  }
  return pairs;
}

/** The slope of each rank, from 0, by sorting all. */
function listed(series: readonly Points[]): (rank: number) => number {
  const slopes: number[] = [];
  for (const points of series) {
    for (let late = 1; late < points.length; late++) {
      for (let early = 0; early < late; early++) {
        const run = points[late][0] - points[early][0];
        if (run > 0) slopes.push((points[late][1] - points[early][1]) / run);
      }
    }
  }
  const sorted = Float64Array.from(slopes).sort();
  return (rank) => sorted[rank];
}

/**
 * The slope of each rank, by search: pairs whose slope is less than s are those that fall in y − s·x. Good to 12 digits.
 *
 * Source: R. Cole, J. S. Salowe, W. L. Steiger, E. Szemerédi, SIAM Journal on Computing 18 (1989) 792–810, for the counting.
 */
function counted(series: readonly Points[]): (rank: number) => number {
  const parts = series.map((points) => ({
    points,
    values: new Float64Array(points.length),
    spare: new Float64Array(points.length),
  }));
  const countBelow = (slope: number) => {
    let count = 0;
    for (const { points, values, spare } of parts) {
      for (let i = 0; i < values.length; i++) values[i] = points[i][1] - slope * points[i][0];
      count += inversions(values, spare);
    }
    return count;
  };
  // No pair is steeper than the steepest of neighbours; within a place points are sorted by y.
  let [least, most, run, size] = [Infinity, -Infinity, 0, 0];
  for (const points of series) {
    for (let before = 0, from = 0, to = 0; from < points.length; before = from, from = to) {
      while (to < points.length && points[to][0] === points[from][0]) to++;
      if (from === 0) continue;
      const step = points[from][0] - points[before][0];
      least = Math.min(least, (points[from][1] - points[from - 1][1]) / step);
      most = Math.max(most, (points[to - 1][1] - points[before][1]) / step);
    }
    if (points.length > 0) run = Math.max(run, points[points.length - 1][0] - points[0][0]);
    for (const [, y] of points) size = Math.max(size, Math.abs(y));
  }
  // Slopes nearer than this are one and the same to the values that they are counted by.
  const rounding = 2 * Number.EPSILON * size / run;
  return (rank) => {
    let [low, high, below, above] = [least, most, -rank - 0.5, Infinity];
    // Secants, with halving where an end does not move (the Illinois method), and bisection every third step.
    for (let step = 0, side = 0; step < 200; step++) {
      const width = high - low;
      if (!(width > Math.max(rounding, 1e-13 * Math.max(Math.abs(low), Math.abs(high))))) break;
      const secant = low - below * width / (above - below);
      const middle = step % 3 === 0 || !(secant > low && secant < high) ? low + width / 2 : secant;
      if (middle === low || middle === high) break;
      const miss = countBelow(middle) - rank - 0.5;
      if (miss < 0) {
        [low, below] = [middle, miss];
        if (side < 0) above /= 2;
        side = -1;
      } else {
        [high, above] = [middle, miss];
        if (side > 0) below /= 2;
        side = 1;
      }
    }
    const found = low + (high - low) / 2;
    return Math.abs(found) < 8 * rounding ? 0 : found;
  };
}
