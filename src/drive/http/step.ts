import type { HttpResponse } from "../http1/mod.ts";
import type { SessionState } from "./session_state.ts";

/** One step of an `http` scenario, the same for all sessions. */
export interface Step {
  /** Of its rows. */
  readonly name: string;
  /**
   * Does it once. Its row is written by whoever calls; rows besides that one are the step's own affair (`state.record`).
   * Whatever goes wrong is an outcome: it never throws, and ends when `state.abort()` is called.
   *
   * @param scheduled_ms when it was to start, for further rows.
   */
  run(state: SessionState, iteration: number, scheduled_ms: number): Promise<StepEnd>;
}

/** How a step ended, and what went over the wire for it. */
export interface StepEnd
  extends Pick<HttpResponse, "outcome" | "status" | "started_ms" | "ended_ms" | "bytes_in" | "bytes_out"> {
  /** Of its row, where that is not the step's name. */
  row?: string;
  /** The response, where it is kept. */
  response?: HttpResponse;
  /** The messages that came, where they are kept. */
  texts?: string[];
  /** When it was to start, where that is not when the step before ended: after a row of its own. */
  scheduled_ms?: number;
  /** Why it is not `ok`, where the outcome alone does not say. */
  reason?: string;
  /** Of a stream: from when on its bytes came. */
  bytes_from_ms?: number;
  /** Of a stream: when the step was over, after what was waited for had come. */
  over_ms?: number;
}
