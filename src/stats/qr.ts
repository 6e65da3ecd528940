/**
 * QR decomposition by Householder reflections, in place: no normal equations, which would halve the digits, and no allocation,
 * so that a fit can be done 100,000 times a second.
 *
 * Matrices are stored column by column. After {@linkcode factorQr} the upper triangle above the diagonal holds R, the rest of
 * each column its reflection; R's diagonal stands apart.
 *
 * Source: G. H. Golub, C. F. Van Loan, Matrix Computations, section 5.2.
 *
 * @module
 */

/**
 * Decomposes a matrix.
 *
 * @param matrix `columns` columns of `rows` values each; replaced by its decomposition.
 * @param rows At least as many as columns.
 * @param columns How many.
 * @param diagonal Receives R's diagonal; an entry is 0 where a column depends on those before it.
 */
export function factorQr(matrix: Float64Array, rows: number, columns: number, diagonal: Float64Array): void {
  for (let k = 0; k < columns; k++) {
    const at = k * rows;
    let squares = 0;
    for (let i = k; i < rows; i++) squares += matrix[at + i] * matrix[at + i];
    if (squares === 0) {
      diagonal[k] = 0;
      continue;
    }
    // The sign that adds to the pivot, not the one that cancels.
    diagonal[k] = matrix[at + k] < 0 ? Math.sqrt(squares) : -Math.sqrt(squares);
    matrix[at + k] -= diagonal[k];
    for (let j = k + 1; j < columns; j++) reflect(matrix, at, k, diagonal[k], rows, matrix, j * rows);
  }
}

/** Multiplies a vector by Qᵀ, in place. */
export function applyQt(
  matrix: Float64Array,
  rows: number,
  columns: number,
  diagonal: Float64Array,
  vector: Float64Array,
): void {
  for (let k = 0; k < columns; k++) if (diagonal[k] !== 0) reflect(matrix, k * rows, k, diagonal[k], rows, vector, 0);
}

/** Applies the reflection that stands at `at`, of column `k` with this entry of the diagonal, to a vector at `offset`. */
export function reflect(
  matrix: Float64Array,
  at: number,
  k: number,
  diagonal: number,
  rows: number,
  vector: Float64Array,
  offset: number,
): void {
  let product = 0;
  for (let i = k; i < rows; i++) product += matrix[at + i] * vector[offset + i];
  product /= diagonal * matrix[at + k];
  for (let i = k; i < rows; i++) vector[offset + i] += product * matrix[at + i];
}

/** Solves R·x = the vector's first entries, in place. */
export function solveUpper(
  matrix: Float64Array,
  rows: number,
  columns: number,
  diagonal: Float64Array,
  vector: Float64Array,
): void {
  for (let k = columns - 1; k >= 0; k--) {
    const value = vector[k] / diagonal[k];
    vector[k] = value;
    for (let i = 0; i < k; i++) vector[i] -= value * matrix[k * rows + i];
  }
}

/**
 * `(RᵀR)⁻¹`, the inverse of the normal equations' matrix: times the residual variance it is the covariance of the estimates.
 *
 * @param inverse Receives it, `columns × columns`; as long, `work` is overwritten.
 */
export function invertNormal(
  matrix: Float64Array,
  rows: number,
  columns: number,
  diagonal: Float64Array,
  inverse: Float64Array,
  work: Float64Array,
): void {
  // Columns of R⁻¹, upper triangular.
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < columns; i++) work[j * columns + i] = i === j ? 1 : 0;
    for (let k = j; k >= 0; k--) {
      const value = work[j * columns + k] / diagonal[k];
      work[j * columns + k] = value;
      for (let i = 0; i < k; i++) work[j * columns + i] -= value * matrix[k * rows + i];
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < columns; k++) sum += work[k * columns + i] * work[k * columns + j];
      inverse[i * columns + j] = sum;
      inverse[j * columns + i] = sum;
    }
  }
}
