import { curveByName } from "./curve_by_name.ts";

/**
 * Where the Universal Scalability Law turns down: `N* = √((1 − σ)/κ)`, with its error by the delta method.
 *
 * Source: N. J. Gunther, Guerrilla Capacity Planning (2007), eq. 6.19.
 *
 * @param parameters λ, σ, κ.
 * @param covariance Of the three; for the error.
 * @returns The sessions and the throughput there; `undefined` where it only rises, as κ is zero or σ is one.
 *
 * @example A peak between ten and eleven sessions
 * ```ts
 * import { uslPeak } from "./usl_peak.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(uslPeak([100, 0, 0.009])!.sessions.toFixed(2), "10.54");
 * assert.equal(uslPeak([100, 0.1, 0]), undefined);
 * ```
 */
export function uslPeak(
  parameters: readonly number[],
  covariance?: readonly (readonly number[])[],
): { sessions: number; value: number; standardError?: number } | undefined {
  const [, sigma, kappa] = parameters;
  if (!(kappa > 0 && sigma < 1)) return undefined;
  const sessions = Math.sqrt((1 - sigma) / kappa);
  const value = curveByName("usl").value(sessions, parameters);
  if (!covariance) return { sessions, value };
  const [bySigma, byKappa] = [-sessions / (2 * (1 - sigma)), -sessions / (2 * kappa)];
  const variance = bySigma ** 2 * covariance[1][1] + 2 * bySigma * byKappa * covariance[1][2] +
    byKappa ** 2 * covariance[2][2];
  return { sessions, value, standardError: Math.sqrt(variance) };
}
