import { Matrix, QrDecomposition } from "ml-matrix";
import { covariance as covarianceOf } from "./covariance.ts";
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
  /** One a point, multiplying its squared residual. @default 1 */
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
  /** Points minus free parameters. */
  degreesOfFreedom: number;
  /** Of all parameters, zero for those at a bound; empty where it is undetermined. */
  covariance: number[][];
  /** True only if the gradient vanished, relative to residuals and Jacobian, or the residuals are at rounding level. */
  converged: boolean;
  /** Steps tried, over all faces. */
  iterations: number;
}

/**
 * Non-linear least squares: Levenberg–Marquardt with scaled parameters, each step by QR of the augmented system.
 *
 * A step that does not lower the sum of squares is not taken. Bounds are met by fitting every *face* (each bounded
 * parameter free or at its bound) and keeping the best feasible one: clamping steps can end in a wrong optimum.
 *
 * Source: Moré (1978), The Levenberg–Marquardt algorithm. Checked against NIST StRD, `test/certified/nist-nonlinear/`.
 *
 * @param problem Curve, points and start; not changed.
 * @param options Interval level and search limit.
 * @returns Estimates with errors. Look at `converged` before using them.
 * @throws {RangeError} If the lengths disagree, a number is not finite, or there are fewer points than parameters.
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
  checkProblem(problem);
  const { level = 0.95, maxIterations = 1000 } = options;
  let best: Search | undefined;
  let iterations = 0;
  for (const face of facesOf(problem)) {
    const found = search(problem, face, maxIterations);
    iterations += found.iterations;
    const feasible = isFeasible(problem, found.parameters);
    if (feasible && isBetter(found, best)) best = found;
    // The free optimum, where it is allowed, is below that of every face of the bounds.
    if (feasible && found.converged && face.every((at) => at === null)) break;
  }
  best ??= { ...search(problem, problem.start.map(() => null), 0), converged: false };
  return describe(problem, best, level, iterations);
}

/** A value where the parameter is held at a bound, `null` where it is free. */
type Face = (number | null)[];

interface Search {
  face: Face;
  parameters: number[];
  sumOfSquares: number;
  converged: boolean;
  iterations: number;
}

function checkProblem<X>({ x, y, start, bounds, weights }: LeastSquaresProblem<X>): void {
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
  if (bounds && bounds.length !== start.length) {
    throw new RangeError(
      `Cannot fit as there must be one pair of bounds a parameter: current value is ${bounds.length} of ${start.length}`,
    );
  }
  const wrong = [...y, ...start, ...(weights ?? [])].find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`Cannot fit as all numbers must be finite: current value is ${wrong}`);
}

/** Every combination of free and bound parameters, those with most freedom first. */
function facesOf<X>({ start, bounds }: LeastSquaresProblem<X>): Face[] {
  let faces: Face[] = [[]];
  for (let index = 0; index < start.length; index++) {
    const choices = [null, ...(bounds?.[index] ?? []).filter(Number.isFinite)];
    faces = choices.flatMap((choice) => faces.map((face) => [...face, choice]));
  }
  const held = (face: Face) => face.filter((at) => at !== null).length;
  return faces.sort((a, b) => held(a) - held(b));
}

function isFeasible<X>({ bounds }: LeastSquaresProblem<X>, parameters: readonly number[]): boolean {
  return parameters.every((value, j) => !bounds || (value >= bounds[j][0] && value <= bounds[j][1]));
}

function isBetter(found: Search, best: Search | undefined): boolean {
  if (!Number.isFinite(found.sumOfSquares)) return false;
  if (!best || found.converged !== best.converged) return !best || found.converged;
  return found.sumOfSquares < best.sumOfSquares;
}

function search<X>(problem: LeastSquaresProblem<X>, face: Face, maxIterations: number): Search {
  const free = face.flatMap((at, index) => at === null ? [index] : []);
  let parameters = problem.start.map((value, index) => face[index] ?? value);
  let residuals = residualsOf(problem, parameters);
  let sumOfSquares = sumSquares(residuals);
  const result = (converged: boolean, iterations: number): Search => (
    { face, parameters, sumOfSquares, converged, iterations }
  );
  if (!Number.isFinite(sumOfSquares)) return result(false, 0);
  if (free.length === 0) return result(true, 0);

  const largest = Math.max(...problem.y.map(Math.abs));
  const reach = free.map(() => 0);
  let damping = 1e-3;
  let growth = 2;
  let jacobian = jacobianOf(problem, parameters, free);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const norms = free.map((_, j) => Math.hypot(...jacobian.map((row) => row[j])));
    if (!norms.every(Number.isFinite)) return result(false, iteration);
    // A step is damped by its share of the largest value that the parameter has had, in units of the residuals: unlike
    // the columns' norms this keeps a parameter from running off to where it has no effect, and lets it cross zero.
    free.forEach((index, j) => reach[j] = Math.max(reach[j], Math.abs(parameters[index])));
    const scale = reach.map((value) => Math.sqrt(sumOfSquares) / (value || 1));
    const cosine = largestCosine(jacobian, residuals, norms, sumOfSquares);
    if (cosine < 1e-11) return result(true, iteration);

    const step = dampedStep(jacobian, residuals, scale, damping);
    const candidate = [...parameters];
    free.forEach((index, j) => candidate[index] += step[j]);
    const candidateResiduals = residualsOf(problem, candidate);
    const candidateSum = sumSquares(candidateResiduals);
    const predicted = sumOfSquares - sumSquares(linearised(jacobian, residuals, step));
    const small = step.every((value, j) => Math.abs(value) <= 1e-14 * Math.abs(parameters[free[j]]));

    if (candidateSum < sumOfSquares) {
      const gain = predicted > 0 ? (sumOfSquares - candidateSum) / predicted : 1;
      const relative = (sumOfSquares - candidateSum) / sumOfSquares;
      parameters = candidate;
      residuals = candidateResiduals;
      sumOfSquares = candidateSum;
      jacobian = jacobianOf(problem, parameters, free);
      damping *= Math.max(1 / 5, 1 - (2 * gain - 1) ** 3);
      growth = 2;
      if (sumOfSquares === 0) return result(true, iteration);
      if (relative > 1e-15 || !small) continue;
    } else if (!small && damping < 1e16) {
      damping *= growth;
      growth *= 2;
      continue;
    }
    const exact = sumOfSquares <= problem.y.length * (256 * Number.EPSILON * largest) ** 2;
    return result(exact || largestCosine(jacobian, residuals, norms, sumOfSquares) < 1e-5, iteration);
  }
  return result(false, maxIterations);
}

