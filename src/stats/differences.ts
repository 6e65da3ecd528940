/** Model values at all points for one set of parameters. */
export type Values = (parameters: readonly number[]) => Float64Array;

/** Relative half width of the inner differences: with four values the error is of the order of 1e-12. */
const WIDTH = 1e-4;
/** Where the outer values do not exist: with two values ten digits. */
const NARROW = Math.cbrt(Number.EPSILON);
/** Share of the values that must change for their difference to have digits, and above which it is no derivative. */
const VISIBLE = 1e-9;
const TOO_FAR = 1e-2;
/** Rounding that three values on a line may show. */
const STRAIGHT = 1e-13;

/**
 * Derivatives of a model by its parameters from its values.
 *
 * Central differences of fourth order. A parameter in which the model is linear is found out, and varied by as much as itself:
 * then there is no error but rounding, and a polynomial fits as well as with derivatives given.
 *
 * Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 25.3.21 and 25.3.24.
 */
export class Differences {
  #values: Values;
  #reach: number[];
  #linear: (boolean | undefined)[];

  /** @param start For the size of each parameter. */
  constructor(values: Values, start: readonly number[]) {
    this.#values = values;
    this.#reach = start.map(Math.abs);
    this.#linear = start.map(() => undefined);
  }

  /**
   * Derivative of all values by one parameter.
   *
   * @param fitted Values at `parameters`.
   * @param into Receives one a point; NaN where the model does not exist close by.
   * @returns Whether the model is linear in it.
   */
  column(parameters: readonly number[], index: number, fitted: Float64Array, into: Float64Array): boolean {
    const size = Math.abs(parameters[index]);
    this.#reach[index] = Math.max(this.#reach[index], size);
    if (this.#linear[index] !== false) {
      this.#linear[index] = this.#straight(parameters, index, fitted, into);
      if (this.#linear[index]) return true;
    }
    const { width, near } = this.#inner(parameters, index, fitted);
    const far = this.#pair(parameters, index, 2 * width);
    let holes = false;
    for (let i = 0; i < into.length; i++) {
      into[i] = (4 * slope(near, i) - slope(far, i)) / 3;
      holes ||= !Number.isFinite(into[i]);
    }
    if (!holes) return false;
    const narrow = this.#pair(parameters, index, NARROW / WIDTH * width);
    for (let i = 0; i < into.length; i++) {
      if (!Number.isFinite(into[i])) into[i] = slope(narrow, i);
    }
    return false;
  }

  /**
   * The inner values. A parameter that is on its way across 0 is varied by more than its own size says, as far as it has been; one
   * that starts at 0, whose size is not known, by less than 1 if that changes the values much.
   */
  #inner(parameters: readonly number[], index: number, fitted: Float64Array): { width: number; near: Pair } {
    const size = Math.abs(parameters[index]);
    const reach = this.#reach[index] || 1;
    let width = WIDTH * (size || reach);
    let near = this.#pair(parameters, index, width);
    for (
      ;
      size > 0 && changeOf(near, fitted) < VISIBLE && width < WIDTH * reach;
      near = this.#pair(parameters, index, width)
    ) {
      width = Math.min(100 * width, WIDTH * reach);
    }
    for (
      ;
      size === 0 && changeOf(near, fitted) > TOO_FAR && width > 1e-100;
      near = this.#pair(parameters, index, width)
    ) {
      width /= 1000;
    }
    return { width, near };
  }

  /** Whether the model is linear in this parameter; if so, the exact derivative is written. */
  #straight(parameters: readonly number[], index: number, fitted: Float64Array, into: Float64Array): boolean {
    const width = 2 ** Math.ceil(Math.log2(Math.abs(parameters[index]) || this.#reach[index] || 1));
    const near = this.#pair(parameters, index, width);
    const far = this.#linear[index] === undefined ? this.#pair(parameters, index, 2 * width) : undefined;
    for (let i = 0; i < into.length; i++) {
      const [above, below] = [near.above[i], near.below[i]];
      const size = Math.abs(above) + Math.abs(below) + Math.abs(fitted[i]);
      into[i] = slope(near, i);
      if (!(Math.abs(above + below - 2 * fitted[i]) <= STRAIGHT * size)) return false;
      if (far && !(Math.abs(far.above[i] - far.below[i] - 2 * (above - below)) <= STRAIGHT * size)) return false;
    }
    return true;
  }

  #pair(parameters: readonly number[], index: number, width: number): Pair {
    const [high, low] = [parameters[index] + width, parameters[index] - width];
    return {
      above: this.#values(parameters.with(index, high)),
      below: this.#values(parameters.with(index, low)),
      distance: high - low,
    };
  }
}

interface Pair {
  above: Float64Array;
  below: Float64Array;
  distance: number;
}

function slope({ above, below, distance }: Pair, i: number): number {
  return (above[i] - below[i]) / distance;
}

/** Of the values, the largest change as a share of the largest value; infinite where one does not exist. */
function changeOf({ above, below }: Pair, fitted: Float64Array): number {
  let [change, largest] = [0, 0];
  for (let i = 0; i < fitted.length; i++) {
    const difference = Math.abs(above[i] - below[i]);
    if (!Number.isFinite(difference)) return Infinity;
    change = Math.max(change, difference);
    largest = Math.max(largest, Math.abs(fitted[i]));
  }
  return change === 0 ? 0 : change / (largest || change);
}
