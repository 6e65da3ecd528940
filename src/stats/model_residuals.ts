import { Differences, type Values } from "./differences.ts";
import type { LeastSquaresProblem } from "./least_squares.ts";
import type { Residuals } from "./levenberg_marquardt.ts";
import { linearModel } from "./linear_model.ts";
import type { Found } from "./search_faces.ts";
import { solveLinear } from "./solve_linear.ts";

/** Residuals of a least-squares problem, and their derivatives, given or by differences. */
export class ModelResiduals<X> implements Residuals {
  /** Length of residuals that are nothing but rounding. */
  readonly rounding: number;
  #problem: LeastSquaresProblem<X>;
  #roots: Float64Array;
  #fitted: Float64Array;
  /** Parameters that `#fitted` belongs to. */
  #place: readonly number[] = [];
  #values: Values;
  #differences: Differences;

  constructor(problem: LeastSquaresProblem<X>) {
    const { model, x, y, start, weights } = problem;
    this.#problem = problem;
    this.#roots = Float64Array.from(x, (_, i) => Math.sqrt(weights?.[i] ?? 1));
    this.#fitted = new Float64Array(x.length);
    this.#values = (parameters) => Float64Array.from(x, (at) => model(at, parameters));
    this.#differences = new Differences(this.#values, start);
    const largest = y.reduce((most, value, i) => Math.max(most, Math.abs(value) * this.#roots[i]), 0);
    this.rounding = Math.sqrt(y.length) * 256 * Number.EPSILON * largest;
  }

  residuals(parameters: Float64Array, into: Float64Array): void {
    const { model, x, y } = this.#problem;
    const plain = this.#place = [...parameters];
    for (let i = 0; i < into.length; i++) {
      this.#fitted[i] = model(x[i], plain);
      into[i] = (y[i] - this.#fitted[i]) * this.#roots[i];
    }
  }

  jacobian(parameters: Float64Array, free: readonly number[], into: Float64Array): void {
    const { gradient, x } = this.#problem;
    const plain = [...parameters];
    const points = x.length;
    if (gradient) {
      for (let i = 0; i < points; i++) {
        const slopes = gradient(x[i], plain);
        for (let j = 0; j < free.length; j++) into[j * points + i] = slopes[free[j]] * this.#roots[i];
      }
      return;
    }
    // Most often this is where the residuals were taken last.
    if (plain.some((value, j) => value !== this.#place[j])) this.#fitted.set(this.#values(plain));
    this.#place = plain;
    for (let j = 0; j < free.length; j++) {
      const column = into.subarray(j * points, (j + 1) * points);
      this.#differences.column(plain, free[j], this.#fitted, column);
      for (let i = 0; i < points; i++) column[i] *= this.#roots[i];
    }
  }

  /** The solution, if the model is linear in all parameters and the points determine them. */
  solveIfLinear(): { found: Found; inverse: Float64Array } | undefined {
    const { start, x, y } = this.#problem;
    const linear = linearModel((parameters) => this.#values(parameters), start);
    if (!linear) return undefined;
    const points = x.length;
    const { base, design } = linear;
    for (let at = 0; at < design.length; at++) design[at] *= this.#roots[at % points];
    const right = Float64Array.from(y, (value, i) => (value - base[i]) * this.#roots[i]);
    const solution = solveLinear(design, right, start.length);
    if (!solution) return undefined;
    const parameters = [...solution.coefficients];
    const sumOfSquares = right.reduce((sum, value, i) => {
      for (let j = 0; j < parameters.length; j++) value -= design[j * points + i] * parameters[j];
      return sum + value * value;
    }, 0);
    const free = start.map((_, index) => index);
    return { found: { parameters, free, sumOfSquares, converged: true, iterations: 1 }, inverse: solution.inverse };
  }

  /** Indices of the parameters in which the model is linear at the start. */
  linearParameters(): number[] {
    const { start, x } = this.#problem;
    const column = new Float64Array(x.length);
    this.residuals(Float64Array.from(start), column);
    return start.map((_, index) => index).filter((index) =>
      this.#differences.column(start, index, this.#fitted, column)
    );
  }
}
