import { type Found, LevenbergMarquardt, type Residuals, searchFaces } from "../stats/mod.ts";
import type { Curve, LevelPoint } from "./curve.ts";
import { LOG_KERNELS, type LogKernel } from "./log_kernels.ts";

/** A search ends where the next step would be about this share of the standard errors. */
const VANISHED = 1e-9;
/** Share of a Jacobian's column that the others must leave unexplained. */
const INDEPENDENT = 1e-11;

/**
 * Searches for one curve's parameters by least squares on the logarithm, for as many sets of values at the same levels as are
 * wanted: the arrays are made once.
 */
export class CurveSearch implements Residuals {
  readonly curve: Curve;
  #kernel: LogKernel | undefined;
  #search: LevenbergMarquardt;
  #sessions: Float64Array;
  #logs: Float64Array;
  #rounding = 0;
  #plain: number[];
  #all: number[];

  /** @param points Their levels are what every fit has; their values can be fitted first. */
  constructor(curve: Curve, points: readonly LevelPoint[]) {
    const levels = points.length;
    this.curve = curve;
    this.#kernel = LOG_KERNELS[curve.name];
    this.#search = new LevenbergMarquardt(levels, curve.parameters.length);
    this.#sessions = new Float64Array(levels);
    this.#logs = new Float64Array(levels);
    this.#plain = curve.parameters.map(() => 0);
    this.#all = curve.parameters.map((_, index) => index);
    this.#load(points);
  }

  /** Fits the points, within the curve's bounds. */
  fit(points: readonly LevelPoint[]): Found {
    this.#load(points);
    return this.#faces(this.curve.start(points));
  }

  /**
   * Fits other values at the same levels.
   *
   * @param logs ln(value) at each.
   * @param start For example what fitted the first ones.
   * @param into Receives the parameters.
   * @returns Whether it converged.
   */
  refit(logs: Float64Array, start: readonly number[], into: Float64Array): boolean {
    this.#logs.set(logs);
    const { bounds } = this.curve;
    const settings = { rounding: this.#rounding, vanished: VANISHED };
    if (this.#search.search(this, start, this.#all, settings)) {
      let feasible = true;
      for (let j = 0; j < into.length; j++) {
        into[j] = this.#search.parameters[j];
        feasible &&= into[j] >= bounds[j][0] && into[j] <= bounds[j][1];
      }
      if (feasible) return true;
    }
    const found = this.#faces(start);
    into.set(found.parameters);
    return found.converged;
  }

  /** `(JᵀJ)⁻¹` of the parameters of ln f, if none is held at a bound; nothing if the points do not determine them. */
  normalInverse(): Float64Array | undefined {
    return this.#search.normalInverse(INDEPENDENT);
  }

  residuals(parameters: Float64Array, into: Float64Array): void {
    const [kernel, sessions, logs, plain] = [this.#kernel, this.#sessions, this.#logs, this.#plain];
    if (kernel) return kernel.residuals(sessions, logs, parameters, into);
    for (let j = 0; j < plain.length; j++) plain[j] = parameters[j];
    for (let i = 0; i < into.length; i++) into[i] = logs[i] - Math.log(this.curve.value(sessions[i], plain));
  }

  jacobian(parameters: Float64Array, free: readonly number[], into: Float64Array): void {
    const [kernel, sessions, plain, levels] = [this.#kernel, this.#sessions, this.#plain, this.#sessions.length];
    if (kernel) {
      kernel.jacobian(sessions, parameters, free, into);
      return;
    }
    for (let j = 0; j < plain.length; j++) plain[j] = parameters[j];
    for (let i = 0; i < levels; i++) {
      const inverse = 1 / this.curve.value(sessions[i], plain);
      const slopes = this.curve.gradient(sessions[i], plain);
      for (let j = 0; j < free.length; j++) into[j * levels + i] = slopes[free[j]] * inverse;
    }
  }

  #load(points: readonly LevelPoint[]): void {
    let largest = 0;
    for (let i = 0; i < points.length; i++) {
      this.#sessions[i] = points[i].sessions;
      this.#logs[i] = Math.log(points[i].value);
      largest = Math.max(largest, Math.abs(this.#logs[i]));
    }
    this.#rounding = Math.sqrt(points.length) * 256 * Number.EPSILON * largest;
  }

  #faces(start: readonly number[]): Found {
    const { bounds } = this.curve;
    return searchFaces(this.#search, this, { start, bounds, rounding: this.#rounding, vanished: VANISHED });
  }
}
