import type { Assumptions, SizingMetric } from "../schema/mod.ts";

/**
 * What to buy for a use that is known with its upper bound U.
 *
 * - cores = ⌈max(U/utilisation, estimate·safety)⌉, at least one;
 * - memory = operating system + max(U·(1 + headroom), estimate·safety);
 * - disk = (stored already + U)/(1 − free);
 * - network = max(U, estimate·safety).
 *
 * The upper bound and the safety factor are alternatives: multiplying both would pay for the same doubt twice.
 *
 * @param metric Row of the specification.
 * @param use In the row's unit; for disk the bytes kept, as {@linkcode keptHours} makes them of a rate.
 * @param assumptions Safety, utilisation, headroom, baselines.
 * @returns In the row's unit.
 */
export function applyRule(
  metric: SizingMetric,
  use: { estimate: number; upper: number },
  assumptions: Assumptions,
): number {
  const { safety, utilisation, memory_headroom, baseline_os_bytes, baseline_storage_bytes, free_space } = assumptions;
  const safe = use.estimate * safety;
  switch (metric) {
    case "cores":
      // 3.0000000001 cores are three: the rest is rounding.
      return Math.max(1, Math.ceil(Math.max(use.upper / utilisation, safe) - 1e-9));
    case "memory_bytes":
      return baseline_os_bytes + Math.max(use.upper * (1 + memory_headroom), safe);
    case "disk_bytes":
      return (baseline_storage_bytes + use.upper) / (1 - free_space);
    case "network_bytes_per_s":
      return Math.max(use.upper, safe);
  }
}
