import type { Plan } from "../schema/plan.ts";
import { mixSeed, seededRandom } from "../stats/mod.ts";

/**
 * The intended starts of the open model: a Poisson process with on average `level` arrivals a pace, growing from none over
 * the ramp.
 *
 * The whole schedule follows from the seed, the level and the replicate, so agent k of n computes the same and takes its share:
 * the arrivals `i` with `i mod n = k − 1`. Whoever has sessions of the level by number, as many as it carries, takes the arrivals
 * with `i mod level` among them.
 *
 * Source: time change by the inverse of the cumulative rate, L. Devroye, Non-Uniform Random Variate Generation, chapter VI.1.
 *
 * @param plan seed, pace and ramp.
 * @param of the attempt, and which part of it: a share, or sessions; all of it without either.
 * @returns ascending milliseconds from the attempt's start, without an end.
 *
 * @example Two agents share one schedule
 * ```ts
 * import { poissonArrivals } from "./poisson_arrivals.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = { seed: 1, pace_ms: 1000 };
 * const first = (share?: { k: number; of: number }) =>
 *   poissonArrivals(plan, { level: 8, replicate: 1, share }).take(2).toArray();
 * assert.deepEqual(first(), [...first({ k: 1, of: 2 }).slice(0, 1), ...first({ k: 2, of: 2 }).slice(0, 1)]);
 * ```
 */
export function* poissonArrivals(
  plan: Pick<Plan, "seed" | "pace_ms" | "ramp_ms">,
  of: { level: number; replicate: number; share?: { k: number; of: number }; sessions?: readonly number[] },
): Generator<number, never> {
  const { ramp_ms = 0, pace_ms } = plan;
  const { level, replicate, share = { k: 1, of: 1 } } = of;
  const sessions = of.sessions && new Set(of.sessions);
  const random = seededRandom(mixSeed(plan.seed, level, replicate));
  let passed_ms = 0;
  for (let arrival = 0;; arrival++) {
    passed_ms -= pace_ms / level * Math.log(1 - random());
    if (sessions ? !sessions.has(arrival % level) : arrival % share.of !== share.k - 1) continue;
    // While the rate grows, half of it is offered on average.
    yield passed_ms < ramp_ms / 2 ? Math.sqrt(2 * ramp_ms * passed_ms) : passed_ms + ramp_ms / 2;
  }
}
