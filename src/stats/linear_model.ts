/** A model that is linear in all its parameters: `base + design·parameters`. */
export interface LinearModel {
  /** Values where all parameters are 0. */
  base: Float64Array;
  /** Column by column: what one unit of each parameter adds. */
  design: Float64Array;
}

/** Rounding that a value may show, relative to the largest of its terms. */
const ROUNDING = 1e-13;

/**
 * Finds out whether a model is linear in its parameters: then its least squares are solved in one step, and to all the digits that
 * the data hold.
 *
 * The design is read off where one parameter is 1 and all others 0, exactly; that it holds is checked at the start, and at a place
 * that has nothing to do with it.
 *
 * @param values The model at all points.
 * @param start Any parameters.
 * @returns Nothing if it is not linear.
 */
export function linearModel(
  values: (parameters: readonly number[]) => Float64Array,
  start: readonly number[],
): LinearModel | undefined {
  const zeros = start.map(() => 0);
  const base = values(zeros);
  if (!base.every(Number.isFinite)) return undefined;
  const points = base.length;
  const design = new Float64Array(points * start.length);
  for (let j = 0; j < start.length; j++) {
    const column = values(zeros.with(j, 1));
    for (let i = 0; i < points; i++) design[j * points + i] = column[i] - base[i];
    if (!column.every(Number.isFinite)) return undefined;
  }
  const elsewhere = start.map((value, j) => -1.3 * value - 0.7 * (j + 1));
  for (const parameters of [start, elsewhere]) {
    const actual = values(parameters);
    for (let i = 0; i < points; i++) {
      let [sum, largest] = [base[i], Math.abs(base[i])];
      for (let j = 0; j < start.length; j++) {
        const term = design[j * points + i] * parameters[j];
        sum += term;
        largest = Math.max(largest, Math.abs(term));
      }
      if (!(Math.abs(actual[i] - sum) <= ROUNDING * start.length * largest)) return undefined;
    }
  }
  return { base, design };
}
