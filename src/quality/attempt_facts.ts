/** What the flags of one attempt are decided from: numbers over its steady window. Absent means not measured. */
export interface AttemptFacts {
  /** Sessions planned. */
  level: number;
  /** Iterations that the pace asks for in the window, or that arrived; 0 where sessions think, or nobody knows. */
  planned: number;
  /** Iterations that ended well in the window. */
  delivered?: number;
  /** Slots that passed in the window while their session was busy, and arrivals that no session was free for. */
  undelivered?: number;
  /** More than half of the requests failed, so that the attempt was ended early or might as well have been. */
  failed?: boolean;
  /** How the user's load generator went wrong. */
  command?: string;
  /** Share of the requests that failed, 0–1. */
  error_ratio?: number;
  /** Logical cores that the target may use. */
  capacity_cores: number;
  /** Logical cores of the machine, which `system_cores` are some of; `capacity_cores` if left out. */
  machine_cores?: number;
  /** Use of the limit of the cgroup that the run itself is in, 0–1. */
  shared_busy?: number;
  target_cores?: number;
  system_cores?: number;
  /** Use of one core by the busiest thread, 0–1. */
  target_hottest_thread?: number;
  generator_hottest_thread?: number;
  /** In a merged run, use of the busiest machine that drove another share, 0–1. */
  other_machine_busy?: number;
  loop_lag_p99_ms?: number;
  start_late_p99_ms?: number;
  pace_ms: number;
  /** Share of the window that a hypervisor took away, 0–1 of all cores. */
  steal_ratio?: number;
  /** Time for which the target's CPU limit held its tasks back, of the window; more than 1 where that were several at once. */
  throttled_ratio?: number;
  /** Share of the window in which some task of the machine waited for memory, 0–1. */
  memory_pressure_ratio?: number;
  /** The target's peak of the memory that it may use, 0–1. */
  target_memory_share?: number;
  /** The machine's peak of its memory, 0–1. */
  machine_memory_share?: number;
  /** Resource samples in the window. */
  samples: number;
}
