import { Matrix, QrDecomposition } from "ml-matrix";
import { covariance } from "./covariance.ts";

/** What {@linkcode linearLeastSquares} found. */
export interface LinearFit {
  /** One a column of the design. */
  coefficients: number[];
  /** `null` without degrees of freedom. */
  standardErrors: number[] | null;
  /** ‖y − Xb‖². */
  residualSumOfSquares: number;
  /** Points minus coefficients. */
  degreesOfFreedom: number;
}

/**
 * Ordinary least squares by QR decomposition with column scaling: `min ‖y − Xb‖²`.
 *
 * Checked against NIST StRD linear regression, `test/certified/nist-linear/`.
 *
 * @param design One row a point, one column a coefficient; put a column of ones for an intercept.
 * @param y One value a point.
 * @returns Coefficients with standard errors, in the order of the columns.
 * @throws {RangeError} If there are fewer points than coefficients, or the columns do not determine the coefficients.
 *
 * @example A line through three points
 * ```ts
 * import { linearLeastSquares } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { coefficients } = linearLeastSquares([[1, 1], [1, 2], [1, 3]], [3, 5, 7]);
 * assert.deepEqual(coefficients.map((value) => value.toFixed(9)), ["1.000000000", "2.000000000"]);
 * ```
 */
export function linearLeastSquares(design: readonly (readonly number[])[], y: readonly number[]): LinearFit {
  const size = design[0]?.length ?? 0;
  if (size === 0 || design.length < size || design.length !== y.length) {
    throw new RangeError(
      `Cannot fit as every coefficient must have a point, and every point a value: current value is ${design.length} points, ${y.length} values, ${size} coefficients`,
    );
  }
  const scale = Array.from({ length: size }, (_, j) => Math.hypot(...design.map((row) => row[j])) || 1);
  const scaled = new Matrix(design.map((row) => row.map((value, j) => value / scale[j])));
  const qr = new QrDecomposition(scaled);
  if (qr.upperTriangularMatrix.diagonal().some((value) => Math.abs(value) < 1e-14)) {
    throw new RangeError("Cannot fit as the columns must be linearly independent: current value is a singular design");
  }
  const coefficients = qr.solve(Matrix.columnVector(y as number[])).to1DArray().map((value, j) => value / scale[j]);
  const residuals = design.map((row, i) => y[i] - row.reduce((sum, value, j) => sum + value * coefficients[j], 0));
  const residualSumOfSquares = residuals.reduce((sum, value) => sum + value * value, 0);
  const degreesOfFreedom = design.length - size;
  const matrix = degreesOfFreedom > 0 ? covariance(design, residualSumOfSquares / degreesOfFreedom) : [];
  return {
    coefficients,
    standardErrors: matrix.length > 0 ? matrix.map((row, i) => Math.sqrt(row[i])) : null,
    residualSumOfSquares,
    degreesOfFreedom,
  };
}
