import { fTail } from "../stats/mod.ts";

/** Residuals under this are rounding, on the ln scale. */
const ROUNDING = 1e-9;

/** What a fit leaves. */
export interface Left {
  /** Standard error of the residuals. */
  residualError: number;
  degreesOfFreedom: number;
}

/**
 * F test of what two curves leave: the chance that one leaves so much more than another where both are right.
 *
 * Unlike {@linkcode fAgainst} it needs no curve that is nested in the other.
 *
 * @param more The curve that leaves more.
 * @param less The other.
 * @returns The chance, 0–1; 1 where one of them goes through all its points and leaves nothing to compare.
 *
 * @example Twice the error, on ten degrees of freedom each
 * ```ts
 * import { varianceRatio } from "./variance_ratio.ts";
 * import assert from "node:assert/strict";
 *
 * const p = varianceRatio({ residualError: 0.06, degreesOfFreedom: 10 }, { residualError: 0.03, degreesOfFreedom: 10 });
 * assert.equal(p.toFixed(3), "0.020");
 * ```
 */
export function varianceRatio(more: Left, less: Left): number {
  if (more.degreesOfFreedom < 1 || less.degreesOfFreedom < 1) return 1;
  const error = ({ residualError }: Left) => Math.max(residualError, ROUNDING);
  return fTail((error(more) / error(less)) ** 2, [more.degreesOfFreedom, less.degreesOfFreedom]);
}
