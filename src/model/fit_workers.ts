import type { FitPoint, MetricFit, WorkerCost, WorkerLevel, WorkersFit } from "../schema/mod.ts";
import { tQuantile } from "../stats/mod.ts";
import type { CurveFit } from "./fit_curve.ts";
import { fitDemand } from "./fit_demand.ts";
import type { FitOptions } from "./fit_points.ts";
import { linear } from "./linear.ts";
import { tryFit } from "./try_fit.ts";
import { workerFactor } from "./worker_factor.ts";

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
 * @returns Plain data. A worker's own line needs three levels.
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
  return { fit, by_worker: lines.map((one) => costOf(one, fit)), verdict: compare(fit) };
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
    ratio: fit.worker_effects ? Math.exp(fit.worker_effects[worker]) : null,
  };
}

/** Whether workers cost the same at the same sessions, whatever the curve. */
function compare({ points }: MetricFit): WorkersFit["verdict"] {
  const factor = workerFactor(points);
  if (!factor || factor.p === null) {
    const one = new Set(points.map(({ worker }) => worker)).size < 2;
    return {
      kind: "inconclusive",
      p: null,
      text: `${one ? "One worker" : "Too few levels a worker"}: nothing says what workers differ.`,
    };
  }
  const { p, effects, residual_error, degrees_of_freedom } = factor;
  const ratios = Object.values(effects).map(Math.exp);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const matters = most / least > 1 + MATTERS;
  const chance = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
  const range = `${percent(least)} to ${percent(most)} of all of them at the same sessions (${chance})`;
  if (p < SIGNIFICANT && matters) {
    return { kind: "different", p, text: `Workers differ: ${range}. The band holds another worker like these.` };
  }
  const byWorker = Map.groupBy(points.filter(({ excluded }) => excluded === undefined), ({ worker }) => worker);
  const fewest = Math.min(...[...byWorker.values()].map(({ length }) => length));
  const unseen = tQuantile(0.975, degrees_of_freedom) * residual_error * Math.sqrt(2 / fewest);
  if (matters || unseen > MATTERS) {
    return {
      kind: "inconclusive",
      p,
      text: `Workers cost ${range}: chance explains that, and a difference under ${
        Math.ceil(100 * unseen)
      } % would not show.`,
    };
  }
  const off = Math.max(1, Math.ceil(100 * Math.max(most - 1, 1 - least)));
  return { kind: "alike", p, text: `Workers cost the same, within ${off} % at the same sessions (${chance}).` };
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}
