import { tQuantile } from "../stats/mod.ts";
import type { FitPoint, Interval, MetricFit, ModelFit } from "../schema/mod.ts";
import { curveByName } from "./curve_by_name.ts";
import { levelMeans } from "./level_means.ts";
import { withoutEffects } from "./worker_factor.ts";

/** A curve read at one concurrency. */
export interface Reading {
  estimate: number;
  /** Of the mean curve, on the ln scale. */
  error: number;
}

/** A variance on the ln scale, and how well it is known. */
export interface Variance {
  variance: number;
  degreesOfFreedom: number;
}

/** What a fit does not tell of a new run: it comes on top of the curve's error and of what levels scatter. */
export interface Scatter {
  /** What a single run scatters more than a level's mean. */
  run: Variance;
  /** How far a new worker lies from those that were measured; 0 where no workers were told apart. */
  worker: Variance;
  /** How far the mean of those lies from that of all that may be bought. */
  workers: Variance;
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
 * A curve's own interval for a new run, as if it were known to be the right one: mean, levels, replicates and workers each
 * with their own variance and degrees of freedom (Satterthwaite).
 *
 * @param model One curve of a fit.
 * @param sessions Where it is read.
 * @param options What a run scatters, and the one-sided probability of each edge.
 */
export function ownInterval(
  model: ModelFit,
  sessions: number,
  { scatter, probability }: { scatter: Scatter; probability: number },
): Interval {
  const { estimate, error } = readModel(model, sessions);
  const ofLevels = {
    variance: error ** 2 + model.residual_error ** 2,
    degreesOfFreedom: model.degrees_of_freedom,
  };
  return spread(estimate, widthOf([added([ofLevels, scatter.run]), scatter.worker], probability));
}

/** The interval of the mean curve, over runs and over the workers that may be bought. */
export function meanInterval(
  model: ModelFit,
  sessions: number,
  { scatter, probability }: { scatter: Scatter; probability: number },
): Interval {
  const { estimate, error } = readModel(model, sessions);
  const ofCurve = { variance: error ** 2, degreesOfFreedom: model.degrees_of_freedom };
  return spread(estimate, widthOf([ofCurve, scatter.workers], probability));
}

/**
 * What a single run scatters about a curve, beside the curve's own error.
 *
 * The residual error is that of level means, and holds only 1/R of the variance between R replicates. Where workers' shares are
 * the points, workers are a factor: what one costs more than the others at all levels moves no level against another, so no
 * residual shows it. Its variance is that of the workers' mean residuals, known with workers − 1 degrees of freedom; a worker
 * that is bought is another draw, and the few that were measured know the mean that much worse.
 */
export function scatterOf({ points, worker_effects: effects }: Pick<MetricFit, "points" | "worker_effects">): Scatter {
  if (!effects) return { run: replicateVariance(points), worker: NO_VARIANCE, workers: NO_VARIANCE };
  const each = Object.values(effects);
  const between = {
    variance: each.reduce((sum, effect) => sum + effect ** 2, 0) / (each.length - 1),
    degreesOfFreedom: each.length - 1,
  };
  return {
    run: replicateVariance(withoutEffects(points, effects), each.length - 1),
    worker: scaled(between, 1 + 1 / each.length),
    workers: scaled(between, 1 / each.length),
  };
}

const NO_VARIANCE: Variance = { variance: 0, degreesOfFreedom: 0 };

/** Between replicates of a level, as far as its mean does not hold it; `spent` degrees of freedom went into something else. */
function replicateVariance(points: readonly FitPoint[], spent = 0): Variance {
  const means = levelMeans(points);
  const degreesOfFreedom = means.reduce((sum, one) => sum + one.replicates - 1, 0) - spent;
  if (degreesOfFreedom <= 0) return NO_VARIANCE;
  const variance = means.reduce((sum, one) => sum + one.withinSumOfSquares, 0) / degreesOfFreedom;
  const inverse = means.reduce((sum, one) => sum + 1 / one.replicates, 0) / means.length;
  return { variance: variance * (1 - inverse), degreesOfFreedom };
}

/** The sum of variances that are known differently well. */
function added(parts: readonly Variance[]): Variance {
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  const doubt = parts.reduce(
    (sum, part) => part.variance === 0 ? sum : sum + part.variance ** 2 / part.degreesOfFreedom,
    0,
  );
  return { variance, degreesOfFreedom: variance === 0 ? 0 : variance ** 2 / doubt };
}

function scaled({ variance, degreesOfFreedom }: Variance, factor: number): Variance {
  return { variance: variance * factor, degreesOfFreedom };
}

/**
 * Half of an interval over errors of which one may be known far worse than the others: each with its own t quantile, summed
 * as squares. Pooled degrees of freedom (Satterthwaite) fall short where there are two or three workers.
 */
function widthOf(parts: readonly Variance[], probability: number): number {
  return Math.hypot(
    ...parts.map(({ variance, degreesOfFreedom }) =>
      variance === 0 ? 0 : tQuantile(probability, degreesOfFreedom) * Math.sqrt(variance)
    ),
  );
}

/** e^±width about the estimate, kept finite: no reader distinguishes 10⁴³ from more. */
export function spread(estimate: number, width: number): Interval {
  const factor = Math.exp(Math.min(width, 100));
  return [estimate / factor, estimate * factor];
}
