import { normalQuantile } from "../stats/mod.ts";
import type { Evaluation, Extrapolation, Interval, MetricFit, ModelFit } from "../schema/mod.ts";
import { meanInterval, ownInterval, readModel, scatterOf, spread } from "./own_interval.ts";
import { isRefuted, sizingUpper } from "./sizing_upper.ts";
import { type Left, varianceRatio } from "./variance_ratio.ts";

/**
 * Reads a fit at one concurrency. A pure function of plain data: a fit that went through JSON gives the same numbers.
 *
 * - `estimate`: within the levels the accepted curve. Beyond them no curve has earned to be read alone: from one doubling
 *   on it is the mean, on the ln scale, of the curves that the points have not refuted and whose hold-out score is at most
 *   2.5 × the best, weighted by 1/score². An accepted curve that has no score, as a knee among the levels left out, counts 0.25.
 * - `confidence`: the accepted curve's mean, delta method on the ln scale with Student t on levels − parameters; of workers'
 *   shares, of the workers that may be bought.
 * - `prediction`: a new run. Within the levels, the accepted curve's own interval: mean, levels, replicates and workers each with
 *   their own variance and degrees of freedom (Satterthwaite). Beyond, where no curve is known to be true, the envelope over
 *   the curves whose score is at most 2.5 × the best, of value × e^±w. There w² = (1.5·score·d)² + (z·s)², with d the doublings
 *   beyond the top level and s what the curve's levels and a level's replicates scatter; 1.5 belongs to 90 %, and other levels
 *   scale it by their normal quantile z. Over the first doubling the one band passes into the other. From there on the accepted
 *   curve's own interval comes back, if its score is at most 4 × the best, until at two doublings the band holds both: that far
 *   out, one hold-out says too little.
 * - `sizing_upper`: one-sided 95 % upper bound of a new run, at every `level`. Within the levels the accepted curve's. Beyond
 *   them, of a demand, the largest bound of the curves that stand: the accepted one, and, unless it was proven to lie below the
 *   line, the line, and a parabola if it leaves a smaller residual error. Where that cannot be told (fewer than five levels, or
 *   a hold-out that refutes the accepted curve), and of throughput, the upper edge of `prediction`, one-sided.
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
  const estimate = estimateAt(fit, sessions, own.estimate);
  const upper = () => predict(fit, sessions, { accepted, probability: 0.95 })[1];
  return {
    sessions,
    estimate,
    confidence: meanInterval(accepted, sessions, {
      scatter: scatterOf(fit),
      probability: (1 + fit.level) / 2,
    }),
    prediction: predict(fit, sessions, { accepted, probability: (1 + fit.level) / 2 }),
    sizing_upper: fit.kind === "demand"
      ? sizingUpper(fit, sessions, { accepted, estimate, otherwise: upper })
      : upper(),
    extrapolation: extrapolationOf(sessions, fit.range[1]),
  };
}

/** Chosen, like the floor of the scores, on the sweeps of `deno task bench extrapolate`. */
const CREDIBLE = 2.5;
const FACTOR = 1.5;

/** A curve that leaves so much more than the closest one has chance less than this to be right: points have refuted it. */
const REFUTED = 0.01;

/** Score of an accepted curve that could not be fitted without the highest levels: what makes it what it is lies there. */
const UNTESTED = 0.25;

/** Curves that the points have not refuted, and that predicted a level that they had not seen about as well as the best did. */
function credible(fit: MetricFit): (ModelFit & { score: number })[] {
  const tested = fit.models.filter((model): model is ModelFit & { score: number } => model.score !== null);
  if (tested.length === 0) return [];
  const untested = fit.models.filter(({ name, score }) => score === null && name === fit.accepted);
  const read = [...tested, ...untested.map((model) => ({ ...model, score: UNTESTED }))];
  const closest = read.reduce((best, model) => model.residual_error < best.residual_error ? model : best);
  const standing = read.filter((model) => varianceRatio(left(model), left(closest)) >= REFUTED);
  const best = Math.min(...standing.map(({ score }) => score));
  return standing.filter(({ score }) => score <= CREDIBLE * best);
}

function left({ residual_error, degrees_of_freedom }: ModelFit): Left {
  return { residualError: residual_error, degreesOfFreedom: degrees_of_freedom };
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
  { accepted, probability }: { accepted: ModelFit; probability: number },
): Interval {
  const scatter = scatterOf(fit);
  const alone = ownInterval(accepted, sessions, { scatter, probability });
  const curves = credible(fit);
  const distance = doublings(fit, sessions);
  if (curves.length === 0 || distance === 0) return alone;
  const normal = normalQuantile(probability);
  const factor = FACTOR * normal / normalQuantile(0.95) * distance;
  const bands = curves.map((model) => {
    const width = normal * Math.hypot(model.residual_error, Math.sqrt(scatter.run.variance + scatter.worker.variance));
    return spread(readModel(model, sessions).estimate, Math.hypot(factor * model.score, width));
  });
  const lower = Math.min(...bands.map(([low]) => low));
  const upper = Math.max(...bands.map(([, high]) => high));
  const share = distance <= 1 ? 1 - distance : isRefuted(fit, accepted) ? 0 : Math.min(1, distance - 1);
  return [
    between(lower, Math.min(lower, alone[0]), share),
    between(upper, Math.max(upper, alone[1]), share),
  ];
}

/** From the first to the second, on the ln scale. */
function between(first: number, second: number, share: number): number {
  return first * (second / first) ** share;
}

function extrapolationOf(sessions: number, top: number): Extrapolation {
  const share = sessions / top;
  // Observed concurrency is a time average, a little under the level that was planned.
  if (share <= 1.02) return "none";
  if (share <= 2.04) return "2x";
  return share <= 4.08 ? "4x" : "beyond";
}
