import { Matrix, QrDecomposition, solve } from "ml-matrix";

/**
 * Covariance of least-squares estimates, `s² (JᵀJ)⁻¹`, from a QR decomposition of the scaled Jacobian.
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
  const size = jacobian[0]?.length ?? 0;
  if (size === 0 || jacobian.length < size || !jacobian.every((row) => row.every(Number.isFinite))) return [];
  const scale = Array.from({ length: size }, (_, j) => Math.hypot(...jacobian.map((row) => row[j])));
  if (scale.some((norm) => norm === 0)) return [];
  const scaled = new Matrix(jacobian.map((row) => row.map((value, j) => value / scale[j])));
  const r = new QrDecomposition(scaled).upperTriangularMatrix.subMatrix(0, size - 1, 0, size - 1);
  // Columns have length 1 here, so the diagonal of R says how much of each is not explained by the others.
  if (r.diagonal().some((value) => Math.abs(value) < 1e-11)) return [];
  const inverse = solve(r, Matrix.eye(size));
  return inverse.mmul(inverse.transpose()).to2DArray()
    // Adding 0 turns −0 into 0, which JSON would do anyway.
    .map((row, i) => row.map((value, j) => variance * value / (scale[i] * scale[j]) + 0));
}
