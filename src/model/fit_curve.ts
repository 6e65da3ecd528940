import { covariance, leastSquares, type LeastSquaresFit, tQuantile } from "../stats/mod.ts";
import type { FittedParameter } from "../schema/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";

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
  const fit = search(curve, points);
  if (!fit) return undefined;
  const values = fit.parameters.map(({ value }) => value);
  const degreesOfFreedom = points.length - size;
  const variance = degreesOfFreedom > 0 ? fit.residualSumOfSquares / degreesOfFreedom : 0;
  const jacobian = points.map(({ sessions }) => logGradient(curve, sessions, values));
  const matrix = covariance(jacobian, variance);
  if (matrix.length === 0) return undefined;
  const multiple = degreesOfFreedom > 0 ? tQuantile((1 + (options.level ?? 0.95)) / 2, degreesOfFreedom) : 0;
  const parameters = Object.fromEntries(curve.parameters.map((name, index): [string, FittedParameter] => {
    const value = values[index];
    const atBound = curve.bounds[index].includes(value);
    if (atBound || degreesOfFreedom === 0) return [name, { value, standard_error: null, interval: null }];
    const error = Math.sqrt(matrix[index][index]);
    return [name, {
      value,
      standard_error: error,
      interval: [value - multiple * error, value + multiple * error],
    }];
  }));
  return {
    curve,
    values,
    parameters,
    covariance: matrix,
    residualSumOfSquares: fit.residualSumOfSquares,
    degreesOfFreedom,
  };
}

function search(curve: Curve, points: readonly LevelPoint[]): LeastSquaresFit | undefined {
  const fit = leastSquares({
    model: (sessions, parameters) => Math.log(curve.value(sessions, parameters)),
    gradient: (sessions, parameters) => logGradient(curve, sessions, parameters),
    x: points.map(({ sessions }) => sessions),
    y: points.map(({ value }) => Math.log(value)),
    start: curve.start(points),
    bounds: curve.bounds,
  });
  return fit.converged ? fit : undefined;
}

/** Derivative of ln f by each parameter. */
export function logGradient(curve: Curve, sessions: number, parameters: readonly number[]): number[] {
  const value = curve.value(sessions, parameters);
  return curve.gradient(sessions, parameters).map((slope) => slope / value);
}
