import type { FitPoint, MetricFit, WorkerCost, WorkerLevel, WorkersFit } from "../schema/mod.ts";
import { tQuantile } from "../stats/mod.ts";
import { fAgainst } from "./f_against.ts";
import type { CurveFit } from "./fit_curve.ts";
import { fitDemand } from "./fit_demand.ts";
import type { FitOptions } from "./fit_points.ts";
import { linear } from "./linear.ts";
import { tryFit } from "./try_fit.ts";

/** Workers that differ by less are taken for alike, however certain it is that they differ. */
const MATTERS = 0.05;
const SIGNIFICANT = 0.05;

/**
 * Fits what one worker uses against the sessions of its share: one curve for all of them, and each one's own line.
 *
 * The curve's intercept is what a worker costs before it has a session, which a fleet pays once a worker; the sum over all workers,
 * against all sessions, has it as often as there were workers. Workers are a factor of the fit: what they differ is in its bands,
 * since the next worker is another draw.
 *
 * @param workers As `summarise(dataset).workers`.
 * @param metric For example `"browser_cores"`.
 * @param options As of `fitDemand`.
 * @returns Plain data. A worker's own line needs three levels, and the comparison two such workers.
 * @throws {RangeError} If no worker has the metric.
 *
 * @example Two workers, one of which is slower
 * ```ts
 * import { fitWorkers } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const shares = [1, 2, 4, 8].flatMap((n) => [1, 1.5].map((cost, index) => ({
 *   worker: index + 1, level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, flags: [],
 *   metrics: { browser_cores: cost * (0.2 + 0.1 * n) },
 * })));
 * const { by_worker, verdict } = fitWorkers(shares, "browser_cores");
 * assert.equal(by_worker[1].per_session!.value.toFixed(3), "0.150");
 * assert.equal(verdict.kind, "different");
 * ```
 */
export function fitWorkers(workers: readonly WorkerLevel[], metric: string, options: FitOptions = {}): WorkersFit {
  const fit = fitDemand(workers, metric, options);
  const usable = Map.groupBy(fit.points.filter(({ excluded }) => excluded === undefined), ({ worker }) => worker!);
  const lines = [...usable].sort(([a], [b]) => a - b).map(([worker, points]) => ({
    worker,
    points,
    line: new Set(points.map(({ sessions }) => sessions)).size < 3 ? undefined : tryFit(linear, points, options),
  }));
  return { fit, by_worker: lines.map((one) => costOf(one, fit)), verdict: compare(lines) };
}

interface OwnLine {
  worker: number;
  points: FitPoint[];
  line: CurveFit | undefined;
}

function costOf({ worker, points, line }: OwnLine, fit: MetricFit): WorkerCost {
  const sessions = Math.max(...points.map((point) => point.sessions));
  return {
    worker,
    sessions,
    base: line?.parameters.intercept ?? null,
    per_session: line?.parameters.slope ?? null,
    ratio: Math.exp(fit.worker_effects?.[worker] ?? 0),
  };
}

/** Whether workers cost the same, from the residuals of one line for all and of a line for each. */
function compare(lines: readonly OwnLine[]): WorkersFit["verdict"] {
  const own = lines.flatMap(({ worker, points, line }) => line ? { worker, points, line } : []);
  const one = tryFit(linear, own.flatMap(({ points }) => points));
  const degreesOfFreedom = own.reduce((sum, { line }) => sum + line.degreesOfFreedom, 0);
  if (own.length < 2 || !one || degreesOfFreedom < 1) {
    return {
      kind: "inconclusive",
      p: null,
      text: `${lines.length === 1 ? "One worker" : "Too few levels a worker"}: nothing says what workers differ.`,
    };
  }
  const residualSumOfSquares = own.reduce((sum, { line }) => sum + line.residualSumOfSquares, 0);
  const { p } = fAgainst(one, { residualSumOfSquares, degreesOfFreedom });
  const at = Math.min(...own.map(({ points }) => Math.max(...points.map(({ sessions }) => sessions))));
  const ratios = own.map(({ worker, line }) => ({
    worker,
    ratio: linear.value(at, line.values) / linear.value(at, one.values),
  }));
  const worst = ratios.reduce((a, b) => Math.abs(Math.log(b.ratio)) > Math.abs(Math.log(a.ratio)) ? b : a);
  const [least, most] = [Math.min, Math.max].map((of) => of(...ratios.map(({ ratio }) => ratio)));
  const matters = most / least > 1 + MATTERS;
  const chance = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
  const line = `one line for all at ${Number(at.toPrecision(2))} sessions`;
  const range = `${percent(least)} to ${percent(most)} of ${line}`;
  if (p < SIGNIFICANT && matters) {
    return {
      kind: "different",
      p,
      text:
        `Workers differ: ${range} (${chance}), worker ${worst.worker} most. The band holds another worker like these.`,
    };
  }
  const fewest = Math.min(...own.map(({ points }) => points.length));
  const unseen = tQuantile(0.975, degreesOfFreedom) * Math.sqrt(2 * residualSumOfSquares / degreesOfFreedom / fewest);
  if (matters || unseen > MATTERS) {
    return {
      kind: "inconclusive",
      p,
      text: `Workers cost ${range} (${chance}): chance explains that, and a difference under ${
        Math.ceil(100 * unseen)
      } % would not show.`,
    };
  }
  const off = Math.max(1, Math.ceil(100 * Math.max(most - 1, 1 - least)));
  return { kind: "alike", p, text: `Workers cost the same, within ${off} % of ${line} (${chance}).` };
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}
