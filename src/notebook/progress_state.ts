import type { ProgressEvent, ProgressPhase } from "../schema/mod.ts";

/** What is known of a running sweep. */
export interface ProgressState {
  phase: ProgressPhase;
  level?: number;
  replicate?: number;
  attempt?: number;
  index: number;
  of: number;
  /** Of the current phase's start, since the sweep began [ms]. */
  phase_elapsed_ms: number;
  /** Now, since the sweep began [ms]. */
  elapsed_ms: number;
  /** Planned length of the whole [ms]. */
  total_ms: number;
  live_sessions?: number;
  iterations?: number;
  errors?: number;
  cores: Record<string, number>;
  memory_bytes: Record<string, number>;
  /** Cores by group over the sweep's time, thinned out as it grows; `part` is the same within an attempt. */
  history: { elapsed_ms: number; part: number; cores: Record<string, number> }[];
  flags: { level: number; replicate: number; name: string; reason: string }[];
  /** How it ended, and why where it is not complete. */
  end?: { state: NonNullable<PhaseEvent["state"]>; reason?: string };
}

type PhaseEvent = Extract<ProgressEvent, { kind: "phase" }>;

/** Points of the history that are kept at most: more could not be told apart in the picture. */
const HISTORY = 300;

/** A sweep that has not begun. */
export function emptyProgress(): ProgressState {
  return {
    phase: "preflight",
    index: 0,
    of: 1,
    phase_elapsed_ms: 0,
    elapsed_ms: 0,
    total_ms: 0,
    cores: {},
    memory_bytes: {},
    history: [],
    flags: [],
  };
}

/**
 * What is known after one more event.
 *
 * @param state What was known; not changed.
 * @param event What happened.
 * @returns The new state.
 */
export function nextProgress(state: ProgressState, event: ProgressEvent): ProgressState {
  switch (event.kind) {
    case "phase": {
      const { phase, level, replicate, attempt, index, of, elapsed_ms } = event;
      const total_ms = elapsed_ms + event.remaining_ms;
      if (phase === "done") return { ...state, phase, elapsed_ms, end: endOf(event) };
      const begun = { phase, level, replicate, attempt, index, of, elapsed_ms, phase_elapsed_ms: elapsed_ms, total_ms };
      return { ...state, ...begun, live_sessions: undefined, iterations: undefined, errors: undefined };
    }
    case "sample": {
      const { live_sessions, iterations, errors, cores, memory_bytes } = event;
      const elapsed_ms = Math.max(state.elapsed_ms, state.phase_elapsed_ms + event.t_ms);
      const total_ms = Math.max(state.total_ms, elapsed_ms);
      const whole = [...state.history, { elapsed_ms, part: state.phase_elapsed_ms, cores }];
      const history = whole.length > HISTORY ? whole.filter((_, i) => i % 2 === 0) : whole;
      const memory = { ...state.memory_bytes, ...memory_bytes };
      return {
        ...state,
        elapsed_ms,
        total_ms,
        live_sessions,
        iterations,
        errors,
        cores,
        memory_bytes: memory,
        history,
      };
    }
    case "flag": {
      const { level, replicate, name, reason } = event;
      return { ...state, flags: [...state.flags, { level, replicate, name, reason }] };
    }
  }
}

function endOf({ state = "complete", reason }: PhaseEvent): ProgressState["end"] {
  return { state, ...(reason === undefined ? {} : { reason }) };
}
