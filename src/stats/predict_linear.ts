import type { LinearFit } from "./linear_least_squares.ts";
import { tQuantile } from "./student_t.ts";

/** A linear fit read at one place. */
export interface LinearPrediction {
  /** Of the line there, in the unit of y. */
  value: number;
  /** Of the mean there. */
  standardError: number;
  /** Of the mean there. */
  confidence: [number, number];
  /** Of new runs there. */
  prediction: [number, number];
}

/** Settings of {@linkcode predictLinear}. */
export interface PredictLinearOptions {
  /** Confidence of both intervals, 0–1. @default 0.95 */
  level?: number;
  /** New runs whose mean is predicted. @default 1 */
  runs?: number;
  /** Of one new run, on the scale of the weights that were fitted with. @default 1 */
  weight?: number;
}

/**
 * Reads a linear fit at one row of a design, with an interval for the mean and one for new runs: the variance of the latter is
 * that of the mean plus `s²/(weight·runs)`.
 *
 * Source: N. R. Draper, H. Smith, Applied Regression Analysis (1998), 3.1 and 5.5. Checked against R's `predict`,
 * `test/certified/worked/b1-linear.json`.
 *
 * @param fit From `linearLeastSquares` or `fitLine`, with degrees of freedom.
 * @param row As the rows of the design; of a line `[1, x]`.
 * @param options Confidence, number and weight of new runs.
 * @returns Value and intervals, in the unit of y.
 * @throws {RangeError} If the fit has no degrees of freedom, the row not as many entries as coefficients, or an option is out of range.
 *
 * @example A line at 4
 * ```ts
 * import { fitLine, predictLinear } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { value, confidence } = predictLinear(fitLine([1, 2, 3], [3, 5, 8]), [1, 4]);
 * assert.equal(value.toFixed(6), "10.333333");
 * assert(confidence[0] < value && value < confidence[1]);
 * ```
 */
export function predictLinear(
  fit: LinearFit,
  row: readonly number[],
  options: PredictLinearOptions = {},
): LinearPrediction {
  const { level = 0.95, runs = 1, weight = 1 } = options;
  const { coefficients, covariance, degreesOfFreedom, residualSumOfSquares } = fit;
  if (row.length !== coefficients.length || !row.every(Number.isFinite)) {
    throw new RangeError(
      `Cannot predict as there must be one finite entry a coefficient: current value is ${row} for ${coefficients.length}`,
    );
  }
  if (degreesOfFreedom < 1) {
    throw new RangeError(
      `Cannot predict as there must be more points than coefficients: current value is ${degreesOfFreedom} more`,
    );
  }
  if (!(level > 0 && level < 1 && runs > 0 && weight > 0)) {
    throw new RangeError(
      `Cannot predict as the level must be between 0 and 1, runs and weight positive: current value is ${level}, ${runs}, ${weight}`,
    );
  }
  const value = row.reduce((sum, entry, j) => sum + entry * coefficients[j], 0);
  const variance = row.reduce(
    (sum, left, i) => sum + row.reduce((part, right, j) => part + left * covariance[i][j] * right, 0),
    0,
  );
  const standardError = Math.sqrt(Math.max(0, variance));
  const multiple = tQuantile((1 + level) / 2, degreesOfFreedom);
  const own = Math.sqrt(residualSumOfSquares / degreesOfFreedom / (weight * runs));
  const around = (error: number): [number, number] => [value - multiple * error, value + multiple * error];
  return {
    value,
    standardError,
    confidence: around(standardError),
    prediction: around(Math.hypot(standardError, own)),
  };
}
