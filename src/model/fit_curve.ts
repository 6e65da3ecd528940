import { covariance, tQuantile } from "../stats/mod.ts";
import type { FittedParameter } from "../schema/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";
import { CurveSearch } from "./curve_search.ts";

/** A curve at its best, before it is compared with others. */
export interface CurveFit {
  curve: Curve;
  values: number[];
  parameters: Record<string, FittedParameter>;
  /** On the ln scale, of all parameters in the curve's order, those at a bound included. */
  covariance: number[][];
  residualSumOfSquares: number;
  /** Levels minus parameters. */
  degreesOfFreedom: number;
}

/**
 * Fits one curve to level means by least squares on the logarithm: a constant relative error.
 *
 * A parameter at a bound gets no Wald error, but the covariance keeps its column, so that bands do not become
 * narrower because a bound was met.
 *
 * @param curve Family to fit.
 * @param points One a level, at least as many as the curve has parameters; values positive.
 * @param options Confidence of the parameters' intervals.
 * @returns The fit, or `undefined` where the search did not converge or the points do not determine the curve.
 */
export function fitCurve(
  curve: Curve,
  points: readonly LevelPoint[],
  options: { /** @default 0.95 */ level?: number } = {},
): CurveFit | undefined {
  const size = curve.parameters.length;
  if (points.length < size) return undefined;
  const search = searchFor(curve, points);
  const fit = search.fit(points);
  if (!fit.converged) return undefined;
  const values = fit.parameters;
  const degreesOfFreedom = points.length - size;
  const variance = degreesOfFreedom > 0 ? fit.sumOfSquares / degreesOfFreedom : 0;
  const matrix = fit.free.length === size
    ? scaled(search.normalInverse(), variance, size)
    : covariance(points.map(({ sessions }) => logGradient(curve, sessions, values)), variance);
  if (matrix.length === 0) return undefined;
  const multiple = degreesOfFreedom > 0 ? tQuantile((1 + (options.level ?? 0.95)) / 2, degreesOfFreedom) : 0;
  const parameters: Record<string, FittedParameter> = {};
  for (let index = 0; index < size; index++) {
    const value = values[index];
    const [lower, upper] = curve.bounds[index];
    if (value === lower || value === upper || degreesOfFreedom === 0) {
      parameters[curve.parameters[index]] = { value, standard_error: null, interval: null };
      continue;
    }
    const error = Math.sqrt(matrix[index][index]);
    const interval: [number, number] = [value - multiple * error, value + multiple * error];
    parameters[curve.parameters[index]] = { value, standard_error: error, interval };
  }
  return { curve, values, parameters, covariance: matrix, residualSumOfSquares: fit.sumOfSquares, degreesOfFreedom };
}

/** The last search of each curve: the next fit has as many levels more often than not, and can use its arrays. */
const searches = new WeakMap<Curve, { levels: number; search: CurveSearch }>();

function searchFor(curve: Curve, points: readonly LevelPoint[]): CurveSearch {
  const last = searches.get(curve);
  if (last?.levels === points.length) return last.search;
  const search = new CurveSearch(curve, points);
  searches.set(curve, { levels: points.length, search });
  return search;
}

/** Adding 0 turns −0 into 0, which JSON would do anyway. */
function scaled(inverse: Float64Array | undefined, variance: number, size: number): number[][] {
  const matrix: number[][] = [];
  for (let i = 0; inverse && i < size; i++) {
    const row: number[] = [];
    for (let j = 0; j < size; j++) row.push(variance * inverse[i * size + j] + 0);
    matrix.push(row);
  }
  return matrix;
}

/** Derivative of ln f by each parameter. */
export function logGradient(curve: Curve, sessions: number, parameters: readonly number[]): number[] {
  const value = curve.value(sessions, parameters);
  return curve.gradient(sessions, parameters).map((slope) => slope / value);
}
