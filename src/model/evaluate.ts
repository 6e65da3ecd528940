import { normalQuantile, tQuantile } from "../stats/mod.ts";
import type { Evaluation, Extrapolation, Interval, MetricFit, ModelFit } from "../schema/mod.ts";
import { curveByName } from "./curve_by_name.ts";
import { levelMeans } from "./level_means.ts";

/**
 * Reads a fit at one concurrency. A pure function of plain data: a fit that went through JSON gives the same numbers.
 *
 * - `estimate`: within the levels the accepted curve. Beyond them no curve has earned to be read alone: from one doubling
 *   on it is the mean, on the ln scale, of the curves whose hold-out score is at most 2.5 × the best, weighted by 1/score².
 * - `confidence`: the accepted curve's mean, delta method on the ln scale with Student t on levels − parameters.
 * - `prediction`: a new run. Within the levels, the accepted curve's own interval: mean, levels and replicates each with
 *   their own variance and degrees of freedom (Satterthwaite). Beyond, where no curve is known to be true, the envelope over
 *   the curves whose score is at most 2.5 × the best, of value × e^±w. There w² = (1.5·score·d)² + (z·s)², with d the doublings
 *   beyond the top level and s what the curve's levels and a level's replicates scatter; 1.5 belongs to 90 %, and other levels
 *   scale it by their normal quantile z. Over the first doubling the one band passes into the other. From there on the accepted
 *   curve's own interval comes back, if its score is at most 4 × the best, until at two doublings the band holds both: that far
 *   out, one hold-out says too little.
 * - `sizing_upper`: one-sided 95 % upper bound of the prediction, at every `level`.
 *
 * @param fit From `fitDemand`, `fitThroughput` or `fitPoints`.
 * @param sessions Positive.
 * @returns Estimate and bands in the metric's unit. Up to 2 % above the top usable level counts as measured.
 * @throws {RangeError} If nothing could be fitted, or `sessions` is not positive and finite.
 *
 * @example Twice the top level
 * ```ts
 * import { evaluate, fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16].map((n) => ({ sessions: n, value: 2 * n, level: n, replicate: 1 }));
 * const at = evaluate(fitPoints(points, { metric: "target_cores" }), 32);
 * assert.equal(at.estimate.toFixed(6), "64.000000");
 * assert.equal(at.extrapolation, "2x");
 * ```
 */
export function evaluate(fit: MetricFit, sessions: number): Evaluation {
  const accepted = fit.models.find(({ name }) => name === fit.accepted);
  if (!accepted) {
    throw new RangeError(
      `Cannot evaluate ${fit.metric} as a curve must have been accepted: current value is ${fit.accepted}`,
    );
  }
  if (!(sessions > 0) || !Number.isFinite(sessions)) {
    throw new RangeError(
      `Cannot evaluate ${fit.metric} as sessions must be positive and finite: current value is ${sessions}`,
    );
  }
  const own = readModel(accepted, sessions);
  const two = tQuantile((1 + fit.level) / 2, accepted.degrees_of_freedom);
  return {
    sessions,
    estimate: estimateAt(fit, sessions, own.estimate),
    confidence: spread(own.estimate, two * own.error),
    prediction: predict(fit, sessions, { own, probability: (1 + fit.level) / 2 }),
    sizing_upper: predict(fit, sessions, { own, probability: 0.95 })[1],
    extrapolation: extrapolationOf(sessions, fit.range[1]),
  };
}

/** Chosen, like the floor of the scores, on the sweeps of `deno task bench extrapolate`. */
const CREDIBLE = 2.5;
const FACTOR = 1.5;
/** Where the accepted curve predicted so much worse than the best, its own interval says nothing of what lies beyond. */
const REFUTED = 4;

interface Reading {
  estimate: number;
  /** Of the mean curve, on the ln scale. */
  error: number;
  residualError: number;
  degreesOfFreedom: number;
}

function readModel(model: ModelFit, sessions: number): Reading {
  const curve = curveByName(model.name);
  const parameters = curve.parameters.map((name) => model.parameters[name].value);
  const estimate = curve.value(sessions, parameters);
  const slopes = curve.gradient(sessions, parameters);
  const gradient = model.free.map((name) => slopes[curve.parameters.indexOf(name)] / estimate);
  const variance = gradient.reduce(
    (sum, left, i) => sum + gradient.reduce((row, right, j) => row + left * model.covariance[i][j] * right, 0),
    0,
  );
  return {
    estimate,
    error: Math.sqrt(Math.max(0, variance)),
    residualError: model.residual_error,
    degreesOfFreedom: model.degrees_of_freedom,
  };
}

