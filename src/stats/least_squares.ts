import { checkValues } from "./check_values.ts";
import { LevenbergMarquardt } from "./levenberg_marquardt.ts";
import { ModelResiduals } from "./model_residuals.ts";
import { otherStarts } from "./other_starts.ts";
import { type Found, isFeasible, searchFaces } from "./search_faces.ts";
import { tQuantile } from "./student_t.ts";

/** A fitted number with its error. */
export interface Estimate {
  /** At the least sum of squares. */
  value: number;
  /** `null` at a bound, without degrees of freedom, or where the points do not determine it. */
  standardError: number | null;
  /** Two-sided Student-t interval; `null` where the standard error is. */
  interval: [number, number] | null;
}

/** A curve, points, and where to start. */
export interface LeastSquaresProblem<X = number> {
  /** The curve's value at `x`. NaN or ±Infinity marks parameters that the curve does not allow. */
  model: (x: X, parameters: readonly number[]) => number;
  /** Where the points are. */
  x: readonly X[];
  /** What was observed there. */
  y: readonly number[];
  /** Where the search begins; its length is the number of parameters. */
  start: readonly number[];
  /** Derivative of `model` by each parameter. @default central differences */
  gradient?: (x: X, parameters: readonly number[]) => number[];
  /** `[lower, upper]` a parameter; ±Infinity where there is none. @default unbounded */
  bounds?: readonly (readonly [number, number])[];
  /** One a point, multiplying its squared residual; 0 leaves the point out. @default 1 */
  weights?: readonly number[];
}

/** How {@linkcode leastSquares} searches and what its intervals cover. */
export interface LeastSquaresOptions {
  /** Confidence of the intervals. @default 0.95 */
  level?: number;
  /** Steps, accepted or not, for each face of the bounds. @default 1000 */
  maxIterations?: number;
}

/** What {@linkcode leastSquares} found. */
export interface LeastSquaresFit {
  /** In the order of `start`. */
  parameters: Estimate[];
  /** Weighted, at the estimates. */
  residualSumOfSquares: number;
  /** Points, without those of weight 0, minus free parameters. */
  degreesOfFreedom: number;
  /** Of all parameters, zero for those at a bound; empty where it is undetermined. */
  covariance: number[][];
  /** True only if the gradient vanished, relative to residuals and Jacobian, or the residuals are at rounding level. */
  converged: boolean;
  /** Steps tried, over all faces. */
  iterations: number;
}

/**
 * Non-linear least squares with standard errors, to at least six digits from starts that are far off.
 *
 * 1. A model that turns out to be linear in its parameters is solved at once.
 * 2. Levenberg–Marquardt with scaled parameters; a step that does not lower the sum of squares is not taken. Derivatives that are
 *    not given are central differences of fourth order.
 * 3. Bounds are met by fitting every *face* (each bounded parameter free or at its bound) and keeping the best feasible one:
 *    clamping steps can end in a wrong optimum.
 * 4. Where that got stuck it begins again with parameters some powers of ten larger and smaller.
 *
 * `converged` says that no step would improve the fit by anything that can be measured, never only that steps were small. The
 * optimum may still be a local one: another start can find a better.
 *
 * Source: J. J. Moré, The Levenberg–Marquardt algorithm: implementation and theory (1978). Checked against all NIST StRD sets of
 * `test/certified/nist-nonlinear/` and `test/certified/nist-linear/`.
 *
 * @param problem Curve, points and start; not changed.
 * @param options Interval level and search limit.
 * @returns Estimates with errors. Look at `converged` before using them.
 * @throws {RangeError} If the lengths disagree, a number is not finite, there are fewer points than parameters, or the model is not
 * finite anywhere near the start.
 *
 * @example Fitting a power law
 * ```ts
 * import { leastSquares } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const fit = leastSquares({
 *   model: (x, [scale, exponent]) => scale * x ** exponent,
 *   x: [1, 2, 4, 8],
 *   y: [3, 4.2426, 6, 8.4853],
 *   start: [1, 1],
 * });
 * assert.ok(fit.converged);
 * assert.deepEqual(fit.parameters.map((parameter) => parameter.value.toFixed(3)), ["3.000", "0.500"]);
 * ```
 */
