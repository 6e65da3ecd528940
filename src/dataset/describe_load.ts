import type { Plan } from "../schema/plan.ts";

/**
 * What makes the sessions of a sweep start their iterations, in a line of words.
 *
 * @example The open model
 * ```ts
 * import { describeLoad } from "./describe_load.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   describeLoad({ mode: "http", pace_ms: 1000, arrivals: "poisson" }),
 *   "open model: a session is one iteration a pace of 1 s, begun at a random moment whatever has ended",
 * );
 * ```
 */
export function describeLoad(plan: Pick<Plan, "mode" | "pace_ms" | "think" | "arrivals" | "ramp_ms">): string {
  const { mode, pace_ms, think, arrivals, ramp_ms = 0 } = plan;
  if (mode === "command") return "the load generator's own";
  const ramp = ramp_ms > 0 ? `, ramped up over ${seconds(ramp_ms)}` : "";
  if (arrivals) {
    return `open model: a session is one iteration a pace of ${
      seconds(pace_ms)
    }, begun at a random moment whatever has ended${ramp}`;
  }
  if (think) {
    const { distribution, mean_ms, cv } = think;
    const spread = cv === undefined ? "" : `, its standard deviation ${cv} of the mean`;
    const long = distribution === "constant"
      ? seconds(mean_ms)
      : `${seconds(mean_ms)} on average (${distribution}${spread})`;
    return `closed model: a session thinks ${long} after each iteration${ramp}`;
  }
  return `closed model: a session starts an iteration every ${seconds(pace_ms)}${ramp}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
