/**
 * Refuses numbers that statistics cannot use: NaN, ±Infinity, and what is so large or so small that its square is not a number of
 * use. 0 is allowed.
 *
 * @param values Not changed.
 * @param verb What cannot be done with them, for the message.
 * @throws {RangeError} Naming the first such value.
 *
 * @example A hole in the data
 * ```ts
 * import { checkValues } from "./check_values.ts";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => checkValues([1, NaN], "fit"), /Cannot fit as .*: current value is NaN at position 1/);
 * ```
 */
export function checkValues(values: ArrayLike<number>, verb: string): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const size = Math.abs(value);
    if (size === 0 || (size >= 1e-150 && size <= 1e150)) continue;
    const rule = Number.isFinite(value) ? "0 or of a size from 1e-150 to 1e150" : "finite";
    throw new RangeError(
      `Cannot ${verb} as all numbers must be ${rule}: current value is ${value} at position ${index}`,
    );
  }
}
