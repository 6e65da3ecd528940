import type { ModelFit } from "../schema/mod.ts";
import type { Curve } from "./curve.ts";
import type { LevelMean } from "./level_means.ts";
import { tryFit } from "./try_fit.ts";

/** How well a curve predicts a level that it has not seen. */
export interface HoldOut {
  holdout: ModelFit["holdout"];
  /** `√1.5·h + 0.05` on the ln scale, `+ 0.03` for a demand; `null` where no level could be left out. */
  score: number | null;
}

/** A level counts as half of another up to here: observed concurrency is a little off the level planned. */
const HALF = 1 / 1.9;
const FEWEST = 3;
/** No curve is known better than this, however well it hit once: throughput has corners, demand hardly. */
const FLOOR = { demand: 0.03, throughput: 0.05 };

/**
 * Predicts the top level from the levels up to half of it: the question that an extrapolation to twice the top asks.
 *
 * Leaving out one of many close levels would only ask for the next step. Where fewer than three levels are left, the
 * top one alone is left out. One error h is a poor estimate of a standard deviation, so it counts half as much again in
 * variance; the summand keeps a lucky hit from counting as certainty. Both were chosen on the sweeps of `deno task bench
 * extrapolate`.
 *
 * @param curve Family to refit.
 * @param means Level means, ascending.
 * @param kind What is fitted.
 * @returns The top level's prediction, and the score.
 */
export function holdOut(curve: Curve, means: readonly LevelMean[], kind: "demand" | "throughput"): HoldOut {
  const last = means[means.length - 1];
  const half = means.filter(({ sessions }) => sessions <= HALF * last.sessions);
  const left = half.length >= FEWEST ? half : means.slice(0, -1);
  const fit = tryFit(curve, left);
  const predicted = fit ? curve.value(last.sessions, fit.values) : NaN;
  if (!(predicted > 0) || !Number.isFinite(predicted)) return { holdout: null, score: null };
  return {
    holdout: {
      sessions: last.sessions,
      predicted,
      observed: last.value,
      relative_error: predicted / last.value - 1,
    },
    score: Math.sqrt(1.5) * Math.abs(Math.log(last.value / predicted)) + FLOOR[kind],
  };
}
