import { applyQt, factorQr, invertNormal, solveUpper } from "./qr.ts";

/** What {@linkcode LevenbergMarquardt} minimises: a sum of squared residuals. Both functions write; neither may keep its arrays. */
export interface Residuals {
  /** `(observed − fitted)·√weight` a point. NaN or ±Infinity marks parameters that are not allowed. */
  residuals(parameters: Float64Array, into: Float64Array): void;
  /** Derivative of `fitted·√weight` by each free parameter, column by column of points. */
  jacobian(parameters: Float64Array, free: readonly number[], into: Float64Array): void;
}

/** How a search ends. */
export interface SearchOptions {
  /** Steps, accepted or not. @default 1000 */
  maxIterations?: number;
  /** What the Jacobian may still explain of the residuals' length where the search ends. @default 1e-11 */
  vanished?: number;
  /** Residuals under this length are rounding. @default 0 */
  rounding?: number;
}

/**
 * Levenberg–Marquardt with scaled parameters, on arrays that are made once: the same search may be repeated 100,000 times
 * without allocating anything.
 *
 * The Jacobian is decomposed once a point of the search, `J = QR`, and every damped step from there solves the small system of
 * R and the damping. A step that does not lower the sum of squares is not taken. The search has converged if the Jacobian
 * explains nothing of the residuals any more, or if these are at rounding level: never because steps were small.
 *
 * Source: J. J. Moré, The Levenberg–Marquardt algorithm: implementation and theory (1978); damping as in H. B. Nielsen, Damping
 * parameter in Marquardt's method (1999), 2.3; the end as in D. M. Bates, D. G. Watts, A relative offset orthogonality
 * convergence criterion for nonlinear least squares, Technometrics 23 (1981) 179–183.
 */
export class LevenbergMarquardt {
  /** Where the search is. */
  readonly parameters: Float64Array;
  /** There. */
  sumOfSquares = NaN;
  /** The Jacobian explains nothing of the residuals any more, or these are at rounding level. */
  converged = false;
  /** Steps tried. */
  iterations = 0;
  /** Free parameters of the last search. */
  free: readonly number[] = [];

  #points: number;
  #offset = 1;
  #candidateSum = NaN;
  #candidate: Float64Array;
  #residuals: Float64Array;
  #candidateResiduals: Float64Array;
  #jacobian: Float64Array;
  #diagonal: Float64Array;
  #norms: Float64Array;
  #rotated: Float64Array;
  #reach: Float64Array;
  #step: Float64Array;
  #small: Float64Array;
  #smallRight: Float64Array;
  #smallDiagonal: Float64Array;
  #work: Float64Array;

  constructor(points: number, parameters: number) {
    const array = (length: number) => new Float64Array(length);
    this.#points = points;
    this.parameters = array(parameters);
    this.#candidate = array(parameters);
    this.#residuals = array(points);
    this.#candidateResiduals = array(points);
    this.#jacobian = array(points * parameters);
    this.#rotated = array(points);
    this.#diagonal = array(parameters);
    this.#norms = array(parameters);
    this.#reach = array(parameters);
    this.#step = array(parameters);
    this.#small = array(2 * parameters * parameters);
    this.#smallRight = array(2 * parameters);
    this.#smallDiagonal = array(parameters);
    this.#work = array(parameters * parameters);
  }

