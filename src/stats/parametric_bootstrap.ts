import { normalQuantile } from "./normal.ts";
import { seededRandom } from "./seeded_random.ts";

/** What is bootstrapped. */
export interface BootstrapProblem {
  /** What the fitted model says at every point. */
  fitted: ArrayLike<number>;
  /** Standard deviation of a point about it. */
  error: number;
  /** How many numbers `refit` writes. */
  size: number;
  /**
   * Fits the model to simulated points, and writes what is of interest: parameters, a prediction, a test statistic.
   *
   * @param y As long as `fitted`; the same array every time.
   * @param into The same array every time.
   * @returns Whether it could be fitted.
   */
  refit(y: Float64Array, into: Float64Array): boolean;
}

/** Settings of {@linkcode parametricBootstrap}. */
export interface BootstrapOptions {
  /** Simulations. @default 2000 */
  replicates?: number;
  /** The same seed gives the same replicates. @default 1 */
  seed?: number;
}

/** What came of the simulations. */
export interface Bootstrap {
  /** One array a number, in the order in which `refit` writes them; replicates that could not be fitted are left out. */
  replicates: Float64Array[];
  /** Simulations that could not be fitted. Where they are many, what is left is not a fair sample. */
  failed: number;
}

/**
 * Parametric bootstrap: simulates points from a fitted model with normal errors, and fits them again. How the refitted numbers
 * scatter is how well the data determine them, whatever the shape of the likelihood; of a test statistic, its distribution under
 * the fitted model, at a bound too, where χ² is wrong.
 *
 * Nothing is allocated a replicate.
 *
 * Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 6.5. Checked against R,
 * `test/certified/worked/b3-b4-selection-bands.json`.
 *
 * @param problem Fitted model and how it is refitted.
 * @param options Number of replicates, seed.
 * @returns The refitted numbers.
 * @throws {RangeError} If there are no replicates, or the error is not finite or negative.
 *
 * @example A mean of four values has half of their scatter
 * ```ts
 * import { parametricBootstrap } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const { replicates: [means] } = parametricBootstrap({
 *   fitted: [10, 10, 10, 10],
 *   error: 1,
 *   size: 1,
 *   refit(y, into) {
 *     into[0] = (y[0] + y[1] + y[2] + y[3]) / 4;
 *     return true;
 *   },
 * });
 * const variance = means.reduce((sum, mean) => sum + (mean - 10) ** 2, 0) / means.length;
 * assert(Math.abs(variance - 0.25) < 0.03);
 * ```
 */
export function parametricBootstrap(problem: BootstrapProblem, options: BootstrapOptions = {}): Bootstrap {
  const { fitted, error, size } = problem;
  const { replicates: wanted = 2000, seed = 1 } = options;
  if (!(Number.isInteger(wanted) && wanted >= 1)) {
    throw new RangeError(`Cannot bootstrap as replicates must be a whole number from 1: current value is ${wanted}`);
  }
  if (!(error >= 0 && error < Infinity)) {
    throw new RangeError(`Cannot bootstrap as the error must be finite and not negative: current value is ${error}`);
  }
  const random = seededRandom(seed);
  const y = new Float64Array(fitted.length);
  const into = new Float64Array(size);
  const replicates = Array.from({ length: size }, () => new Float64Array(wanted));
  let done = 0;
  for (let replicate = 0; replicate < wanted; replicate++) {
    // Half a step keeps 0 out, where the quantile is infinite.
    for (let i = 0; i < y.length; i++) y[i] = fitted[i] + error * normalQuantile(random() + 2 ** -33);
    if (!problem.refit(y, into)) continue;
    for (let j = 0; j < size; j++) replicates[j][done] = into[j];
    done++;
  }
  return { replicates: replicates.map((values) => values.subarray(0, done)), failed: wanted - done };
}
