import type { FitPoint, MetricFit, ModelFit, Verdict } from "../schema/mod.ts";
import { accept, type Candidate } from "./accept.ts";
import { aicc, akaikeWeights } from "./aicc.ts";
import { amdahl } from "./amdahl.ts";
import { brokenStick } from "./broken_stick.ts";
import type { Curve } from "./curve.ts";
import { evaluate } from "./evaluate.ts";
import { exponentialSaturation } from "./exponential_saturation.ts";
import { holdOut } from "./hold_out.ts";
import { judge } from "./judge.ts";
import { knee } from "./knee.ts";
import { type LevelMean, levelMeans } from "./level_means.ts";
import { linear } from "./linear.ts";
import { missingLevels } from "./missing_levels.ts";
import { negligible } from "./negligible.ts";
import { power } from "./power.ts";
import { quadratic } from "./quadratic.ts";
import { tryFit } from "./try_fit.ts";
import { usl } from "./usl.ts";
import { withoutEffects, workerFactor } from "./worker_factor.ts";
import { withLimits } from "./with_limits.ts";

/** What may be asked of a fit. */
export interface FitOptions {
  /** Concurrencies to read the fit at [sessions]. @default the top usable level, twice and four times it */
  at?: readonly number[];
  /** Confidence of all intervals. @default 0.95 */
  level?: number;
  /** Where the verdict compares line and curve [sessions]. @default the top usable level */
  target?: number;
}

/** What the points are. */
export interface PointsOptions extends FitOptions {
  /** Name of the metric; its ending says the unit. */
  metric: string;
  /** Which curves are tried. @default "demand" */
  kind?: "demand" | "throughput";
}

/**
 * Fits the curves of its kind to replicates, compares them, and says how the metric grows.
 *
 * Demand: line, power law, from seven levels on a broken stick, and for comparison within the levels a parabola.
 * Throughput: line, power law, Amdahl's law, USL, exponential saturation, knee. Curves are fitted to level means, on the
 * logarithm. With fewer than five usable levels only the line and Amdahl's law are tried; with fewer than three none.
 *
 * @param points Replicates in any order, not changed; those with `excluded` are kept, but not fitted.
 * @param options Metric and kind, and what to read the fit at.
 * @returns Plain data for {@linkcode evaluate}; without a fit `models` is empty and the verdict says why.
 * @throws {RangeError} If a number is not finite or over 10¹⁵⁰, or `level` is not between 0 and 1.
 *
 * @example Cores that grow with the sessions
 * ```ts
 * import { fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16].map((n) => ({ sessions: n, value: 0.1 + 0.05 * n, level: n, replicate: 1 }));
 * const fit = fitPoints(points, { metric: "target_cores", at: [32] });
 * assert.equal(fit.accepted, "linear");
 * assert.equal(fit.at[0].estimate.toFixed(3), "1.700");
 * ```
 */
export function fitPoints(points: readonly FitPoint[], options: PointsOptions): MetricFit {
  const { metric, kind = "demand", level = 0.95, target } = options;
  checkNumbers(points, options);
  const measured = points.filter((point) => point.excluded === undefined);
  const absent = measured.length > 0 && measured.every(({ value }) => value <= negligible(metric));
  const marked = points.map((point) => absent ? { ...point } : markUnusable(point)).sort(byLevelAndReplicate);
  const worker_effects = absent ? undefined : workerFactor(marked)?.effects;
  const means = levelMeans(withoutEffects(marked, worker_effects));
  // A worker's share of a level is not the level.
  const said = (text: string) =>
    marked.some(({ worker }) => worker !== undefined)
      ? text.replaceAll(/sessions next/g, "sessions a worker next")
      : text;
  const empty = (text: string): MetricFit => ({
    metric,
    kind,
    level,
    points: marked,
    ...(worker_effects ? { worker_effects } : {}),
    range: means.length > 0 ? [means[0].sessions, means[means.length - 1].sessions] : [0, 0],
    models: [],
    accepted: null,
    verdict: { kind: "inconclusive", effect_percent: 0, text: said(text) },
    at: [],
  });

  if (absent) return empty(`${metric} is zero, or too small to measure, at every level: there is nothing to fit.`);
  // Levels whose observed concurrency is the same are one point of a curve.
  if (new Set(means.map(({ sessions }) => sessions)).size < 3) return empty(adviseLevels(marked, means));

  const candidates = candidatesFor(kind, means, level);
  const line = candidates.find(({ fit }) => fit.curve.name === "linear");
  if (!line) {
    return empty(
      `No curve could be fitted to ${metric}: its levels do not determine one. Run ${
        2 * means[means.length - 1].level
      } sessions next.`,
    );
  }
  const acceptance = accept(candidates.filter(({ fit }) => fit.curve !== quadratic), residualOfProportion(means));
  const verdict: Verdict = judge(means, acceptance, { kind, target, level, line, candidates });
  const fit: MetricFit = {
    ...empty(""),
    models: toModels(candidates, acceptance.accepted, { means, level }),
    accepted: acceptance.accepted.fit.curve.name,
    verdict: { ...verdict, text: said(verdict.text) },
  };
  const top = fit.range[1];
  return { ...fit, at: (options.at ?? [top, 2 * top, 4 * top]).map((sessions) => evaluate(fit, sessions)) };
}

