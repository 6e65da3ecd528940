/**
 * A reproducible source of random numbers: the same seed gives the same sequence on every machine.
 *
 * Source: sfc32 of PractRand (C. Doty-Humphrey), 128 bits of state filled from the seed by splitmix32.
 *
 * @param seed A whole number from 0 to 2³² − 1.
 * @returns A function that gives the next number, 0 ≤ value < 1, in steps of 2⁻³².
 * @throws {RangeError} If `seed` is not a whole number in that range.
 *
 * @example The same seed, the same numbers
 * ```ts
 * import { seededRandom } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const [first, second] = [seededRandom(7), seededRandom(7)];
 * assert.deepEqual([first(), first()], [second(), second()]);
 * ```
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(
      `Cannot seed random numbers as the seed must be a whole number from 0 to 4294967295: current value is ${seed}`,
    );
  }
  let filler = seed | 0;
  const fill = () => {
    filler = (filler + 0x9e3779b9) | 0;
    let mixed = Math.imul(filler ^ (filler >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, counter] = [fill(), fill(), fill(), 1];
  const next = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 4294967296;
  };
  // The generator's author asks for a dozen steps before neighbouring seeds are unrelated.
  for (let step = 0; step < 12; step++) next();
  return next;
}
