import type { Tails } from "./incomplete_gamma.ts";

/**
 * The value at which a distribution on x > 0 has a probability below it.
 *
 * Compares logarithms of whichever tail is smaller, so that 1e-12 has as many digits as ½; by regula falsi on ln x, with halving
 * where an end does not move (the Illinois method), bisection where a tail is 0.
 *
 * Source: M. Dowell, P. Jarratt, BIT 11 (1971) 168–174.
 *
 * @param tails Probabilities below and above a value.
 * @param wanted The probabilities below and above it.
 * @returns The value, as near as the tails' own digits let it be.
 *
 * @example The median of the exponential distribution
 * ```ts
 * import { incompleteGamma } from "./incomplete_gamma.ts";
 * import { invert } from "./invert.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(invert((x) => incompleteGamma(1, x), { lower: 0.5, upper: 0.5 }).toFixed(12), Math.LN2.toFixed(12));
 * ```
 */
export function invert(tails: (value: number) => Tails, wanted: Tails): number {
  /** Rises with ln x, 0 at the value wanted. */
  const misses = (logarithm: number) => {
    const at = tails(Math.exp(logarithm));
    return wanted.lower <= 0.5 ? Math.log(at.lower / wanted.lower) : Math.log(wanted.upper / at.upper);
  };
  let [low, high] = [-1, 1];
  let [below, above] = [misses(low), misses(high)];
  for (; above < 0 && high < 690; above = misses(high)) [low, below, high] = [high, above, high + Math.max(1, high)];
  for (; below > 0 && low > -690; below = misses(low)) [high, above, low] = [low, below, low - Math.max(1, -low)];
  if (above === 0) return Math.exp(high);
  for (let step = 0, side = 0; step < 200 && high - low > Number.EPSILON * Math.max(1, Math.abs(low)); step++) {
    const slope = (above - below) / (high - low);
    let next = Number.isFinite(slope) && slope > 0 ? low - below / slope : NaN;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (next === low || next === high) break;
    const value = misses(next);
    if (value === 0) return Math.exp(next);
    if (value < 0) {
      [low, below] = [next, value];
      if (side < 0) above /= 2;
      side = -1;
    } else {
      [high, above] = [next, value];
      if (side > 0) below /= 2;
      side = 1;
    }
  }
  return Math.exp(Math.abs(below) < Math.abs(above) ? low : high);
}
