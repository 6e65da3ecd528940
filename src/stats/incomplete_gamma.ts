/** Two probabilities that add up to 1, each with its own digits: one minus the other would lose those of a small one. */
export interface Tails {
  lower: number;
  upper: number;
}

const MOST_TERMS = 1e6;
const TINY = 1e-300;

/**
 * Regularised incomplete gamma function: P(a, x) and Q(a, x) = 1 − P(a, x).
 *
 * Below a + 1 by the series of P, above by the continued fraction of Q, each where it converges fast and has no cancellation.
 *
 * Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 6.5.29 and 6.5.31; the continued fraction evaluated as
 * in W. J. Lentz, Applied Optics 15 (1976) 668.
 *
 * @param a Positive.
 * @param x Not negative, may be Infinity.
 * @returns Both tails, to 13 digits.
 *
 * @example The exponential distribution
 * ```ts
 * import { incompleteGamma } from "./incomplete_gamma.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(incompleteGamma(1, 2).upper.toFixed(12), Math.exp(-2).toFixed(12));
 * ```
 */
export function incompleteGamma(a: number, x: number): Tails {
  if (x === 0) return { lower: 0, upper: 1 };
  if (x === Infinity) return { lower: 1, upper: 0 };
  const front = poissonMass(a, x);
  if (x < a + 1) {
    let sum = 1;
    for (let count = 1, term = 1; count < MOST_TERMS; count++) {
      term *= x / (a + count);
      sum += term;
      if (term < sum * Number.EPSILON / 8) break;
    }
    const lower = Math.min(1, front * sum);
    return { lower, upper: 1 - lower };
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let count = 1; count < MOST_TERMS; count++) {
    const step = -count * (count - a);
    b += 2;
    d = 1 / nonZero(step * d + b);
    c = nonZero(b + step / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) <= Number.EPSILON) break;
  }
  const upper = Math.min(1, front * a * fraction);
  return { lower: 1 - upper, upper };
}

/** Divisors of Lentz's method must not vanish. */
export function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/**
 * x^a e^(−x) / Γ(a + 1), the Poisson probability of a events, for any a > 0: by the distance of a from x, not by the difference
 * of large logarithms.
 *
 * Source: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
 */
export function poissonMass(a: number, x: number): number {
  return Math.exp(-stirlingError(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
}

/** a ln(a/m) + m − a; near a by the distance, where the difference of logarithms would be rounding. */
export function deviance(a: number, m: number): number {
  const off = (m - a) / a;
  return a * (off - (Math.abs(off) < 0.5 ? Math.log1p(off) : Math.log(m / a)));
}

/** ln Γ(z + 1) minus Stirling's formula; carried up to where four terms of its series are exact. */
export function stirlingError(z: number): number {
  let error = 0;
  for (; z < 20; z++) error += (z + 0.5) * Math.log1p(1 / z) - 1;
  const square = z * z;
  return error + (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / z;
}
