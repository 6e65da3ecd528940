import { deviance, nonZero, stirlingError, type Tails } from "./incomplete_gamma.ts";

const MOST_TERMS = 1e6;

/**
 * Regularised incomplete beta function: I_x(a, b) and 1 − I_x(a, b).
 *
 * By its continued fraction, from the side on which it converges fast: the other tail is one minus it.
 *
 * Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.5.8; the factor in front as in C. Loader, Fast and
 * Accurate Computation of Binomial Probabilities (2000), which keeps its digits for degrees of freedom in the thousands.
 *
 * @param a Positive.
 * @param b Positive.
 * @param at x and 1 − x, both given, as the smaller one would lose its digits in a subtraction.
 * @returns Both tails, to 12 digits.
 *
 * @example The arcsine distribution
 * ```ts
 * import { incompleteBeta } from "./incomplete_beta.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(incompleteBeta(0.5, 0.5, { x: 0.25, rest: 0.75 }).lower.toFixed(12), (1 / 3).toFixed(12));
 * ```
 */
export function incompleteBeta(a: number, b: number, at: { x: number; rest: number }): Tails {
  const { x, rest } = at;
  if (x <= 0) return { lower: 0, upper: 1 };
  if (rest <= 0) return { lower: 1, upper: 0 };
  if (x > (a + 1) / (a + b + 2)) {
    const { lower, upper } = incompleteBeta(b, a, { x: rest, rest: x });
    return { lower: upper, upper: lower };
  }
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * rest);
  const front = Math.exp(exponent) * Math.sqrt(b / (2 * Math.PI * a * n));
  const lower = Math.min(1, front * fraction(a, b, x));
  return { lower, upper: 1 - lower };
}

function fraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - (a + b) * x / (a + 1));
  let value = d;
  for (let count = 1; count < MOST_TERMS; count++) {
    const twice = 2 * count;
    const even = count * (b - count) * x / ((a + twice - 1) * (a + twice));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    value *= d * c;
    const odd = -(a + count) * (a + b + count) * x / ((a + twice) * (a + twice + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) <= Number.EPSILON) break;
  }
  return value;
}
