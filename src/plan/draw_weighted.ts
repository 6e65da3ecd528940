/** What a draw depends on, and nothing else: whoever drives the session draws the same. */
export interface DrawOf {
  seed: number;
  level: number;
  replicate: number;
  session: number;
  iteration: number;
}

/**
 * Draws one of several things, each as often as its weight says.
 *
 * @param weights positive numbers of any sum.
 * @param of the iteration that draws.
 * @returns the index of the one drawn.
 *
 * @example Three times out of four the first
 * ```ts
 * import { drawWeighted } from "./draw_weighted.ts";
 * import assert from "node:assert/strict";
 *
 * const draw = (iteration: number) => drawWeighted([3, 1], { seed: 1, level: 8, replicate: 1, session: 0, iteration });
 * const firsts = Array.from({ length: 1000 }, (_, iteration) => draw(iteration)).filter((index) => index === 0).length;
 * assert(firsts > 700 && firsts < 800 && draw(5) === draw(5));
 * ```
 */
export function drawWeighted(weights: readonly number[], of: DrawOf): number {
  let mixed = 0;
  for (const part of [of.seed, of.level, of.replicate, of.session, of.iteration]) mixed = mix(mixed ^ part);
  let left = (mix(mixed) >>> 0) / 2 ** 32 * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  // Rounding may leave a little after the last.
  return index === -1 ? weights.length - 1 : index;
}

/** Source: the finaliser of MurmurHash3 (A. Appleby): neighbouring numbers get unrelated ones. */
function mix(number: number): number {
  let mixed = (number + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
