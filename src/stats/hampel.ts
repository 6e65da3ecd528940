import { checkValues } from "./check_values.ts";

/** A median absolute deviation of a normal distribution, times this, is its standard deviation. */
const SCALE = 1.4826;

/** Settings of {@linkcode hampel}. */
export interface HampelOptions {
  /**
   * Neighbours on either side.
   * @default 5
   */
  window?: number;
  /**
   * Distance from the neighbours' median from which on a value is called an outlier [robust standard deviations].
   * @default 3
   */
  threshold?: number;
}

/**
 * Names the values of a series that stand out from their neighbours: farther from the median of the neighbours than 3 × 1.4826 ×
 * their median absolute deviation. Of 60 ordinary values it names 4 or 5: something to look at, nothing to leave out.
 *
 * Source: F. R. Hampel, Journal of the American Statistical Association 69 (1974) 383–393. Checked against
 * `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param values Measurements in time order; at the ends there are fewer neighbours.
 * @param options Neighbours, threshold.
 * @returns Positions, from 0, ascending.
 * @throws {RangeError} If a number is not finite, or a setting out of its range.
 *
 * @example One spike
 * ```ts
 * import { hampel } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(hampel([10, 11, 10, 12, 11, 60, 10, 11, 12, 10, 11]), [5]);
 * ```
 */
export function hampel(values: readonly number[], options: HampelOptions = {}): number[] {
  const { window = 5, threshold = 3 } = options;
  if (!(Number.isInteger(window) && window >= 1 && threshold >= 0)) {
    throw new RangeError(
      `Cannot look for outliers as the window must be a whole number from 1, the threshold not negative: current value is ${window}, ${threshold}`,
    );
  }
  checkValues(values, "look for outliers");
  const near = new Float64Array(2 * window + 1);
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const [from, to] = [Math.max(0, index - window), Math.min(values.length, index + window + 1)];
    const count = to - from;
    for (let other = 0; other < count; other++) near[other] = values[from + other];
    const centre = sortedMedian(near, count);
    for (let other = 0; other < count; other++) near[other] = Math.abs(near[other] - centre);
    const spread = SCALE * sortedMedian(near, count);
    if (Math.abs(values[index] - centre) > threshold * spread) found.push(index);
  }
  return found;
}

/** Sorts the first few values, and says which is in the middle: for so few nothing is faster than insertion. */
function sortedMedian(values: Float64Array, count: number): number {
  for (let index = 1; index < count; index++) {
    const value = values[index];
    let place = index;
    for (; place > 0 && values[place - 1] > value; place--) values[place] = values[place - 1];
    values[place] = value;
  }
  const [below, above] = [values[(count - 1) >> 1], values[count >> 1]];
  return below + (above - below) / 2;
}
