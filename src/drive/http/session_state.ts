import type { Sink } from "../driver.ts";
import type { Connection } from "../http1/mod.ts";
import type { StepEnd } from "./step.ts";

/** What a session opens and has to close: its connection, its streams. */
export interface Closable {
  /** Ends what is under way as `aborted`. */
  abort(): void;
  /** Closes for good. */
  close(): void;
}

/** Which row it is: the iteration, and when the step was to start. */
export interface RowOf {
  iteration: number;
  scheduled_ms: number;
}

/** One session, as its steps see it: what it has of its own, from its first step to its last. */
export class SessionState {
  /** Set while steps outside the iterations run: their rows say so. */
  phase?: "setup" | "teardown";
  /** The drain is over: no step is to begin any more. */
  drained = false;
  #closables: Closable[] = [];
  #sink: Sink;

  /**
   * @param session its number.
   * @param own its connection, and where its rows go.
   */
  constructor(readonly session: number, readonly own: { connection: Connection; sink: Sink }) {
    this.#sink = own.sink;
    this.owns(own.connection);
  }

  /** The connection that its requests share. */
  get connection(): Connection {
    return this.own.connection;
  }

  /** Has something aborted and closed together with the session. */
  owns(closable: Closable): void {
    this.#closables.push(closable);
  }

  /** Writes the row of a step that has ended. */
  record(step: string, end: StepEnd, { iteration, scheduled_ms }: RowOf): void {
    this.#sink.request({
      session: this.session,
      iteration,
      step,
      scheduled_ms,
      started_ms: end.started_ms,
      duration_ms: end.ended_ms - end.started_ms,
      outcome: end.outcome,
      status: end.status,
      bytes_in: end.bytes_in,
      bytes_out: end.bytes_out,
      phase: this.phase,
    });
  }

  /** Ends what is under way, when the drain is over. */
  abort(): void {
    this.drained = true;
    for (const closable of this.#closables) closable.abort();
  }

  /** Closes all that it owns. */
  close(): void {
    for (const closable of this.#closables) closable.close();
  }
}
