import { checkValues } from "./check_values.ts";
import { inversions } from "./inversions.ts";
import { normalCdf } from "./normal.ts";

/** Whether series rise or fall. */
export interface Trend {
  /** Pairs that rise minus pairs that fall. */
  score: number;
  /** Of the score, if there were no trend; ties allowed for. */
  variance: number;
  /** Score in standard deviations, corrected by 1 for continuity. */
  z: number;
  /** Of a score as far from 0 or farther without a trend, either side. */
  p: number;
}

/**
 * Tests whether one or more series rise or fall, by the order of their values alone.
 *
 * Several series are tested together: values are compared within a series only, so that series on different scales (a level
 * each) add up to one test (the seasonal Kendall test).
 *
 * Source: M. G. Kendall, Rank Correlation Methods (1975); several series: R. M. Hirsch, J. R. Slack, R. A. Smith, Water Resources
 * Research 18 (1982) 107–121. Checked against `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param series Each in time order; independent values, so batch means where neighbours are correlated.
 * @throws {RangeError} If a number is not finite.
 * @returns The test; p = 1 where no two values can be compared. The normal approximation holds from about 10 pairs on.
 *
 * @example Two series that rise
 * ```ts
 * import { mannKendall } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { score, p } = mannKendall([1, 2, 3, 5], [70, 71, 75, 80]);
 * assert(score === 12 && p < 0.01);
 * ```
 */
export function mannKendall(...series: (readonly number[])[]): Trend {
  let [score, variance] = [0, 0];
  for (const values of series) {
    checkValues(values, "test a trend");
    const n = values.length;
    const sorted = Float64Array.from(values);
    const falling = inversions(sorted, new Float64Array(n));
    let [tied, spreads] = [0, spread(n)];
    for (let from = 0, to = 0; from < n; from = to) {
      while (to < n && sorted[to] === sorted[from]) to++;
      tied += (to - from) * (to - from - 1) / 2;
      spreads -= spread(to - from);
    }
    score += n * (n - 1) / 2 - tied - 2 * falling;
    variance += spreads;
  }
  const z = variance === 0 ? 0 : (score - Math.sign(score)) / Math.sqrt(variance);
  return { score, variance, z, p: Math.min(1, 2 * normalCdf(-Math.abs(z))) };
}

function spread(count: number): number {
  return count * (count - 1) * (2 * count + 5) / 18;
}
