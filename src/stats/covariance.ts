import { factorQr, invertNormal } from "./qr.ts";

/** Share of a column that the others must leave unexplained. */
const INDEPENDENT = 1e-11;

/**
 * Covariance of least-squares estimates, `s² (JᵀJ)⁻¹`, from a QR decomposition of the Jacobian.
 *
 * The product `JᵀJ` is never formed: that would halve the digits.
 *
 * @param jacobian One row a point, one column a parameter: the derivative of the fitted value.
 * @param variance Residual variance `s²`.
 * @returns A square matrix, one row a parameter; empty where the points do not determine the parameters.
 *
 * @example A mean of four points with variance 2
 * ```ts
 * import { covariance } from "./covariance.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(covariance([[1], [1], [1], [1]], 2)[0][0].toFixed(12), "0.500000000000");
 * ```
 */
export function covariance(jacobian: readonly (readonly number[])[], variance: number): number[][] {
  const columns = jacobian[0]?.length ?? 0;
  const rows = jacobian.length;
  if (columns === 0 || rows < columns) return [];
  const matrix = new Float64Array(rows * columns);
  const norms = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = jacobian[i][j];
      matrix[j * rows + i] = value;
      norms[j] += value * value;
    }
  }
  const [diagonal, inverse] = [new Float64Array(columns), new Float64Array(columns * columns)];
  factorQr(matrix, rows, columns, diagonal);
  // What is not explained by the other columns; NaN and Infinity fail too.
  if (!diagonal.every((value, j) => Math.abs(value) > INDEPENDENT * Math.sqrt(norms[j]))) return [];
  invertNormal(matrix, rows, columns, diagonal, inverse, new Float64Array(columns * columns));
  // Adding 0 turns −0 into 0, which JSON would do anyway.
  return Array.from(norms, (_, i) => Array.from(norms, (_, j) => variance * inverse[i * columns + j] + 0));
}
