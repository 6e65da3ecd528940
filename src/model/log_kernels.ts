import type { ModelName } from "../schema/mod.ts";

/**
 * A curve's residuals on the logarithm at all levels at once, into arrays that are there: what a bootstrap does some ten thousand
 * times, without allocating anything.
 */
export interface LogKernel {
  /** `ln observed − ln f`; NaN where f is not positive. */
  residuals(sessions: Float64Array, logs: Float64Array, parameters: Float64Array, into: Float64Array): void;
  /** Derivatives of ln f by the free parameters, column by column. */
  jacobian(sessions: Float64Array, parameters: Float64Array, free: readonly number[], into: Float64Array): void;
}

/** Of the curve whose fits must be fast; the others go by their `value` and `gradient`. */
export const LOG_KERNELS: Partial<Record<ModelName, LogKernel>> = {
  /** ln(λN / D) with D = 1 + σ(N − 1) + κN(N − 1): derivatives 1/λ, −(N − 1)/D, −N(N − 1)/D. */
  usl: {
    residuals(sessions, logs, parameters, into) {
      const [lambda, sigma, kappa] = [parameters[0], parameters[1], parameters[2]];
      for (let i = 0; i < into.length; i++) {
        const divisor = 1 + (sessions[i] - 1) * (sigma + kappa * sessions[i]);
        into[i] = logs[i] - Math.log(lambda * sessions[i] / divisor);
      }
    },
    jacobian(sessions, parameters, free, into) {
      const [sigma, kappa] = [parameters[1], parameters[2]];
      const first = 1 / parameters[0];
      for (let i = 0; i < sessions.length; i++) {
        const others = sessions[i] - 1;
        const slope = -others / (1 + others * (sigma + kappa * sessions[i]));
        for (let j = 0, at = i; j < free.length; j++, at += sessions.length) {
          into[at] = free[j] === 0 ? first : free[j] === 1 ? slope : slope * sessions[i];
        }
      }
    },
  },
};