/** Squares of what is larger, or smaller, leave the range of a 64-bit float. */
const LARGEST = 1e150;
const SMALLEST = 1e-150;

function checkNumbers(points: readonly FitPoint[], { metric, level = 0.95 }: PointsOptions): void {
  for (const { sessions, value } of points) {
    if (!(Math.abs(sessions) <= LARGEST && Math.abs(value) <= LARGEST)) {
      throw new RangeError(
        `Cannot fit ${metric} as sessions and values must be finite and at most ${LARGEST}: current value is ${sessions}, ${value}`,
      );
    }
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot fit ${metric} as the level must be between 0 and 1: current value is ${level}`);
  }
}

function markUnusable(point: FitPoint): FitPoint {
  if (point.excluded !== undefined) return { ...point };
  if (point.sessions > SMALLEST && point.value > SMALLEST) return { ...point };
  return { ...point, excluded: "not positive: a curve with a relative error cannot use it" };
}

function byLevelAndReplicate(a: FitPoint, b: FitPoint): number {
  return a.level - b.level || a.replicate - b.replicate;
}

function adviseLevels(points: readonly FitPoint[], means: readonly LevelMean[]): string {
  const left = points.filter((point) => point.excluded !== undefined);
  const why = left.length > 0 ? ` ${left.length} of ${points.length} points were left out: ${left[0].excluded}.` : "";
  const next = missingLevels(points);
  const advice = next.length > 0
    ? ` Run ${next.join(", ")} sessions next.`
    : " No level is left to run below the first that could not be used.";
  return `${means.length} usable level${means.length === 1 ? "" : "s"}, a fit needs 3 and a verdict 5.${why}${advice}`;
}

function candidatesFor(kind: "demand" | "throughput", means: readonly LevelMean[], level: number): Candidate[] {
  const all: Curve[] = kind === "demand"
    ? [linear, power, brokenStick, quadratic]
    : [linear, amdahl, power, usl, exponentialSaturation, knee];
  const levels = new Set(means.map(({ sessions }) => sessions)).size;
  return all
    .filter((curve) => levels >= fewestLevels(curve))
    .flatMap((curve) => {
      const fit = tryFit(curve, means, { level });
      // A parabola is never read beyond the levels, so that there is nothing to hold out.
      const predicts = curve === quadratic ? { holdout: null, score: null } : holdOut(curve, means, kind);
      return fit
        ? [{ fit, aicc: aicc({ ...fit, points: means.length, parameters: fit.values.length }), ...predicts }]
        : [];
    });
}

/** Five or six means carry three parameters at most. */
function fewestLevels(curve: Curve): number {
  if (curve === linear || curve === amdahl) return 3;
  return curve === brokenStick ? 7 : 5;
}

function residualOfProportion(means: readonly LevelMean[]): number {
  const logs = means.map(({ sessions, value }) => Math.log(value / sessions));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  return logs.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** The accepted curve first, then by hold-out score. */
function toModels(
  candidates: readonly Candidate[],
  accepted: Candidate,
  { means, level }: { means: readonly LevelMean[]; level: number },
): ModelFit[] {
  const weights = akaikeWeights(candidates.map(({ aicc }) => aicc));
  const rank = (candidate: Candidate) => candidate === accepted ? -1 : candidate.score ?? Infinity;
  return candidates.map((candidate, index) => ({ candidate, weight: weights[index] }))
    .sort((a, b) => rank(a.candidate) - rank(b.candidate))
    .map(({ candidate: { fit, aicc, holdout, score }, weight }) => ({
      name: fit.curve.name,
      parameters: withLimits(fit, means, level),
      aicc,
      weight,
      holdout,
      covariance: fit.covariance,
      free: [...fit.curve.parameters],
      residual_error: Math.sqrt(fit.residualSumOfSquares / fit.degreesOfFreedom),
      degrees_of_freedom: fit.degreesOfFreedom,
      score,
    }));
}
