/** What a sweep is doing. `idle_before` and `idle_after` measure the machine without load. */
export type ProgressPhase = "preflight" | "idle_before" | "level" | "idle_after" | "done";

/**
 * What a running sweep tells its listener (`onProgress`). Plain data.
 *
 * `phase`: a part of the sweep begins; part `index` (from 0) of `of`. The last is `done`, however it ended. `sample`: a resource sample of the running level.
 * `flag`: a replicate is set apart, and why.
 */
export type ProgressEvent =
  | {
    kind: "phase";
    phase: ProgressPhase;
    /** Sessions planned, where the phase is a level. */
    level?: number;
    replicate?: number;
    attempt?: number;
    index: number;
    of: number;
    /** Since the sweep began [ms]. */
    elapsed_ms: number;
    /** Until the planned end [ms]. */
    remaining_ms: number;
    /** How it ended, where the phase is `done`. */
    state?: "complete" | "partial" | "stopped" | "guarded";
    /** One sentence where it is not complete. */
    reason?: string;
  }
  | {
    kind: "sample";
    /** Since the attempt's start [ms]. */
    t_ms: number;
    level: number;
    replicate: number;
    live_sessions: number;
    /** Iterations ended so far in this attempt. */
    iterations: number;
    errors: number;
    /** Logical cores used since the last sample, by group. */
    cores: Record<string, number>;
    /** Last reading, by group [bytes]. */
    memory_bytes: Record<string, number>;
  }
  | { kind: "flag"; level: number; replicate: number; name: string; reason: string };
