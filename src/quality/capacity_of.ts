import type { Group, Plan } from "../schema/plan.ts";
import type { Provenance } from "../schema/run.ts";

/** What there is to be used up, each to be compared with what is counted on the same ground. */
export interface Capacity {
  /** Logical cores that the target may use; infinite where nobody knows, as of a program on another machine. */
  target_cores: number;
  /** Logical cores of the machine that samples: what `system` rows count. */
  machine_cores: number;
  /** Memory that the target may use [bytes]; absent where nobody knows. */
  target_memory_bytes?: number;
  /** Memory of the machine that samples [bytes]. */
  machine_memory_bytes?: number;
  /** The limit of the cgroup that the run itself is in, and the groups that share it; absent without a limit. */
  shared?: { cores: number; groups: Group[] };
  /** Logical cores of the machines of the other shares, by share, and what their cgroups leave them of these. */
  others?: Record<number, { machine_cores: number; cores: number }>;
}

/**
 * What target, machine and run may use, from what was found when the run began.
 *
 * @param plan What was planned.
 * @param provenance Cores of the machine, limits of the run's cgroup and of the target's.
 * @returns Logical cores, bytes.
 *
 * @example A run in a container of two cores, its target outside
 * ```ts
 * import { capacityOf } from "./capacity_of.ts";
 * import assert from "node:assert/strict";
 *
 * const capacity = capacityOf({}, { vcpus: 8, cgroup_limits: { cores: 2 }, target_limits: {} });
 * assert.deepEqual(capacity, {
 *   target_cores: 8,
 *   machine_cores: 8,
 *   shared: { cores: 2, groups: ["browser", "generator"] },
 * });
 * ```
 */
export function capacityOf(
  plan: Pick<Plan, "target_prometheus">,
  provenance:
    & Pick<Provenance, "vcpus" | "cgroup_limits" | "target_limits" | "shares">
    & Partial<Pick<Provenance, "memory_bytes">>,
): Capacity {
  const { vcpus, cgroup_limits, target_limits, shares, memory_bytes } = provenance;
  // A page's limits are those of its machine, which need not be this one.
  const elsewhere = plan.target_prometheus !== undefined;
  const local = Math.min(vcpus, (target_limits ?? cgroup_limits).cores ?? Infinity);
  const limit_bytes = (target_limits ?? (elsewhere ? {} : cgroup_limits)).memory_bytes ?? Infinity;
  const most_bytes = Math.min(elsewhere ? Infinity : memory_bytes ?? Infinity, limit_bytes);
  const target_memory_bytes = Number.isFinite(most_bytes) ? most_bytes : undefined;
  const inside = !elsewhere && (target_limits === undefined || target_limits.shared === true);
  const groups: Group[] = inside ? ["target", "browser", "generator"] : ["browser", "generator"];
  return {
    target_cores: elsewhere ? target_limits?.cores ?? Infinity : local,
    machine_cores: vcpus,
    ...(target_memory_bytes === undefined ? {} : { target_memory_bytes }),
    ...(memory_bytes === undefined ? {} : { machine_memory_bytes: memory_bytes }),
    ...(cgroup_limits.cores === undefined ? {} : { shared: { cores: cgroup_limits.cores, groups } }),
    ...(shares
      ? {
        others: Object.fromEntries(shares.map(({ k, vcpus, cgroup_limits }) => [
          k,
          { machine_cores: vcpus, cores: Math.min(vcpus, cgroup_limits.cores ?? Infinity) },
        ])),
      }
      : {}),
  };
}