/** Curves that predicted a level that they had not seen about as well as the best did. */
function credible(fit: MetricFit): (ModelFit & { score: number })[] {
  const best = Math.min(...fit.models.flatMap(({ score }) => score ?? []));
  return fit.models.filter((model): model is ModelFit & { score: number } =>
    model.score !== null && model.score <= CREDIBLE * best
  );
}

function doublings(fit: MetricFit, sessions: number): number {
  return Math.max(0, Math.log2(sessions / fit.range[1]));
}

function estimateAt(fit: MetricFit, sessions: number, accepted: number): number {
  const curves = credible(fit);
  const share = Math.min(1, doublings(fit, sessions));
  if (curves.length === 0 || share === 0) return accepted;
  const weights = curves.map(({ score }) => 1 / score ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = curves.reduce(
    (sum, model, index) => sum + weights[index] / total * Math.log(readModel(model, sessions).estimate),
    0,
  );
  return Math.exp((1 - share) * Math.log(accepted) + share * mean);
}

function predict(
  fit: MetricFit,
  sessions: number,
  { own, probability }: { own: Reading; probability: number },
): Interval {
  const replicates = replicateVariance(fit);
  const alone = spread(own.estimate, ownWidth(own, replicates, probability));
  const curves = credible(fit);
  const distance = doublings(fit, sessions);
  if (curves.length === 0 || distance === 0) return alone;
  const normal = normalQuantile(probability);
  const factor = FACTOR * normal / normalQuantile(0.95) * distance;
  const bands = curves.map((model) => {
    const scatter = normal * Math.hypot(model.residual_error, Math.sqrt(replicates.variance));
    return spread(readModel(model, sessions).estimate, Math.hypot(factor * model.score, scatter));
  });
  const lower = Math.min(...bands.map(([low]) => low));
  const upper = Math.max(...bands.map(([, high]) => high));
  const share = distance <= 1 ? 1 - distance : isRefuted(fit, curves) ? 0 : Math.min(1, distance - 1);
  return [
    between(lower, Math.min(lower, alone[0]), share),
    between(upper, Math.max(upper, alone[1]), share),
  ];
}

function isRefuted(fit: MetricFit, curves: readonly { score: number }[]): boolean {
  const accepted = fit.models.find(({ name }) => name === fit.accepted);
  return (accepted?.score ?? 0) > REFUTED * Math.min(...curves.map(({ score }) => score));
}

/** Half width on the ln scale of the accepted curve's own interval for a new run. */
function ownWidth(
  { error, residualError, degreesOfFreedom }: Reading,
  replicates: { variance: number; degreesOfFreedom: number },
  probability: number,
): number {
  const ofLevels = error ** 2 + residualError ** 2;
  const variance = ofLevels + replicates.variance;
  if (variance === 0) return 0;
  const degrees = variance ** 2 / (
    ofLevels ** 2 / degreesOfFreedom +
    (replicates.degreesOfFreedom > 0 ? replicates.variance ** 2 / replicates.degreesOfFreedom : 0)
  );
  return tQuantile(probability, degrees) * Math.sqrt(variance);
}

/** From the first to the second, on the ln scale. */
function between(first: number, second: number, share: number): number {
  return first * (second / first) ** share;
}

/**
 * What a single run scatters more than a level's mean: the residual error is that of means, and holds only 1/R of the
 * variance between R replicates.
 */
function replicateVariance(fit: MetricFit): { variance: number; degreesOfFreedom: number } {
  const means = levelMeans(fit.points);
  const degreesOfFreedom = means.reduce((sum, mean) => sum + mean.replicates - 1, 0);
  if (degreesOfFreedom === 0) return { variance: 0, degreesOfFreedom };
  const variance = means.reduce((sum, mean) => sum + mean.withinSumOfSquares, 0) / degreesOfFreedom;
  const inverse = means.reduce((sum, mean) => sum + 1 / mean.replicates, 0) / means.length;
  return { variance: variance * (1 - inverse), degreesOfFreedom };
}

/** e^±width about the estimate, kept finite: no reader distinguishes 10⁴³ from more. */
function spread(estimate: number, width: number): Interval {
  const factor = Math.exp(Math.min(width, 100));
  return [estimate / factor, estimate * factor];
}

function extrapolationOf(sessions: number, top: number): Extrapolation {
  const share = sessions / top;
  // Observed concurrency is a time average, a little under the level that was planned.
  if (share <= 1.02) return "none";
  if (share <= 2.04) return "2x";
  return share <= 4.08 ? "4x" : "beyond";
}
