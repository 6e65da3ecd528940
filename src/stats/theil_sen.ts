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
 * @param series Each of points `[x, y]`, ascending x; not changed.
 * @param options Confidence.
 * @returns The slope and its interval.
 * @throws {RangeError} If no series has two points with different x.
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
  const slopes: number[] = [];
  for (const points of series) {
    for (let late = 1; late < points.length; late++) {
      for (let early = 0; early < late; early++) {
        const run = points[late][0] - points[early][0];
        if (run > 0) slopes.push((points[late][1] - points[early][1]) / run);
      }
    }
  }
  if (slopes.length === 0) {
    throw new RangeError(
      "Cannot take a slope as there must be two points with different x in a series: there are none",
    );
  }
  slopes.sort((a, b) => a - b);
  const { variance } = mannKendall(...series.map((points) => points.map(([, y]) => y)));
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt(variance);
  const low = Math.max(0, Math.round((slopes.length - reach) / 2) - 1);
  const high = Math.min(slopes.length - 1, Math.round((slopes.length + reach) / 2));
  const middle = (slopes.length - 1) / 2;
  const slope = (slopes[Math.floor(middle)] + slopes[Math.ceil(middle)]) / 2;
  return { slope, interval: [slopes[low], slopes[high]] };
}
