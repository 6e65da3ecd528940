import type { LevenbergMarquardt, Residuals, SearchOptions } from "./levenberg_marquardt.ts";

const DECADES = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
const TRIED = 4;

/**
 * Starts to try where the search got stuck: what is wrong with a start is most often the size of a parameter that is an exponent
 * or a rate. Those are multiplied by powers of ten, together and one by one; the parameters in which the model is linear, whose
 * best values follow, are fitted first (variable projection, for the start only).
 *
 * Source: G. H. Golub, V. Pereyra, SIAM Journal on Numerical Analysis 10 (1973) 413–432, for the idea.
 *
 * @param search Works, and is left anywhere.
 * @param problem What is minimised.
 * @param settings The start that failed, the parameters in which the model is linear, and settings of the search.
 * @returns The few best of them, the best first.
 */
export function otherStarts(
  search: LevenbergMarquardt,
  problem: Residuals,
  settings: SearchOptions & { start: readonly number[]; linear: readonly number[] },
): number[][] {
  const { start, linear } = settings;
  const curved = start.map((_, index) => index).filter((index) => !linear.includes(index));
  const groups = curved.length > 1 ? [curved, ...curved.map((index) => [index])] : [curved];
  const tried = groups.flatMap((group) =>
    DECADES.map((decade) => {
      const scaled = start.map((value, index) => group.includes(index) ? value * 10 ** decade : value);
      search.search(problem, scaled, linear, { ...settings, maxIterations: 30 });
      return { start: [...search.parameters], sumOfSquares: search.sumOfSquares };
    })
  );
  return tried
    .filter(({ sumOfSquares }) => Number.isFinite(sumOfSquares))
    .sort((a, b) => a.sumOfSquares - b.sumOfSquares)
    .slice(0, TRIED)
    .map((each) => each.start);
}
