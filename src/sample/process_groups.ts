import type { GroupRoots } from "./sampler.ts";

/** The groups that processes are charged to; `system` is not one of them. */
export type ProcessGroup = "target" | "browser" | "generator";

/**
 * Charges every process to a group: that of its nearest listed ancestor, itself included.
 *
 * @param parents parent of every live process id.
 * @param roots the listed processes.
 * @param kept processes that are known to belong to a group, whoever their parent is by now.
 * @returns the group of every process that has one.
 *
 * @example A browser below its agent
 * ```ts
 * import { processGroups } from "./process_groups.ts";
 * import assert from "node:assert/strict";
 *
 * const parents = new Map([[10, 1], [11, 10], [12, 11]]);
 * const groups = processGroups(parents, { target: [], generator: [10], browser_agents: [11] });
 * assert.deepEqual([...groups], [[10, "generator"], [11, "generator"], [12, "browser"]]);
 * ```
 */
export function processGroups(
  parents: ReadonlyMap<number, number>,
  roots: GroupRoots,
  kept: ReadonlyMap<number, ProcessGroup> = new Map(),
): Map<number, ProcessGroup> {
  const below = new Map<number, ProcessGroup>();
  const own = new Map<number, ProcessGroup>();
  for (const pid of roots.generator) own.set(pid, "generator");
  for (const pid of roots.target) own.set(pid, "target");
  for (const pid of roots.browser_agents) {
    own.set(pid, "generator");
    below.set(pid, "browser");
  }
  const known = new Map<number, ProcessGroup | undefined>();
  // What `pid` is charged to, and what its children inherit, differ for browser agents only.
  const inherited = (pid: number, depth: number): ProcessGroup | undefined => {
    if (below.has(pid)) return below.get(pid);
    if (own.has(pid)) return own.get(pid);
    if (kept.has(pid)) return kept.get(pid);
    if (known.has(pid)) return known.get(pid);
    const parent = parents.get(pid);
    const group = parent === undefined || depth > 512 ? undefined : inherited(parent, depth + 1);
    known.set(pid, group);
    return group;
  };
  const groups = new Map<number, ProcessGroup>();
  for (const pid of parents.keys()) {
    const group = own.get(pid) ?? kept.get(pid) ?? inherited(pid, 0);
    if (group) groups.set(pid, group);
  }
  return groups;
}
