import type { ResourceRow } from "../schema/rows.ts";

/** Which processes belong to which group: a process belongs where its nearest listed ancestor does. */
export interface GroupRoots {
  /** Process ids of the system under test. */
  target: number[];
  /** More of it: every process of this name, but those above and below the coordinator. */
  target_name?: string;
  /** The system under test is this cgroup, as `/proc/<pid>/cgroup` names it. */
  target_cgroup?: string;
  /** Process ids of the coordinator; agents and sampler are its descendants. */
  generator: number[];
  /** Process ids of browser agents: they are `generator`, all their descendants are `browser`. */
  browser_agents: number[];
}

/** A resource row before it is numbered. */
export type Sample = Omit<ResourceRow, "seq">;

/** Reads what the groups and the machine have used so far. */
export interface Sampler {
  /** `linux` reads /proc and cgroup files, `portable` asks systeminformation. */
  readonly kind: "linux" | "portable";
  /**
   * One row a group, `system` last.
   *
   * @param t_ms When the sample is taken.
   * @param clock Stamps each row when its counters are read. @default they are all stamped `t_ms`
   */
  sample(roots: GroupRoots, t_ms: number, clock?: () => number): Sample[] | Promise<Sample[]>;
}
