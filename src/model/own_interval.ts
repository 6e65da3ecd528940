import { tQuantile } from "../stats/mod.ts";
import type { FitPoint, Interval, ModelFit } from "../schema/mod.ts";
import { curveByName } from "./curve_by_name.ts";
import { levelMeans } from "./level_means.ts";

/** A curve read at one concurrency. */
export interface Reading {
  estimate: number;
  /** Of the mean curve, on the ln scale. */
  error: number;
}

/** What a single run scatters more than a level's mean, on the ln scale. */
export interface ReplicateVariance {
  variance: number;
  degreesOfFreedom: number;
}

/** Reads one fitted curve, with its error by the delta method. */
export function readModel(model: ModelFit, sessions: number): Reading {
  const curve = curveByName(model.name);
  const parameters = curve.parameters.map((name) => model.parameters[name].value);
  const estimate = curve.value(sessions, parameters);
  const slopes = curve.gradient(sessions, parameters);
  const gradient = model.free.map((name) => slopes[curve.parameters.indexOf(name)] / estimate);
  const variance = gradient.reduce(
    (sum, left, i) => sum + gradient.reduce((row, right, j) => row + left * model.covariance[i][j] * right, 0),
    0,
  );
  return { estimate, error: Math.sqrt(Math.max(0, variance)) };
}

/**
 * A curve's own interval for a new run, as if it were known to be the right one: mean, levels and replicates each with their
 * own variance and degrees of freedom (Satterthwaite).
 *
 * @param model One curve of a fit.
 * @param sessions Where it is read.
 * @param options What replicates scatter, and the one-sided probability of each edge.
 */
export function ownInterval(
  model: ModelFit,
  sessions: number,
  { replicates, probability }: { replicates: ReplicateVariance; probability: number },
): Interval {
  const { estimate, error } = readModel(model, sessions);
  const ofLevels = error ** 2 + model.residual_error ** 2;
  const variance = ofLevels + replicates.variance;
  if (variance === 0) return [estimate, estimate];
  const degrees = variance ** 2 / (
    ofLevels ** 2 / model.degrees_of_freedom +
    (replicates.degreesOfFreedom > 0 ? replicates.variance ** 2 / replicates.degreesOfFreedom : 0)
  );
  return spread(estimate, tQuantile(probability, degrees) * Math.sqrt(variance));
}

/**
 * What a single run scatters more than a level's mean: the residual error is that of means, and holds only 1/R of the
 * variance between R replicates.
 */
export function replicateVariance(points: readonly FitPoint[]): ReplicateVariance {
  const means = levelMeans(points);
  const degreesOfFreedom = means.reduce((sum, mean) => sum + mean.replicates - 1, 0);
  if (degreesOfFreedom === 0) return { variance: 0, degreesOfFreedom };
  const variance = means.reduce((sum, mean) => sum + mean.withinSumOfSquares, 0) / degreesOfFreedom;
  const inverse = means.reduce((sum, mean) => sum + 1 / mean.replicates, 0) / means.length;
  return { variance: variance * (1 - inverse), degreesOfFreedom };
}

/** e^±width about the estimate, kept finite: no reader distinguishes 10⁴³ from more. */
export function spread(estimate: number, width: number): Interval {
  const factor = Math.exp(Math.min(width, 100));
  return [estimate / factor, estimate * factor];
}
