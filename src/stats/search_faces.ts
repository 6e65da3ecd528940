import type { LevenbergMarquardt, Residuals, SearchOptions } from "./levenberg_marquardt.ts";

/** `[lower, upper]` of each parameter; ±Infinity where there is none. */
export type Bounds = readonly (readonly [number, number])[];

/** The best of all faces. */
export interface Found {
  /** Of the curve, those held at a bound included. */
  parameters: number[];
  /** Indices of those that are not held at a bound. */
  free: readonly number[];
  sumOfSquares: number;
  converged: boolean;
  /** Steps tried, over all faces. */
  iterations: number;
}

/** More faces than this would take minutes. */
const MOST_FACES = 10_000;

/**
 * Least squares within bounds: fits every *face*, each bounded parameter free or at one of its bounds, and keeps the best feasible
 * one. Clamping steps to the bounds instead can end in a wrong optimum.
 *
 * The free optimum comes first: where it is allowed, it is below that of every face.
 *
 * @param search Works; afterwards it stands at what was found, ready for `normalInverse`.
 * @param problem What is minimised.
 * @param settings Start, bounds, and settings of the search.
 * @returns The best feasible face; not converged if there is none.
 * @throws {RangeError} If there are more than 10,000 faces.
 */
export function searchFaces(
  search: LevenbergMarquardt,
  problem: Residuals,
  settings: SearchOptions & { start: readonly number[]; bounds?: Bounds },
): Found {
  const { start, bounds } = settings;
  const all = start.map((_, index) => index);
  search.search(problem, start, all, settings);
  let iterations = search.iterations;
  let best = isFeasible(search.parameters, bounds) ? foundBy(search) : undefined;
  if (!bounds || best?.converged) return best ?? { ...foundBy(search), converged: false };
  let last = best;
  for (const face of facesOf(bounds)) {
    const begin = start.map((value, index) => face[index] ?? value);
    search.search(problem, begin, all.filter((index) => face[index] === null), settings);
    iterations += search.iterations;
    last = foundBy(search);
    if (isFeasible(search.parameters, bounds) && isBetter(last, best)) best = last;
  }
  if (!best) {
    search.search(problem, start, all, { ...settings, maxIterations: 0 });
    return { ...foundBy(search), converged: false, iterations };
  }
  if (last !== best) search.search(problem, best.parameters, best.free, settings);
  return { ...best, iterations };
}

function foundBy({ parameters, free, sumOfSquares, converged, iterations }: LevenbergMarquardt): Found {
  const copy: number[] = [];
  for (let index = 0; index < parameters.length; index++) copy.push(parameters[index]);
  return { parameters: copy, free, sumOfSquares, converged, iterations };
}

/** Every combination of held parameters but that of none; `null` where one is free. Those with most freedom first. */
function facesOf(bounds: Bounds): (number | null)[][] {
  const choices = bounds.map((pair) => [null, ...new Set(pair.filter(Number.isFinite))]);
  const count = choices.reduce((product, { length }) => product * length, 1);
  if (count > MOST_FACES) {
    throw new RangeError(
      `Cannot fit as free and bounded parameters may be combined in at most ${MOST_FACES} ways: current value is ${count}`,
    );
  }
  let faces: (number | null)[][] = [[]];
  for (const values of choices) faces = values.flatMap((value) => faces.map((face) => [...face, value]));
  const held = (face: (number | null)[]) => face.filter((value) => value !== null).length;
  return faces.slice(1).sort((a, b) => held(a) - held(b));
}

/** Whether all parameters are within their bounds. */
export function isFeasible(parameters: ArrayLike<number>, bounds: Bounds | undefined): boolean {
  for (let index = 0; bounds && index < bounds.length; index++) {
    if (!(parameters[index] >= bounds[index][0] && parameters[index] <= bounds[index][1])) return false;
  }
  return true;
}

function isBetter(found: Found, best: Found | undefined): boolean {
  if (!Number.isFinite(found.sumOfSquares)) return false;
  if (!best || found.converged !== best.converged) return !best || found.converged;
  return found.sumOfSquares < best.sumOfSquares;
}
