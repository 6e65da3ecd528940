import type { MetricFit, ModelFit } from "../schema/mod.ts";
import { ownInterval, readModel, scatterOf } from "./own_interval.ts";

const PROBABILITY = 0.95;
/** Beyond the top level the other curves' bounds come in over this share of it, so that the bound has no step. */
const PASSAGE = 0.25;
/** Above or below the line is decided at so many times the top level, once for a fit: as far as sizing reads. */
const REACH = 4;

/**
 * The upper bound to size a demand by: what is bought must hold a line, and what bends upward if the points say so.
 *
 * Each curve that stands has a one-sided 95 % bound of its own for a new run. Within the levels the bound is the accepted
 * curve's. Beyond them, where a wrong curve costs most, it is the largest of those that stand:
 *
 * - the accepted curve;
 * - the line, unless the accepted curve was proven to lie below it;
 * - a parabola, likewise, if it leaves a smaller residual error than the line, third parameter paid for. That is far less than
 *   a proof: of straight lines it happens to some, and then costs width; of what bends it misses little.
 *
 * The `prediction` band asks something else: between which two values a new run will lie, whichever curve of those tried is
 * right. It must hold what falls below as well, and is as wide as one hold-out error makes it.
 *
 * Source: `deno task bench sizing`, where the truth is known, and `deno task bench extrapolate`, where the next level is.
 *
 * @param fit Of a demand.
 * @param sessions Positive.
 * @param read The accepted curve; the estimate, under which no bound lies; and what bounds instead where the parabola could
 *   not be tried (fewer than five levels) or the hold-out refuted the accepted curve.
 * @returns In the metric's unit.
 *
 * @example Five levels that scatter by a few per cent, read at twice the top
 * ```ts
 * import { evaluate, fitPoints } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const noise = [1.02, 0.97, 1.01, 1.03, 0.98];
 * const points = [1, 2, 4, 8, 16].map((n, i) => ({ sessions: n, value: 2 * n * noise[i], level: n, replicate: 1 }));
 * const { estimate, sizing_upper } = evaluate(fitPoints(points, { metric: "target_cores" }), 32);
 * assert.ok(sizing_upper > estimate && sizing_upper < 1.15 * estimate);
 * ```
 */
export function sizingUpper(
  fit: MetricFit,
  sessions: number,
  { accepted, estimate, otherwise }: { accepted: ModelFit; estimate: number; otherwise: () => number },
): number {
  const scatter = scatterOf(fit);
  const bound = (model: ModelFit) => ownInterval(model, sessions, { scatter, probability: PROBABILITY })[1];
  const top = fit.range[1];
  if (sessions <= top) return bound(accepted);
  const standing = curvesThatStand(fit, accepted);
  if (!standing) return Math.max(estimate, otherwise());
  const own = bound(accepted);
  const share = Math.min(1, (sessions / top - 1) / PASSAGE);
  return Math.max(estimate, own * (Math.max(...standing.map(bound)) / own) ** share);
}

/** The curves whose bounds count beyond the top level; nothing where they cannot be told. */
export function curvesThatStand(fit: MetricFit, accepted: ModelFit): ModelFit[] | undefined {
  const [line, parabola] = ["linear", "quadratic"].map((name) => fit.models.find((model) => model.name === name));
  if (!line || !parabola || isRefuted(fit, accepted)) return undefined;
  const far = (model: ModelFit) => readModel(model, REACH * fit.range[1]).estimate;
  if (far(accepted) < far(line)) return [accepted];
  return [accepted, line, ...(parabola.residual_error < line.residual_error ? [parabola] : [])];
}

/** Where the accepted curve predicted so much worse than the best, its own interval says nothing of what lies beyond. */
const REFUTED = 4;

/** Whether the hold-out speaks against the accepted curve. */
export function isRefuted(fit: MetricFit, accepted: ModelFit): boolean {
  return (accepted.score ?? 0) > REFUTED * Math.min(...fit.models.flatMap(({ score }) => score ?? []));
}
