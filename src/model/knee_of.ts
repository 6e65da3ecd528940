import type { Interval, MetricFit, ModelFit, ModelName } from "../schema/mod.ts";
import { tQuantile } from "../stats/mod.ts";
import { curveByName } from "./curve_by_name.ts";
import { uslPeak } from "./usl_peak.ts";

/** Where more sessions stop bringing more throughput. */
export interface Knee {
  /** The accepted curve, which says so. */
  curve: ModelName;
  /** Concurrency at the knee [sessions]. */
  sessions: number;
  /** Of `sessions`, at the fit's level; `null` where the levels say nothing of it. The curve is taken for the truth. */
  interval: Interval | null;
  /** The most that the curve ever gives [iterations/s]. */
  limit: number;
}

/**
 * The knee of a throughput fit: where the first sessions' line, drawn on, reaches the most that the curve ever gives. From there
 * on sessions mostly wait for each other. For the laws of contention without coherency that is 1/σ.
 *
 * Its interval is that of ln N by the delta method, from the covariance of the accepted curve's parameters, with t of its degrees of
 * freedom.
 *
 * Source: P. J. Denning, J. P. Buzen, The Operational Analysis of Queueing Network Models (1978), asymptotic bounds.
 *
 * @param fit Of kind `throughput`.
 * @returns `undefined` where the accepted curve has no limit, or none was accepted.
 *
 * @example Full at ten sessions
 * ```ts
 * import { fitPoints, kneeOf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const points = [1, 2, 4, 8, 16, 32, 64].map((n) => ({ level: n, replicate: 1, sessions: n, value: 2 * Math.min(n, 10) }));
 * const knee = kneeOf(fitPoints(points, { metric: "throughput", kind: "throughput" }));
 * assert.deepEqual([knee?.sessions.toFixed(2), knee?.limit.toFixed(2)], ["10.00", "20.00"]);
 * ```
 */
export function kneeOf(fit: MetricFit): Knee | undefined {
  const model = fit.models.find(({ name }) => name === fit.accepted);
  if (fit.kind !== "throughput" || model === undefined) return undefined;
  const { parameters } = curveByName(model.name);
  const values = parameters.map((name) => model.parameters[name].value);
  const [slope, limit] = asymptotes(model.name, values);
  const sessions = limit / slope;
  if (!(sessions > 0 && Number.isFinite(sessions))) return undefined;
  const half = tQuantile((1 + fit.level) / 2, model.degrees_of_freedom) * logError(model, parameters, values);
  const interval: Interval | null = Number.isFinite(half)
    ? [sessions * Math.exp(-half), sessions * Math.exp(half)]
    : null;
  return { curve: model.name, sessions, interval, limit };
}

/** Throughput of a first session, and the most that there ever is. */
function asymptotes(name: ModelName, values: readonly number[]): [slope: number, limit: number] {
  const [first, second] = values;
  switch (name) {
    case "knee":
      return [first, second];
    case "exponential_saturation":
      return [first / second, first];
    case "amdahl":
      return [first, first / second];
    case "usl":
      return [first, values[2] === 0 ? first / second : uslPeak(values)?.value ?? NaN];
    default:
      return [NaN, NaN];
  }
}

/** Standard error of ln N at the knee, by central differences. */
function logError(model: ModelFit, parameters: readonly string[], values: readonly number[]): number {
  const log = (at: readonly number[]) => {
    const [slope, limit] = asymptotes(model.name, at);
    return Math.log(limit / slope);
  };
  const gradient = model.free.map((name) => {
    const index = parameters.indexOf(name);
    const step = 1e-5 * Math.abs(values[index]) || 1e-9;
    const [above, below] = [step, -step].map((by) => log(values.map((value, i) => i === index ? value + by : value)));
    return (above - below) / (2 * step);
  });
  const variance = gradient.reduce(
    (sum, left, i) => sum + gradient.reduce((row, right, j) => row + left * model.covariance[i][j] * right, 0),
    0,
  );
  return Math.sqrt(variance);
}
