import { effectiveSize, quantileRanks } from "../stats/mod.ts";
import { Ranked } from "./ranked.ts";

/**
 * Intervals for the quantiles of latency, by ranks, which hold for any distribution. Latencies that resemble their neighbours count as
 * fewer.
 *
 * @param latencies_ms In the order in which they ended, at least one.
 * @param quantiles Keys of metrics and their quantiles: `{ p95: 0.95 }`.
 * @param ranked The same latencies by rank.
 * @returns Metrics: `latency_ms_<key>_low` and `_high`, 95 % intervals; a bound for which there are too few values is absent.
 *   `effective_requests`: independent requests that would tell as much.
 *
 * @example Of 100 latencies the largest are no bound for p99
 * ```ts
 * import { quantileBounds } from "./quantile_bounds.ts";
 * import assert from "node:assert/strict";
 *
 * const latencies_ms = Array.from({ length: 100 }, (_, index) => 37 * index % 101);
 * const metrics = quantileBounds(latencies_ms, { p95: 0.95, p99: 0.99 });
 * assert("latency_ms_p95_high" in metrics && !("latency_ms_p99_high" in metrics));
 * ```
 */
export function quantileBounds(
  latencies_ms: readonly number[],
  quantiles: Record<string, number>,
  ranked: Ranked = new Ranked(latencies_ms),
): Record<string, number> {
  const n = latencies_ms.length;
  const { size } = effectiveSize(latencies_ms);
  const effective = Math.max(1, Math.floor(size));
  const metrics: Record<string, number> = { effective_requests: size };
  for (const [key, quantile] of Object.entries(quantiles)) {
    const { lower, upper } = quantileRanks(effective, quantile);
    // Ranks among as many independent values, stretched to those that there are, outwards.
    if (lower >= 1) metrics[`latency_ms_${key}_low`] = ranked.at(Math.max(1, Math.floor(lower * n / effective)) - 1);
    if (upper <= effective) {
      metrics[`latency_ms_${key}_high`] = ranked.at(Math.min(n, Math.ceil(upper * n / effective)) - 1);
    }
  }
  return metrics;
}
