import { fQuantile } from "../stats/mod.ts";
import type { Interval } from "../schema/mod.ts";

/**
 * Exact interval for a share, of which `count` of `trials` were seen: Clopper and Pearson's, by quantiles of F.
 *
 * Neither number need be whole: correlated trials count as fewer.
 *
 * Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404–413; L. M. Leemis, K. S. Trivedi, The American Statistician 50
 * (1996) 63–68, for F.
 *
 * @param count From 0 to `trials`.
 * @param trials Positive.
 * @param level Confidence, two-sided.
 * @returns `[lower, upper]`, 0–1.
 *
 * @example None of 60 failed: at most 6 % do
 * ```ts
 * import { shareBounds } from "./share_bounds.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(shareBounds(0, 60).map((edge) => edge.toFixed(4)), ["0.0000", "0.0596"]);
 * ```
 */
export function shareBounds(count: number, trials: number, level = 0.95): Interval {
  const tail = (1 - level) / 2;
  const rest = trials - count;
  const lower = count <= 0 ? 0 : 1 / (1 + (rest + 1) / (count * fQuantile(tail, [2 * count, 2 * (rest + 1)])));
  const upper = rest <= 0 ? 1 : 1 / (1 + rest / ((count + 1) * fQuantile(1 - tail, [2 * (count + 1), 2 * rest])));
  return [lower, upper];
}
