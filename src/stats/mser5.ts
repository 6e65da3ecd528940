import { checkValues } from "./check_values.ts";

/** Where a series of measurements becomes steady. */
export interface WarmUp {
  /**
   * `steady`: from `truncate` on. `unsteady`: the minimum is at the bound, so that no steady state was found. `short`: fewer than
   * 50 values, too few to tell, whatever `truncate` says.
   */
  state: "steady" | "unsteady" | "short";
  /** Values at the start to leave out, a multiple of 5. */
  truncate: number;
  /** What is minimised, for 0, 1, 2 … batches left out, up to half of them. */
  objective: number[];
}

const BATCH = 5;
const FEWEST = 50;

/**
 * Finds how much of the start of a series is warm-up, by MSER-5.
 *
 * Means Y of batches of 5; of k batches the first d ≤ k/2 are left out so that Σ(Y − Ȳ)²/(k − d)² over the others, the squared
 * standard error of what is left, is least. Values at the end that fill no batch count in none.
 *
 * Source: K. P. White, M. J. Cobb, S. C. Spratt, A comparison of five steady-state truncation heuristics for simulation, Winter
 * Simulation Conference 2000. Checked against `test/certified/worked/b5-b7-timeseries-latency-sizing.json`.
 *
 * @param values Measurements in time order, at least 5.
 * @returns How many values to leave out, and whether the rest is steady.
 * @throws {RangeError} If there are fewer than 5 values, or a number is not finite.
 *
 * @example A server that needs 10 requests to warm up
 * ```ts
 * import { mser5 } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const latency_ms = Array.from({ length: 60 }, (_, index) => index < 10 ? 40 : 8 + index % 3);
 * const { state, truncate } = mser5(latency_ms);
 * assert.deepEqual([state, truncate], ["steady", 10]);
 * ```
 */
export function mser5(values: readonly number[]): WarmUp {
  if (values.length < BATCH) {
    throw new RangeError(
      `Cannot look for warm-up as there must be at least 5 values: current value is ${values.length}`,
    );
  }
  checkValues(values, "look for warm-up");
  const batches: number[] = [];
  for (let start = 0; start + BATCH <= values.length; start += BATCH) {
    let sum = 0;
    for (let index = start; index < start + BATCH; index++) sum += values[index];
    batches.push(sum / BATCH);
  }
  const bound = Math.floor(batches.length / 2);
  const objective = new Array<number>(bound + 1);
  // From the end, so that mean and sum of squares grow by one batch a step (Welford).
  let [count, mean, squares] = [0, 0, 0];
  for (let index = batches.length - 1; index >= 0; index--) {
    const distance = batches[index] - mean;
    mean += distance / ++count;
    squares += distance * (batches[index] - mean);
    if (index <= bound) objective[index] = squares / count ** 2;
  }
  let least = 0;
  for (let index = 1; index <= bound; index++) if (objective[index] < objective[least]) least = index;
  const state = values.length < FEWEST ? "short" : least === bound ? "unsteady" : "steady";
  return { state, truncate: least * BATCH, objective };
}