  /**
   * Searches from `start`, whose entries that are not free stay as they are. What it found stands in the fields.
   *
   * @returns Whether it converged.
   */
  search(
    problem: Residuals,
    start: ArrayLike<number>,
    free: readonly number[],
    options: SearchOptions = {},
  ): boolean {
    const { maxIterations = 1000, rounding = 0, vanished = VANISHED } = options;
    const parameters = this.parameters;
    for (let index = 0; index < parameters.length; index++) parameters[index] = start[index];
    this.free = free;
    this.iterations = 0;
    problem.residuals(parameters, this.#residuals);
    this.sumOfSquares = sumSquares(this.#residuals);
    if (!Number.isFinite(this.sumOfSquares)) return this.converged = false;
    if (free.length === 0) return this.converged = true;

    this.#reach.fill(0);
    let damping = 1e-3;
    let growth = 2;
    if (!this.#linearise(problem)) return this.converged = false;
    let before = 1;
    while (this.iterations < maxIterations) {
      if (this.#offset < vanished) return this.converged = true;
      this.iterations++;
      // Near the optimum each step leaves the same share of the way. If what the next one leaves is little enough, it is the last.
      const rate = this.#offset / before;
      const last = rate < STEADY && this.#offset < CLOSE && this.#offset * rate < vanished;
      if (last && this.#lastStep(problem, damping, rounding)) return this.converged = true;
      before = this.#offset;
      const predicted = this.#tryStep(problem, damping);
      const gained = this.sumOfSquares - this.#candidateSum;
      if (gained > 0) {
        const excess = predicted > 0 ? 2 * gained / predicted - 1 : 1;
        this.#accept();
        damping *= Math.max(1 / 5, 1 - excess * excess * excess);
        growth = 2;
        if (!this.#linearise(problem)) return this.converged = false;
        if (this.sumOfSquares === 0) return this.converged = true;
      } else {
        // What is still to be gained, or a step this damped, would not show in the sum's last digit.
        const visible = this.#offset ** 2 * this.sumOfSquares > INVISIBLE * this.sumOfSquares + this.#noise(rounding);
        const lost = !visible || damping > 1e16 || this.#stepIsRounding();
        if (lost) break;
        damping = Math.max(damping, 1e-16) * growth;
        growth *= 2;
      }
    }
    if (this.iterations >= maxIterations) return this.converged = false;
    this.#polish(problem, vanished, rounding);
    return this.converged = Math.sqrt(this.sumOfSquares) <= rounding || this.#offset < NEARLY_VANISHED;
  }

  /**
   * `(JᵀJ)⁻¹` of the free parameters, at the place where the search ended.
   *
   * @param independent Share of each of J's columns that the others must leave unexplained.
   * @param inverse Receives it.
   * @returns `inverse`; nothing if the points do not determine the parameters.
   */
  normalInverse(
    independent: number,
    inverse: Float64Array = new Float64Array(this.free.length ** 2),
  ): Float64Array | undefined {
    const columns = this.free.length;
    for (let j = 0; j < columns; j++) {
      if (!(Math.abs(this.#diagonal[j]) > independent * this.#norms[j])) return undefined;
    }
    invertNormal(this.#jacobian, this.#points, columns, this.#diagonal, inverse, this.#work);
    return inverse;
  }

  /**
   * Where sums of squares no longer tell two places apart, the gradient still does: undamped steps as long as it falls.
   */
  #polish(problem: Residuals, wanted: number, rounding: number): void {
    for (let round = 0; round < 50 && this.#offset >= wanted; round++) {
      const [before, offset] = [this.sumOfSquares, this.#offset];
      this.#tryStep(problem, 0);
      if (!(Math.abs(this.#candidateSum - before) <= 1e-12 * before + this.#noise(rounding))) return;
      this.iterations++;
      this.#accept();
      if (this.#linearise(problem) && this.#offset < offset) continue;
      this.#accept();
      this.#linearise(problem);
      return;
    }
  }

  /** Takes a step whose place is not looked at any more; not if it leads up. */
  #lastStep(problem: Residuals, damping: number, rounding: number): boolean {
    this.#tryStep(problem, damping);
    if (!(this.#candidateSum <= this.sumOfSquares * (1 + 1e-12) + this.#noise(rounding))) return false;
    this.#accept();
    return true;
  }

  /** What rounding of the residuals may change of their sum of squares. */
  #noise(rounding: number): number {
    return 2 * Math.sqrt(this.sumOfSquares) * rounding;
  }

  /** Computes a step and the residuals after it; says by how much the linear model lowers their sum of squares. */
  #tryStep(problem: Residuals, damping: number): number {
    const predicted = this.#dampedStep(damping);
    const [candidate, parameters] = [this.#candidate, this.parameters];
    for (let index = 0; index < parameters.length; index++) candidate[index] = parameters[index];
    for (let j = 0; j < this.free.length; j++) candidate[this.free[j]] += this.#step[j];
    problem.residuals(candidate, this.#candidateResiduals);
    this.#candidateSum = sumSquares(this.#candidateResiduals);
    return predicted;
  }

  /** Changes places with the candidate: done twice it is undone. */
  #accept(): void {
    const [candidate, parameters] = [this.#candidate, this.parameters];
    for (let index = 0; index < parameters.length; index++) {
      const value = parameters[index];
      parameters[index] = candidate[index];
      candidate[index] = value;
    }
    const residuals = this.#residuals;
    this.#residuals = this.#candidateResiduals;
    this.#candidateResiduals = residuals;
    const sum = this.sumOfSquares;
    this.sumOfSquares = this.#candidateSum;
    this.#candidateSum = sum;
  }

  #stepIsRounding(): boolean {
    for (let j = 0; j < this.free.length; j++) {
      if (Math.abs(this.#step[j]) > 1e-14 * Math.abs(this.parameters[this.free[j]])) return false;
    }
    return true;
  }

  /** Jacobian, its decomposition, and how much of the residuals it still explains. */
  #linearise(problem: Residuals): boolean {
    const { free, parameters } = this;
    const points = this.#points;
    const [jacobian, rotated] = [this.#jacobian, this.#rotated];
    problem.jacobian(parameters, free, jacobian);
    let vanished = false;
    for (let j = 0; j < free.length; j++) {
      let squares = 0;
      for (let at = j * points; at < (j + 1) * points; at++) squares += jacobian[at] * jacobian[at];
      if (!Number.isFinite(squares)) return false;
      // A column that vanished is a plateau on which the parameter has lost its effect, not an optimum.
      vanished ||= squares === 0;
      this.#norms[j] = Math.sqrt(squares);
      // A step is damped by its share of the largest value that the parameter has had, in units of the residuals: unlike the
      // columns' norms this keeps a parameter from running off to where it has no effect, and lets it cross zero.
      this.#reach[j] = Math.max(this.#reach[j], Math.abs(parameters[free[j]]));
    }
    factorQr(jacobian, points, free.length, this.#diagonal);
    for (let i = 0; i < points; i++) rotated[i] = this.#residuals[i];
    applyQt(jacobian, points, free.length, this.#diagonal, rotated);
    let explained = 0;
    for (let j = 0; j < free.length; j++) {
      // The direction of a column that says what others say is rounding.
      const own = Math.abs(this.#diagonal[j]) > DEPENDENT * this.#norms[j];
      if (own) explained += rotated[j] * rotated[j];
    }
    this.#offset = vanished ? 1 : this.sumOfSquares === 0 ? 0 : Math.sqrt(explained / this.sumOfSquares);
    return true;
  }

  /** Minimises ‖r − Jδ‖² + damping ‖Dδ‖², D the parameters' scale; says by how much the linear model lowers ‖r‖². */
  #dampedStep(damping: number): number {
    const columns = this.free.length;
    const rows = 2 * columns;
    const [small, right, points] = [this.#small, this.#smallRight, this.#points];
    const root = Math.sqrt(damping * this.sumOfSquares);
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < columns; i++) {
        small[j * rows + i] = i < j ? this.#jacobian[j * points + i] : i === j ? this.#diagonal[j] : 0;
        small[j * rows + columns + i] = i === j ? root / (this.#reach[j] || 1) : 0;
      }
      right[j] = this.#rotated[j];
      right[columns + j] = 0;
    }
    factorQr(small, rows, columns, this.#smallDiagonal);
    applyQt(small, rows, columns, this.#smallDiagonal, right);
    for (let j = 0; j < columns; j++) {
      // A direction without any effect and without damping: leave it alone.
      if (this.#smallDiagonal[j] === 0) this.#smallDiagonal[j] = Infinity;
    }
    solveUpper(small, rows, columns, this.#smallDiagonal, right);
    let predicted = 0;
    for (let i = 0; i < columns; i++) {
      let sum = this.#diagonal[i] * right[i];
      for (let j = i + 1; j < columns; j++) sum += this.#jacobian[j * points + i] * right[j];
      const damped = root / (this.#reach[i] || 1) * right[i];
      predicted += sum * sum + 2 * damped * damped;
      this.#step[i] = right[i];
    }
    return predicted;
  }
}

/** Length that the Jacobian explains of the residuals at an optimum, and at one that rounding keeps from being reached. */
const VANISHED = 1e-11;
const NEARLY_VANISHED = 1e-7;
/** Below this share of the way left, a step is one of many that are alike. */
const STEADY = 0.1;
/** So near that the Jacobian at the optimum is the one here. */
const CLOSE = 1e-7;
/** Share of a sum of squares that its last digits do not show. */
const INVISIBLE = 1e-13;
/** Share of a column that others leave unexplained, where that is rounding. */
const DEPENDENT = 1e-13;

function sumSquares(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}
