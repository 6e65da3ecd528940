import { linearLeastSquares } from "./linear_least_squares.ts";

/** Settings of {@linkcode sandwich}. */
export interface SandwichOptions {
  /**
   * `HC2`, `HC3`: errors differ from point to point; HC3 is the safer one with few points. `cluster`: points of one cluster share
   * an error of their own, as replicates of one level do.
   * @default "HC3"
   */
  kind?: "HC2" | "HC3" | "cluster";
  /** With `cluster`: one label a point. */
  clusters?: readonly (string | number)[];
}

/**
 * Covariance of ordinary least squares whose errors are not alike: `(XᵀX)⁻¹ Xᵀ Ω X (XᵀX)⁻¹` with Ω from the residuals.
 *
 * With eight levels even this is only a rough guide; level means with t on levels − coefficients are the safer way.
 *
 * Source: J. G. MacKinnon, H. White, Journal of Econometrics 29 (1985) 305–325; clusters with the factor G/(G − 1)·(n − 1)/(n − p), as
 * R's `sandwich::vcovCL`. Checked against it, `test/certified/worked/b1-linear.json`.
 *
 * @param design One row a point, one column a coefficient.
 * @param y One a row.
 * @param options Kind, clusters.
 * @returns One row a coefficient.
 * @throws {RangeError} As `linearLeastSquares`; or if there are no degrees of freedom, or not one label a point, of at least two.
 *
 * @example Errors that grow with x make the slope less certain
 * ```ts
 * import { linearLeastSquares, sandwich } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const design = [1, 2, 3, 4, 5, 6].map((x) => [1, x]);
 * const y = [1, 2, 3.1, 3.7, 5.7, 5.1];
 * assert(sandwich(design, y)[1][1] > linearLeastSquares(design, y).covariance[1][1]);
 * ```
 */
export function sandwich(
  design: readonly (readonly number[])[],
  y: readonly number[],
  options: SandwichOptions = {},
): number[][] {
  const { kind = "HC3", clusters } = options;
  const { coefficients, covariance, degreesOfFreedom, residualSumOfSquares } = linearLeastSquares(design, y);
  const size = coefficients.length;
  const labels = kind === "cluster" ? clusters : design.map((_, i) => i);
  const groups = new Set(labels).size;
  if (degreesOfFreedom < 1 || labels?.length !== y.length || groups < 2) {
    throw new RangeError(
      `Cannot take a sandwich covariance as there must be more points than coefficients, and two clusters with a label a point: current value is ${y.length} points, ${size} coefficients, ${
        labels?.length ?? 0
      } labels`,
    );
  }
  if (residualSumOfSquares === 0) return covariance;
  const variance = residualSumOfSquares / degreesOfFreedom;
  const bread = covariance.map((row) => row.map((value) => value / variance));
  // Xᵀu of each cluster; a point of its own is a cluster of one.
  const scores = new Map<string | number, number[]>();
  design.forEach((row, i) => {
    const residual = y[i] - dot(row, coefficients);
    const leverage = dot(row, bread.map((line) => dot(line, row)));
    const divisor = kind === "HC3" ? 1 - leverage : kind === "HC2" ? Math.sqrt(1 - leverage) : 1;
    const score = scores.get(labels[i]) ?? row.map(() => 0);
    // A point that the fit goes through whatever its value says nothing about its error.
    const share = 1 - leverage > 1e-12 ? residual / divisor : 0;
    scores.set(labels[i], score.map((sum, j) => sum + row[j] * share));
  });
  const meat = bread.map((_, i) =>
    bread.map((_, j) => [...scores.values()].reduce((sum, score) => sum + score[i] * score[j], 0))
  );
  const factor = kind === "cluster" ? groups / (groups - 1) * (y.length - 1) / degreesOfFreedom : 1;
  const half = bread.map((row) => meat.map((column) => dot(row, column)));
  return half.map((row) => bread.map((column) => factor * dot(row, column)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}
