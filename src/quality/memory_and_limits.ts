import type { AttemptFacts } from "./attempt_facts.ts";
import type { Capacity } from "./capacity_of.ts";
import { counterRate } from "./counter_rate.ts";
import type { ReducedSample } from "./resource_rows.ts";

/**
 * How far memory and the limit of CPU held a target back.
 *
 * @param byGroup Samples of the steady window by group, in order.
 * @param capacity What target, machine and run may use.
 * @returns Those of the facts that were measured.
 */
export function memoryAndLimits(
  byGroup: Map<string, ReducedSample[]>,
  capacity: Capacity,
): Pick<
  AttemptFacts,
  "throttled_ratio" | "memory_pressure_ratio" | "target_memory_share" | "machine_memory_share"
> {
  const [target = [], system = []] = [byGroup.get("target"), byGroup.get("system")];
  // The limit of the run's own cgroup is the target's as well where that is in it.
  const limited = capacity.shared?.groups.includes("target") ? system : target;
  return {
    throttled_ratio: counterRate(target, (row) => row.throttled_ms) ?? counterRate(limited, (row) => row.throttled_ms),
    memory_pressure_ratio: counterRate(system, (row) => row.pressure_memory_ms),
    target_memory_share: share(target.map((row) => row.memory_bytes), capacity.target_memory_bytes),
    machine_memory_share: share(system.map((row) => row.memory_used_bytes), capacity.machine_memory_bytes),
  };
}

function share(used_bytes: (number | undefined)[], of_bytes: number | undefined): number | undefined {
  const most_bytes = used_bytes.reduce<number>((most, bytes) => Math.max(most, bytes ?? 0), 0);
  return of_bytes === undefined || most_bytes === 0 ? undefined : most_bytes / of_bytes;
}
