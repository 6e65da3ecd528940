import type { Interval, MetricFit } from "../schema/mod.ts";
import { bootstrapInterval, type BootstrapOptions, parametricBootstrap } from "../stats/mod.ts";
import { curveByName } from "./curve_by_name.ts";
import { CurveSearch } from "./curve_search.ts";
import { levelMeans } from "./level_means.ts";

/** Settings of {@linkcode bootstrapFit}. */
export interface BootstrapFitOptions extends BootstrapOptions {
  /** Concurrencies to read the curve at [sessions]. @default none */
  at?: readonly number[];
  /** Confidence of the intervals, 0–1. @default that of the fit */
  level?: number;
}

/** Intervals of an accepted curve from simulated sweeps. */
export interface BootstrapFit {
  /** Of the curve's parameters, those at a bound too. */
  parameters: Record<string, Interval>;
  /** Of the mean curve, in the metric's unit. */
  at: { sessions: number; interval: Interval }[];
  /** Simulated sweeps to which the curve could not be fitted. */
  failed: number;
}

/**
 * A second opinion on the accepted curve's errors: simulates the sweep's level means from it, with its own constant relative error,
 * and fits the curve to each. Unlike the intervals of the fit these need not be symmetric, and end at a parameter's bound.
 *
 * They take the curve for the truth: how wrong another curve would be is in the fit's `prediction`, not here. With few levels they
 * are narrower than the fit's own, which allow for an error that is not known either.
 *
 * Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 6.5, percentile intervals.
 *
 * @param fit From `fitDemand`, `fitThroughput` or `fitPoints`.
 * @param options Number of simulations, seed, where to read the curve.
 * @returns The same for the same seed.
 * @throws {RangeError} If nothing could be fitted, or there are fewer levels than parameters.
 *
 * @example How well ten sessions are known
 * ```ts
 * import { bootstrapFit, fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const noise = [1.02, 0.99, 1.01, 0.98, 1.01];
 * const points = [1, 2, 4, 8, 16].map((n, i) => ({ sessions: n, value: (0.1 + 0.05 * n) * noise[i], level: n, replicate: 1 }));
 * const { at: [{ interval }] } = bootstrapFit(fitPoints(points, { metric: "target_cores" }), { at: [10] });
 * assert(interval[0] < 0.6 && interval[1] > 0.6);
 * ```
 */
export function bootstrapFit(fit: MetricFit, options: BootstrapFitOptions = {}): BootstrapFit {
  const { at = [], level = fit.level, replicates, seed } = options;
  const accepted = fit.models.find(({ name }) => name === fit.accepted);
  if (!accepted) {
    throw new RangeError(
      `Cannot bootstrap ${fit.metric} as a curve must have been accepted: current value is ${fit.accepted}`,
    );
  }
  const curve = curveByName(accepted.name);
  const means = levelMeans(fit.points);
  const start = curve.parameters.map((name) => accepted.parameters[name].value);
  const search = new CurveSearch(curve, means);
  const parameters = new Float64Array(start.length);
  const plain = [...start];
  const { replicates: found, failed } = parametricBootstrap({
    fitted: means.map(({ sessions }) => Math.log(curve.value(sessions, start))),
    error: accepted.residual_error,
    size: start.length + at.length,
    refit(logs, into) {
      if (!search.refit(logs, start, parameters)) return false;
      for (let j = 0; j < plain.length; j++) into[j] = plain[j] = parameters[j];
      for (let k = 0; k < at.length; k++) into[plain.length + k] = curve.value(at[k], plain);
      return true;
    },
  }, { replicates, seed });
  const intervals = found.map((values) => bootstrapInterval(values, { level }));
  return {
    parameters: Object.fromEntries(curve.parameters.map((name, j) => [name, intervals[j]])),
    at: at.map((sessions, k) => ({ sessions, interval: intervals[start.length + k] })),
    failed,
  };
}
