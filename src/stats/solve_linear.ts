import { applyQt, factorQr, invertNormal, reflect, solveUpper } from "./qr.ts";

/** Share of a column that the others must leave unexplained. */
const INDEPENDENT = 1e-14;
/** Columns that have at least this share of their own lose no digits worth a refinement. */
const WELL_APART = 1e-2;
const REFINEMENTS = 3;

/** A solved linear problem. */
export interface LinearSolution {
  coefficients: Float64Array;
  /** `(XᵀX)⁻¹`, row by row. */
  inverse: Float64Array;
}

/**
 * Solves `min ‖y − Xb‖²` by QR decomposition. Where the columns resemble each other the solution is refined: coefficients and
 * residuals together, by what is left of their equations in twice the precision. Without that, noise 10,000 times as large as
 * the signal costs half of the digits.
 *
 * Source: Å. Björck, Iterative refinement of linear least squares solutions, BIT 7 (1967) 257–278; sums in twice the precision as
 * T. Ogita, S. M. Rump, S. Oishi, SIAM Journal on Scientific Computing 26 (2005) 1955–1988, algorithm 5.3.
 *
 * @param design Column by column, `rows` values each; not changed.
 * @param y `rows` values; not changed.
 * @param columns At most as many as rows.
 * @returns Nothing where the columns do not determine the coefficients.
 */
export function solveLinear(
  design: Float64Array,
  y: Float64Array,
  columns: number,
): LinearSolution | undefined {
  const rows = y.length;
  const matrix = design.slice();
  const diagonal = new Float64Array(columns);
  factorQr(matrix, rows, columns, diagonal);
  let apart = 1;
  for (let j = 0; j < columns; j++) {
    let squares = 0;
    for (let i = j * rows; i < (j + 1) * rows; i++) squares += design[i] * design[i];
    const share = Math.abs(diagonal[j]) / Math.sqrt(squares);
    // NaN, of a column of zeros, is none either.
    if (!(share > INDEPENDENT)) return undefined;
    apart = Math.min(apart, share);
  }
  const right = y.slice();
  applyQt(matrix, rows, columns, diagonal, right);
  solveUpper(matrix, rows, columns, diagonal, right);
  const coefficients = right.slice(0, columns);
  if (apart < WELL_APART) refine(design, y, matrix, diagonal, coefficients);
  const inverse = new Float64Array(columns * columns);
  invertNormal(matrix, rows, columns, diagonal, inverse, new Float64Array(columns * columns));
  return { coefficients, inverse };
}

/** Improves coefficients b and residuals r of the equations r + Xb = y, Xᵀr = 0. */
function refine(
  design: Float64Array,
  y: Float64Array,
  matrix: Float64Array,
  diagonal: Float64Array,
  coefficients: Float64Array,
): void {
  const [rows, columns] = [y.length, coefficients.length];
  const residuals = new Float64Array(rows);
  const missing = new Float64Array(rows);
  const slack = new Float64Array(columns);
  const sum = new ExactSum();
  for (let round = 0; round <= REFINEMENTS; round++) {
    for (let i = 0; i < rows; i++) {
      sum.start(y[i]);
      sum.add(-residuals[i], 1);
      for (let j = 0; j < columns; j++) sum.add(-design[j * rows + i], coefficients[j]);
      missing[i] = sum.value;
    }
    if (round === 0) {
      // The first residuals are those of the solution as it is.
      residuals.set(missing);
      continue;
    }
    for (let j = 0; j < columns; j++) {
      sum.start(0);
      for (let i = 0; i < rows; i++) sum.add(-design[j * rows + i], residuals[i]);
      slack[j] = sum.value;
    }
    // Rᵀh = −Xᵀr.
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < j; k++) slack[j] -= matrix[j * rows + k] * slack[k];
      slack[j] /= diagonal[j];
    }
    applyQt(matrix, rows, columns, diagonal, missing);
    const step = missing.slice(0, columns);
    for (let j = 0; j < columns; j++) {
      step[j] -= slack[j];
      missing[j] = slack[j];
    }
    solveUpper(matrix, rows, columns, diagonal, step);
    for (let j = 0; j < columns; j++) coefficients[j] += step[j];
    for (let k = columns - 1; k >= 0; k--) reflect(matrix, k * rows, k, diagonal[k], rows, missing, 0);
    for (let i = 0; i < rows; i++) residuals[i] += missing[i];
  }
}

/** A sum of products as if computed in twice the precision and rounded once. */
class ExactSum {
  #high = 0;
  #low = 0;

  start(value: number): void {
    this.#high = value;
    this.#low = 0;
  }

  add(a: number, b: number): void {
    const product = a * b;
    // Veltkamp's split: halves whose products are exact.
    const [aBig, bBig] = [134217729 * a, 134217729 * b];
    const aHigh = aBig - (aBig - a);
    const bHigh = bBig - (bBig - b);
    const [aLow, bLow] = [a - aHigh, b - bHigh];
    const lost = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
    const total = this.#high + product;
    const part = total - this.#high;
    this.#low += this.#high - (total - part) + (product - part) + lost;
    this.#high = total;
  }

  get value(): number {
    return this.#high + this.#low;
  }
}
