import { checkValues } from "./check_values.ts";
import { tQuantile } from "./student_t.ts";

/** The mean of a series, with an error that allows for correlation. */
export interface BatchMeans {
  /** Means of the batches, in order. */
  means: number[];
  /** Their mean. */
  estimate: number;
  /** Of the estimate. */
  standard_error: number;
  /** Of the mean, by t with batches − 1 degrees of freedom. */
  interval: [number, number];
}

/** Settings of {@linkcode batchMeans}. */
export interface BatchMeansOptions {
  /**
   * Number of batches, at least 2.
   * @default 10
   */
  batches?: number;
  /**
   * Confidence of the interval, 0–1.
   * @default 0.95
   */
  level?: number;
}

/**
 * Cuts a series into batches of equal length, whose means are nearly independent where a batch is longer than the series'
 * memory. Values at the end that fill no batch are left out.
 *
 * Source: A. M. Law, Simulation Modeling and Analysis, section 9.5.3. Checked against
 * `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param values Measurements in time order, warm-up left out, at least one a batch.
 * @param options Number of batches, confidence.
 * @returns The means, and their mean with its error.
 * @throws {RangeError} If there are fewer values than batches, fewer than 2 batches, or a number is not finite.
 *
 * @example Two batches
 * ```ts
 * import { batchMeans } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(batchMeans([1, 3, 5, 7, 9], { batches: 2 }).means, [2, 6]);
 * ```
 */
export function batchMeans(values: readonly number[], options: BatchMeansOptions = {}): BatchMeans {
  const { batches = 10, level = 0.95 } = options;
  const length = Math.floor(values.length / batches);
  checkValues(values, "cut into batches");
  if (!(Number.isInteger(batches) && batches >= 2 && length >= 1)) {
    throw new RangeError(
      `Cannot cut ${values.length} values into batches as their number must be from 2 to that: current value is ${batches}`,
    );
  }
  const means = Array.from({ length: batches }, (_, batch) => {
    let sum = 0;
    for (let index = batch * length; index < (batch + 1) * length; index++) sum += values[index];
    return sum / length;
  });
  const estimate = means.reduce((sum, value) => sum + value, 0) / batches;
  const squares = means.reduce((sum, value) => sum + (value - estimate) ** 2, 0);
  const standard_error = Math.sqrt(squares / (batches - 1) / batches);
  const half = tQuantile((1 + level) / 2, batches - 1) * standard_error;
  return { means, estimate, standard_error, interval: [estimate - half, estimate + half] };
}
