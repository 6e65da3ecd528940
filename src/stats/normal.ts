import { incompleteGamma } from "./incomplete_gamma.ts";

/**
 * Probability that a standard normal value is at most `z`.
 *
 * By the incomplete gamma function, P(½, z²/2), whose tails keep their digits: `normalCdf(-10)` has as many as `normalCdf(-1)`.
 *
 * @param z Any number [standard deviations]; ±Infinity gives 0 or 1.
 * @returns 0–1, to 13 digits.
 * @throws {RangeError} If `z` is NaN.
 *
 * @example Two standard deviations
 * ```ts
 * import { normalCdf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(normalCdf(1.96).toFixed(4), "0.9750");
 * ```
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) {
    throw new RangeError("Cannot take a normal probability as z must be a number: current value is NaN");
  }
  const { lower, upper } = incompleteGamma(0.5, z * z / 2);
  return z < 0 ? upper / 2 : 0.5 + lower / 2;
}

/**
 * The `z` that a standard normal value stays under with this probability: the inverse of {@linkcode normalCdf}.
 *
 * Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477–484, PPND16.
 *
 * @param probability Strictly between 0 and 1.
 * @returns Standard deviations, to 15 digits.
 * @throws {RangeError} If `probability` is not strictly between 0 and 1.
 *
 * @example The 1.96 of a 95 % interval
 * ```ts
 * import { normalQuantile } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(normalQuantile(0.975).toFixed(4), "1.9600");
 * ```
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot take a normal quantile as the probability must be between 0 and 1: current value is ${probability}`,
    );
  }
  const off = probability - 0.5;
  if (Math.abs(off) <= 0.425) {
    const square = 0.180625 - off * off;
    return off * ratio(CENTRE, square);
  }
  const depth = Math.sqrt(-Math.log(off < 0 ? probability : 1 - probability));
  const z = depth <= 5 ? ratio(TAIL, depth - 1.6) : ratio(FAR, depth - 5);
  return off < 0 ? -z : z;
}

function ratio([above, below]: readonly [readonly number[], readonly number[]], x: number): number {
  let [numerator, denominator] = [0, 0];
  for (let index = 7; index >= 0; index--) {
    numerator = numerator * x + above[index];
    denominator = denominator * x + below[index];
  }
  return numerator / denominator;
}

// deno-fmt-ignore
const CENTRE = [[
  3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
  45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
], [
  1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
  21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
]] as const;

// deno-fmt-ignore
const TAIL = [[
  1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
  1.27045825245236838258, 0.241780725177450611770, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
], [
  1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
  0.148103976427480074590, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
]] as const;

// deno-fmt-ignore
const FAR = [[
  6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
  2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
], [
  1, 0.599832206555887937690, 0.136929880922735805310, 1.48753612908506148525e-2,
  7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
]] as const;
