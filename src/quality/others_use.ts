import type { ResourceRow } from "../schema/rows.ts";
import { counterRate } from "./counter_rate.ts";

/** Share of the machine's cores from which on it is not at rest. */
const BUSY = 0.1;

/** What is used beside target, browsers and generator. */
export interface OthersUse {
  /** Logical cores. */
  cores: number;
  /** Memory [bytes]. */
  memory_bytes: number;
}

/**
 * What the machine uses for others than the groups, over an idle window.
 *
 * @param resources Rows of the window, in order.
 * @returns The system's use less that of all groups, not below 0.
 */
export function othersUse(resources: readonly ResourceRow[]): OthersUse {
  const byGroup: Map<string, ResourceRow[]> = Map.groupBy(resources, (row) => row.group);
  const cores = (group: string) => counterRate(byGroup.get(group) ?? [], (row) => row.cpu_ms) ?? 0;
  const memory = (group: string) =>
    byGroup.get(group)?.findLast((row) => row.memory_bytes !== undefined)?.memory_bytes ?? 0;
  // A target that is a whole machine has what others use on it in its own rows.
  if (byGroup.get("target")?.some((row) => row.memory_kind === "system")) return { cores: 0, memory_bytes: 0 };
  const groups = [...byGroup.keys()].filter((group) => group !== "system");
  const rest = (of: (group: string) => number) =>
    Math.max(0, groups.reduce((left, group) => left - of(group), of("system")));
  return { cores: rest(cores), memory_bytes: rest(memory) };
}

/**
 * Says that a machine was busy with something else when it was to be at rest.
 *
 * @param cores What others used [logical cores].
 * @param capacity_cores Logical cores of the machine.
 * @returns One sentence, or `undefined` for a machine at rest.
 */
export function restlessness(cores: number, capacity_cores: number): string | undefined {
  if (cores <= BUSY * capacity_cores) return undefined;
  return `The machine was not at rest: something else used ${cores.toFixed(2)} of its ${capacity_cores} cores. ` +
    "Measure on a quiet one";
}
