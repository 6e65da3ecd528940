import { checkValues } from "./check_values.ts";
import { type LinearFit, linearLeastSquares } from "./linear_least_squares.ts";

/** Settings of {@linkcode fitLine}. */
export interface FitLineOptions {
  /** One a point, the inverse of its error's variance up to a factor. @default 1 */
  weights?: readonly number[];
  /**
   * `constant`: by the weights alone. `proportional`: the errors grow with the line itself, so that weights are 1/line², found by
   * fitting until they agree with the line (iteratively reweighted least squares). Then y must be positive.
   * @default "constant"
   */
  errors?: "constant" | "proportional";
}

/**
 * A straight line, `intercept + slope·x`: ordinary, weighted or iteratively reweighted least squares.
 *
 * Errors of load tests grow with the load. Ordinary least squares still find the line then, but believe the lowest levels too
 * little and the highest too much, and their intervals are wrong.
 *
 * Source: R. J. Carroll, D. Ruppert, Transformation and Weighting in Regression (1988), 2.2, for the reweighting. Checked against
 * R's `lm`, `test/certified/worked/b1-linear.json`.
 *
 * @param x At least two different ones; not changed.
 * @param y One an x.
 * @param options Weights, how errors grow.
 * @returns Coefficients `[intercept, slope]` with errors, for `predictLinear`; with `proportional`, the residual standard deviation
 * is relative to the line, and `1 / line²` is the weight of a new run.
 * @throws {RangeError} If lengths disagree, all x are equal, a number is not finite, or, with `proportional`, a y or the line is not
 * positive.
 *
 * @example Errors of a tenth, at every level
 * ```ts
 * import { fitLine } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { coefficients } = fitLine([1, 2, 10, 20], [1.1, 1.9, 11, 19], { errors: "proportional" });
 * assert.equal(coefficients[1].toFixed(2), "1.00");
 * ```
 */
export function fitLine(x: readonly number[], y: readonly number[], options: FitLineOptions = {}): LinearFit {
  const { weights, errors = "constant" } = options;
  checkValues(x, "fit a line");
  checkValues(y, "fit a line");
  const design = x.map((value) => [1, value]);
  if (errors === "constant") return linearLeastSquares(design, y, { weights });
  if (!y.every((value) => value > 0)) {
    throw new RangeError(
      `Cannot fit a line with proportional errors as every y must be positive: current value is ${Math.min(...y)}`,
    );
  }
  // Begun by the points themselves; ends where the line no longer moves.
  let line = [...y];
  for (let round = 0; round < 100; round++) {
    const fit = linearLeastSquares(design, y, { weights: line.map((value, i) => (weights?.[i] ?? 1) / value ** 2) });
    const next = design.map(([, at]) => fit.coefficients[0] + fit.coefficients[1] * at);
    if (!next.every((value) => value > 0)) break;
    const moved = next.some((value, i) => Math.abs(value - line[i]) > 1e-13 * line[i]);
    line = next;
    if (!moved) return fit;
  }
  throw new RangeError(
    "Cannot fit a line with proportional errors as it must be positive at every x, and its weights must settle: they do not",
  );
}
