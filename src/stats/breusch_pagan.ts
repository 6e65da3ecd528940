import { chiSquaredTail } from "./chi_squared.ts";
import { linearLeastSquares } from "./linear_least_squares.ts";

/** Whether errors are alike. */
export interface SpreadTest {
  /** n·R² of the squared residuals on the design. */
  statistic: number;
  /** Coefficients of the design without its first column. */
  degreesOfFreedom: number;
  /** Of a statistic as large or larger, if errors are alike. */
  p: number;
}

/**
 * Tests whether the scatter about a linear fit depends on its design: in load tests, whether errors grow with the load. In the form of
 * Koenker, which does not ask for normal errors.
 *
 * Source: T. S. Breusch, A. R. Pagan, Econometrica 47 (1979) 1287–1294; R. Koenker, Journal of Econometrics 17 (1981) 107–112. Checked
 * against R's `lmtest::bptest`, `test/certified/worked/b1-linear.json`.
 *
 * @param design One row a point; the first column the constant.
 * @param y One a row.
 * @returns p = 1 where all residuals are equally large.
 * @throws {RangeError} As `linearLeastSquares`.
 *
 * @example Scatter that grows
 * ```ts
 * import { breuschPagan } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const x = Array.from({ length: 40 }, (_, i) => i + 1);
 * const { p } = breuschPagan(x.map((at) => [1, at]), x.map((at) => at + (at % 2 ? 0.1 : -0.1) * at));
 * assert(p < 0.001);
 * ```
 */
export function breuschPagan(design: readonly (readonly number[])[], y: readonly number[]): SpreadTest {
  const { coefficients } = linearLeastSquares(design, y);
  const squares = design.map((row, i) => (y[i] - row.reduce((sum, entry, j) => sum + entry * coefficients[j], 0)) ** 2);
  const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
  const total = squares.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const left = total > 0 ? linearLeastSquares(design, squares).residualSumOfSquares : 0;
  const statistic = total > 0 ? squares.length * Math.max(0, 1 - left / total) : 0;
  const degreesOfFreedom = coefficients.length - 1;
  return { statistic, degreesOfFreedom, p: statistic === 0 ? 1 : chiSquaredTail(statistic, degreesOfFreedom) };
}
