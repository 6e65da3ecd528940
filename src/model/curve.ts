import type { ModelName } from "../schema/mod.ts";

/** One level, reduced to the point that a curve is fitted to. */
export interface LevelPoint {
  /** Observed concurrency [sessions]. */
  sessions: number;
  /** In the metric's own unit, positive. */
  value: number;
}

/** A family of curves `value = f(sessions)`, positive for all sessions > 0 within its bounds. */
export interface Curve {
  /** As in fits. */
  name: ModelName;
  /** As it is printed, for example `a + b·N`. */
  formula: string;
  /** Keys of `parameters` in a fit, in the order of the arrays below. */
  parameters: readonly string[];
  /** `[lower, upper]` of each parameter. */
  bounds: readonly (readonly [number, number])[];
  /** In the metric's unit. */
  value(sessions: number, parameters: readonly number[]): number;
  /** Derivative of `value` by each parameter. */
  gradient(sessions: number, parameters: readonly number[]): number[];
  /** Where the search begins, from the points themselves. */
  start(points: readonly LevelPoint[]): number[];
}
