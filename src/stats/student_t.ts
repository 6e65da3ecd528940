import { incompleteBeta } from "./incomplete_beta.ts";
import type { Tails } from "./incomplete_gamma.ts";
import { invert } from "./invert.ts";

/**
 * Probability that a Student-t value is at most `t`. The two-sided p-value of a t test is `2 * tCdf(-Math.abs(t), df)`.
 *
 * By the incomplete beta function of df/(df + t²): M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.7.1.
 *
 * @param t Any number; ±Infinity gives 0 or 1.
 * @param degreesOfFreedom Positive, not necessarily whole.
 * @returns 0–1, to 12 digits, in the lower tail too.
 * @throws {RangeError} If `t` is NaN, or `degreesOfFreedom` is not positive and finite.
 *
 * @example With 3 degrees of freedom
 * ```ts
 * import { tCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(tCdf(3.182446, 3).toFixed(4), "0.9750");
 * ```
 */
export function tCdf(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t)) throw new RangeError("Cannot take a t probability as t must be a number: current value is NaN");
  checkDegrees(degreesOfFreedom);
  const { lower, upper } = near(t, degreesOfFreedom);
  return t < 0 ? upper / 2 : 0.5 + lower / 2;
}

/**
 * The `t` that a Student-t value stays under with this probability: the inverse of {@linkcode tCdf}.
 *
 * @param probability Strictly between 0 and 1.
 * @param degreesOfFreedom Positive, not necessarily whole.
 * @returns To 12 digits.
 * @throws {RangeError} If `probability` or `degreesOfFreedom` is out of its range.
 *
 * @example Three degrees of freedom are few
 * ```ts
 * import { tQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(tQuantile(0.975, 3).toFixed(3), "3.182");
 * assert.equal(tQuantile(0.975, 30).toFixed(3), "2.042");
 * ```
 */
export function tQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot take a t quantile as the probability must be between 0 and 1: current value is ${probability}`,
    );
  }
  checkDegrees(degreesOfFreedom);
  let byProbability = known.get(degreesOfFreedom);
  let t = byProbability?.get(probability);
  if (t === undefined) {
    const tail = Math.min(probability, 1 - probability);
    const size = tail === 0.5
      ? 0
      : invert((value) => near(value, degreesOfFreedom), { lower: 1 - 2 * tail, upper: 2 * tail });
    t = probability < 0.5 ? -size : size;
    if (known.size >= 1000) known.clear();
    if (!byProbability || byProbability.size >= 100) known.set(degreesOfFreedom, byProbability = new Map());
    byProbability.set(probability, t);
  }
  return t;
}

/** By degrees of freedom and probability: thousands of simulated fits ask for the same few. */
const known = new Map<number, Map<number, number>>();

/** Probabilities of a value nearer to 0 than `t`, and of one farther. */
function near(t: number, degreesOfFreedom: number): Tails {
  const ratio = Math.abs(t) / Math.sqrt(degreesOfFreedom);
  // Of the two shares of 1 + ratio², neither may be the difference of nearly equal numbers, nor overflow.
  const share = ratio > 1 ? 1 / (1 + 1 / ratio / ratio) : ratio * ratio / (1 + ratio * ratio);
  const rest = ratio > 1 ? 1 / ratio / ratio * share : 1 / (1 + ratio * ratio);
  return incompleteBeta(0.5, degreesOfFreedom / 2, { x: share, rest });
}

function checkDegrees(degreesOfFreedom: number): void {
  if (!(degreesOfFreedom > 0 && degreesOfFreedom < Infinity)) {
    throw new RangeError(
      `Cannot use the t distribution as the degrees of freedom must be positive and finite: current value is ${degreesOfFreedom}`,
    );
  }
}
