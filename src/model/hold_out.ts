import type { ModelFit } from "../schema/mod.ts";
import type { Curve } from "./curve.ts";
import { fitCurve } from "./fit_curve.ts";
import type { LevelMean } from "./level_means.ts";

/** How well a curve predicts levels that it has not seen. */
export interface HoldOut {
  holdout: ModelFit["holdout"];
  /** `√(h₁² + h₂²/2) + 0.01` on the ln scale; `null` where no level could be left out. */
  score: number | null;
}

/**
 * Leaves the top level out and predicts it from the rest; then does the same once more, one level lower.
 *
 * h₁ is the error on the top level without it; h₂ the error on the last but one without both. Where the second cannot
 * be had, the first stands for it. The 0.01 keeps a lucky hit from counting as certainty.
 *
 * @param curve Family to refit.
 * @param means Level means, ascending.
 * @returns The top level's prediction, and the score.
 */
export function holdOut(curve: Curve, means: readonly LevelMean[]): HoldOut {
  const top = predictLast(curve, means);
  if (!top) return { holdout: null, score: null };
  const below = predictLast(curve, means.slice(0, -1));
  const first = Math.log(top.observed / top.predicted);
  const second = below ? Math.log(below.observed / below.predicted) : first;
  return {
    holdout: { ...top, relative_error: top.predicted / top.observed - 1 },
    score: Math.sqrt(first ** 2 + second ** 2 / 2) + 0.01,
  };
}

function predictLast(curve: Curve, means: readonly LevelMean[]) {
  const last = means.at(-1);
  const fit = last && fitCurve(curve, means.slice(0, -1));
  if (!fit) return undefined;
  const predicted = curve.value(last.sessions, fit.values);
  return predicted > 0 && Number.isFinite(predicted)
    ? { sessions: last.sessions, predicted, observed: last.value }
    : undefined;
}