function residualsOf<X>({ model, x, y, weights }: LeastSquaresProblem<X>, parameters: readonly number[]): number[] {
  return x.map((at, i) => (y[i] - model(at, parameters)) * Math.sqrt(weights?.[i] ?? 1));
}

function sumSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function jacobianOf<X>(problem: LeastSquaresProblem<X>, parameters: readonly number[], free: number[]): number[][] {
  const gradient = problem.gradient ?? ((at: X, values: readonly number[]) => differences(problem.model, at, values));
  return problem.x.map((at, i) => {
    const row = gradient(at, parameters);
    return free.map((index) => row[index] * Math.sqrt(problem.weights?.[i] ?? 1));
  });
}

/** Central differences: the error is of the order of ε^⅔, ten digits. */
function differences<X>(
  model: LeastSquaresProblem<X>["model"],
  at: X,
  parameters: readonly number[],
): number[] {
  return parameters.map((value, index) => {
    const width = Math.cbrt(Number.EPSILON) * (Math.abs(value) || 1);
    const [above, below] = [parameters.with(index, value + width), parameters.with(index, value - width)];
    return (model(at, above) - model(at, below)) / (above[index] - below[index]);
  });
}

function linearised(jacobian: number[][], residuals: number[], step: number[]): number[] {
  return residuals.map((value, i) => value - jacobian[i].reduce((sum, slope, j) => sum + slope * step[j], 0));
}

/** Of the angles between the residuals and the Jacobian's columns: zero where the gradient is. */
function largestCosine(jacobian: number[][], residuals: number[], norms: number[], sumOfSquares: number): number {
  const length = Math.sqrt(sumOfSquares);
  return Math.max(...norms.map((norm, j) => {
    const product = jacobian.reduce((sum, row, i) => sum + row[j] * residuals[i], 0);
    // A column that vanished is a plateau on which the parameter has lost its effect, not an optimum.
    if (norm === 0) return 1;
    return length === 0 ? 0 : Math.abs(product) / (norm * length);
  }));
}

/** Minimises ‖r − Jδ‖² + damping ‖Dδ‖², with D the parameters' scale. */
function dampedStep(jacobian: number[][], residuals: number[], scale: number[], damping: number): number[] {
  const divisor = scale.map((value) => value || 1);
  const rows = jacobian.map((row) => row.map((value, j) => value / divisor[j]));
  divisor.forEach((_, j) => rows.push(divisor.map((_, k) => j === k ? Math.sqrt(damping) : 0)));
  const target = Matrix.columnVector([...residuals, ...divisor.map(() => 0)]);
  return new QrDecomposition(new Matrix(rows)).solve(target).to1DArray().map((value, j) => value / divisor[j]);
}

function describe<X>(
  problem: LeastSquaresProblem<X>,
  { face, parameters, sumOfSquares, converged }: Search,
  level: number,
  iterations: number,
): LeastSquaresFit {
  const free = face.flatMap((at, index) => at === null ? [index] : []);
  const degreesOfFreedom = problem.x.length - free.length;
  const inner = degreesOfFreedom > 0 && Number.isFinite(sumOfSquares)
    ? covarianceOf(jacobianOf(problem, parameters, free), sumOfSquares / degreesOfFreedom)
    : [];
  const multiple = inner.length > 0 ? tQuantile((1 + level) / 2, degreesOfFreedom) : 0;
  const estimates = parameters.map((value, index): Estimate => {
    const position = free.indexOf(index);
    if (position < 0 || inner.length === 0) return { value, standardError: null, interval: null };
    const standardError = Math.sqrt(inner[position][position]);
    return { value, standardError, interval: [value - multiple * standardError, value + multiple * standardError] };
  });
  const covariance = inner.length === 0 ? [] : parameters.map((_, i) =>
    parameters.map((_, j) => {
      const [row, column] = [free.indexOf(i), free.indexOf(j)];
      return row < 0 || column < 0 ? 0 : inner[row][column];
    })
  );
  return {
    parameters: estimates,
    residualSumOfSquares: sumOfSquares,
    degreesOfFreedom,
    covariance,
    converged,
    iterations,
  };
}