export function leastSquares<X = number>(
  problem: LeastSquaresProblem<X>,
  options: LeastSquaresOptions = {},
): LeastSquaresFit {
  const { level = 0.95, maxIterations = 1000 } = options;
  checkProblem(problem, level);
  const { x, start, bounds, gradient, weights } = problem;
  const residuals = new ModelResiduals(problem);
  const describe = (found: Found, inverse: Float64Array | undefined) =>
    describeFit(found, inverse, { points: weights?.filter((weight) => weight > 0).length ?? x.length, level });

  const linear = residuals.solveIfLinear();
  if (linear && isFeasible(linear.found.parameters, bounds)) return describe(linear.found, linear.inverse);

  const search = new LevenbergMarquardt(x.length, start.length);
  const settings = { maxIterations, rounding: residuals.rounding };
  let found = searchFaces(search, residuals, { ...settings, start, bounds });
  if (!found.converged && !linear) {
    for (const other of otherStarts(search, residuals, { ...settings, start, linear: residuals.linearParameters() })) {
      const next = searchFaces(search, residuals, { ...settings, start: other, bounds });
      const better = next.converged
        ? !found.converged || isBetter(next, found, start)
        : !Number.isFinite(found.sumOfSquares);
      found = { ...(better ? next : found), iterations: found.iterations + next.iterations };
    }
    if (!Number.isFinite(found.sumOfSquares)) {
      throw new RangeError(
        `Cannot fit as the model must be finite at the start, or near it: the sum of squares is ${found.sumOfSquares}`,
      );
    }
    // The search may stand elsewhere by now: errors are those of what was found.
    search.search(residuals, found.parameters, found.free, settings);
  }
  return describe(found, search.normalInverse(gradient ? EXACT : DIFFERENCES));
}

/** A lower sum of squares; of equal ones, as where terms change places, the one that is nearer to the start. */
function isBetter(next: Found, found: Found, start: readonly number[]): boolean {
  const ratio = next.sumOfSquares / found.sumOfSquares;
  if (Math.abs(ratio - 1) > 1e-6) return ratio < 1;
  const distance = ({ parameters }: Found) =>
    parameters.reduce((sum, value, j) => {
      const times = value / start[j];
      return sum + (times > 0 && times < Infinity ? Math.log(times) ** 2 : OTHER_SIGN);
    }, 0);
  return distance(next) < distance(found);
}

/** As far as ten decades of size. */
const OTHER_SIGN = Math.log(1e10) ** 2;

/** Share of a Jacobian's column that the others must leave unexplained: above what its own rounding looks like. */
const EXACT = 1e-13;
const DIFFERENCES = 1e-11;

function checkProblem<X>({ x, y, start, bounds, weights }: LeastSquaresProblem<X>, level: number): void {
  if (y.length !== x.length || (weights && weights.length !== x.length)) {
    throw new RangeError(
      `Cannot fit as x, y and weights must have one entry a point: current value is ${x.length}, ${y.length}, ${
        weights?.length ?? "none"
      }`,
    );
  }
  if (x.length < start.length || start.length === 0) {
    throw new RangeError(
      `Cannot fit as there must be at least as many points as parameters: current value is ${x.length} points, ${start.length} parameters`,
    );
  }
  checkValues(y, "fit");
  checkValues(start, "fit");
  const wrong = x.flat().find((value) => typeof value === "number" && !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`Cannot fit as every x must be finite: current value is ${wrong}`);
  for (const weight of weights ?? []) {
    if (!(weight >= 0 && weight <= 1e150)) {
      throw new RangeError(`Cannot fit as weights must be from 0 to 1e150: current value is ${weight}`);
    }
  }
  if (bounds && bounds.length !== start.length) {
    throw new RangeError(
      `Cannot fit as there must be one pair of bounds a parameter: current value is ${bounds.length} of ${start.length}`,
    );
  }
  const crossed = bounds?.find(([lower, upper]) => !(lower <= upper));
  if (crossed) {
    throw new RangeError(`Cannot fit as a lower bound must not be above the upper one: current value is ${crossed}`);
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot fit as the level must be between 0 and 1: current value is ${level}`);
  }
}

function describeFit(
  { parameters, free, sumOfSquares, converged, iterations }: Found,
  inverse: Float64Array | undefined,
  { points, level }: { points: number; level: number },
): LeastSquaresFit {
  const degreesOfFreedom = points - free.length;
  const variance = sumOfSquares / degreesOfFreedom;
  const determined = inverse !== undefined && degreesOfFreedom > 0 && Number.isFinite(variance);
  const multiple = determined ? tQuantile((1 + level) / 2, degreesOfFreedom) : 0;
  const covarianceOf = (i: number, j: number) => {
    const [row, column] = [free.indexOf(i), free.indexOf(j)];
    return row < 0 || column < 0 ? 0 : variance * inverse![row * free.length + column];
  };
  return {
    parameters: parameters.map((value, index): Estimate => {
      if (!determined || !free.includes(index)) return { value, standardError: null, interval: null };
      const standardError = Math.sqrt(covarianceOf(index, index));
      return { value, standardError, interval: [value - multiple * standardError, value + multiple * standardError] };
    }),
    residualSumOfSquares: sumOfSquares,
    degreesOfFreedom,
    covariance: determined ? parameters.map((_, i) => parameters.map((_, j) => covarianceOf(i, j))) : [],
    converged,
    iterations,
  };
}
