import { levelMeans } from "../model/mod.ts";
import type { Assumptions, FitReport, FleetRow, SizingMetric } from "../schema/mod.ts";
import { applyRule, keptBytes } from "./apply_rule.ts";
import { type Demand, METRIC_BEHIND, readMeasured } from "./read_demand.ts";

/**
 * Equal machines that carry a target together, each at a concurrency that was measured.
 *
 * A worker carries the top usable level, or the whole target where that is less. The operating system is paid on each.
 *
 * @param fits Of one run.
 * @param target Sessions to size for.
 * @param assumptions Peak, spare workers, and the rules of {@linkcode applyRule}.
 * @returns Workers, the spare ones included; `undefined` where no level is usable.
 */
export function planFleet(fits: FitReport, target: number, assumptions: Assumptions): FleetRow | undefined {
  const top = topMeasuredSessions(fits);
  if (top === undefined) return undefined;
  const peakSessions = target * assumptions.peak;
  const sessions = Math.min(top, Math.ceil(peakSessions - 1e-9));
  const buy = (metric: SizingMetric) => applyRule(metric, useAt(fits, metric, { sessions, assumptions }), assumptions);
  return {
    target_sessions: target,
    sessions_per_worker: sessions,
    workers: Math.ceil(peakSessions / sessions - 1e-9) + assumptions.spare_workers,
    spare: assumptions.spare_workers,
    cores_per_worker: buy("cores"),
    memory_bytes_per_worker: buy("memory_bytes"),
    disk_bytes_per_worker: buy("disk_bytes"),
  };
}

/** What a worker at this concurrency uses, in the row's unit. */
export function useAt(
  fits: FitReport,
  metric: SizingMetric,
  { sessions, assumptions }: { sessions: number; assumptions: Assumptions },
): Demand {
  const demand = readMeasured(fits, metric, sessions);
  return metric === "disk_bytes" ? inKeptBytes(demand, assumptions) : demand;
}

/** Turns a rate of writing into bytes kept. */
export function inKeptBytes(demand: Demand, assumptions: Assumptions): Demand {
  const kept = (rate: number) => keptBytes(rate, assumptions);
  return {
    ...demand,
    estimate: kept(demand.estimate),
    interval: [kept(demand.interval[0]), kept(demand.interval[1])],
    upper: kept(demand.upper),
  };
}

/** The highest level that both cores and memory may be read at; `undefined` where there is none. */
export function topMeasuredSessions(fits: FitReport): number | undefined {
  const tops = [METRIC_BEHIND.cores, METRIC_BEHIND.memory_bytes].map((name) => {
    const last = levelMeans(fits.metrics[name]?.points ?? []).at(-1);
    // The level that was planned, unless fewer sessions than that were really alive.
    return !last ? undefined : last.level <= 1.02 * last.sessions ? last.level : Math.max(1, Math.floor(last.sessions));
  });
  const known = tops.filter((top) => top !== undefined);
  return known.length === tops.length ? Math.min(...known) : undefined;
}
