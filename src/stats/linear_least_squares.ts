import { solveLinear } from "./solve_linear.ts";

/** What {@linkcode linearLeastSquares} found. */
export interface LinearFit {
  /** One a column of the design. */
  coefficients: number[];
  /** `null` without degrees of freedom. */
  standardErrors: number[] | null;
  /** Of the coefficients, `s² (XᵀWX)⁻¹`; empty without degrees of freedom. */
  covariance: number[][];
  /** Σ w (y − Xb)². */
  residualSumOfSquares: number;
  /** Points minus coefficients. */
  degreesOfFreedom: number;
}

/** Settings of {@linkcode linearLeastSquares}. */
export interface LinearOptions {
  /** One a point, the inverse of its error's variance up to a factor; 0 leaves a point out. @default 1 */
  weights?: readonly number[];
}

/**
 * Linear least squares, ordinary or weighted, by QR decomposition: `min Σ w (y − Xb)²`.
 *
 * The product `XᵀX` is never formed: that would halve the digits.
 *
 * Checked against NIST StRD linear regression, `test/certified/nist-linear/`, and R's `lm`, `test/certified/worked/b1-linear.json`.
 *
 * @param design One row a point, one column a coefficient; put a column of ones for an intercept.
 * @param y One value a point.
 * @param options Weights.
 * @returns Coefficients with standard errors, in the order of the columns.
 * @throws {RangeError} If there are fewer points than coefficients, a number is not finite, or the columns do not determine the
 * coefficients.
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
export function linearLeastSquares(
  design: readonly (readonly number[])[],
  y: readonly number[],
  options: LinearOptions = {},
): LinearFit {
  const { weights } = options;
  const columns = design[0]?.length ?? 0;
  const rows = design.length;
  if (columns === 0 || rows < columns || rows !== y.length || (weights && rows !== weights.length)) {
    throw new RangeError(
      `Cannot fit as every coefficient must have a point, and every point a value: current value is ${rows} points, ${y.length} values, ${columns} coefficients`,
    );
  }
  const matrix = new Float64Array(rows * columns);
  const right = new Float64Array(rows);
  let used = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights?.[i] ?? 1;
    if (!(weight >= 0)) throw new RangeError(`Cannot fit as weights must not be negative: current value is ${weight}`);
    const root = Math.sqrt(weight);
    if (root > 0) used++;
    right[i] = usable(y[i] * root);
    for (let j = 0; j < columns; j++) matrix[j * rows + i] = usable(design[i][j] * root);
  }
  const solution = solveLinear(matrix, right, columns);
  if (!solution) {
    throw new RangeError("Cannot fit as the columns must be linearly independent: current value is a singular design");
  }
  const coefficients = [...solution.coefficients];
  let residualSumOfSquares = 0;
  for (let i = 0; i < rows; i++) {
    let residual = y[i];
    for (let j = 0; j < columns; j++) residual -= design[i][j] * coefficients[j];
    residualSumOfSquares += (weights?.[i] ?? 1) * residual * residual;
  }
  const degreesOfFreedom = used - columns;
  let covariance: number[][] = [];
  if (degreesOfFreedom > 0) {
    const variance = residualSumOfSquares / degreesOfFreedom;
    covariance = coefficients.map((_, i) => coefficients.map((_, j) => variance * solution.inverse[i * columns + j]));
  }
  return {
    coefficients,
    standardErrors: degreesOfFreedom > 0 ? covariance.map((row, i) => Math.sqrt(row[i])) : null,
    covariance,
    residualSumOfSquares,
    degreesOfFreedom,
  };
}

function usable(value: number): number {
  if (Math.abs(value) <= 1e150) return value;
  throw new RangeError(`Cannot fit as all numbers must be finite and at most 1e150: current value is ${value}`);
}
