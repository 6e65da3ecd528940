import type { RequestRow } from "../../schema/rows.ts";
import type { Sink } from "../driver.ts";
import type { Connection, ConnectionOptions } from "../http1/mod.ts";
import type { StreamBytes } from "../streams/mod.ts";
import type { NamedStream } from "./named_stream.ts";
import type { SessionCookies } from "./session_cookies.ts";
import type { StepEnd } from "./step.ts";

/** What a session opens and has to close: its connection, its streams. */
export interface Closable {
  /** Ends what is under way as `aborted`. */
  abort(): void;
  /** Closes for good. */
  close(): void | Promise<void>;
  /** Ends what only waits for time to pass: the attempt is over. */
  release?(): void;
}

/** Which row it is: the iteration, and when the step was to start. */
export interface RowOf {
  iteration: number;
  scheduled_ms: number;
}

/** What a session has of its own, and what it shares. */
export interface SessionOwn {
  /** That its requests share. */
  connection: Connection;
  /** Its row of the plan's users. @default none */
  user?: Readonly<Record<string, string>>;
  /** Absent where the plan wants none. */
  cookies?: SessionCookies;
  /** Where streams connect to. */
  server: ConnectionOptions;
  sink: Sink;
  /** Values of `{env.NAME}`, by name. @default none */
  environment?: Readonly<Record<string, string>>;
  /** Steps and outcomes of all sessions that have been explained. */
  explained: Set<string>;
}

const NOBODY = {};

/** One session, as its steps see it: what it has of its own, from its first step to its last. */
export class SessionState {
  /** Set while steps outside the iterations run: their rows say so. */
  phase?: "setup" | "teardown";
  /** The drain is over: no step is to begin any more. */
  drained = false;
  /** That its requests share. */
  readonly connection: Connection;
  /** Values of `{user.COLUMN}`, by column. */
  readonly user: Readonly<Record<string, string>>;
  readonly cookies?: SessionCookies;
  #closables: Closable[] = [];
  #streams = new Map<string, NamedStream>();
  #sink: Sink;

  constructor(readonly session: number, readonly own: SessionOwn) {
    this.connection = own.connection;
    this.user = own.user ?? NOBODY;
    this.cookies = own.cookies;
    this.#sink = own.sink;
    this.owns(own.connection);
  }

  /** Where its streams connect to. */
  get server(): ConnectionOptions {
    return this.own.server;
  }

  /** One of its streams, which `make` makes and does not open. */
  stream(key: string, make: () => NamedStream): NamedStream {
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      this.#streams.set(key, stream = make());
      this.owns(stream);
    }
    return stream;
  }

  /** Has something aborted and closed together with the session. */
  owns(closable: Closable): void {
    this.#closables.push(closable);
  }

  /** Writes the row of a step that has ended. */
  record(name: string, end: StepEnd, { iteration, scheduled_ms: due_ms }: RowOf): void {
    const { row: step = name, scheduled_ms = due_ms, outcome, reason } = end;
    if (reason !== undefined && outcome !== "ok" && outcome !== "aborted") this.#explain(step, end, reason);
    const row: Omit<RequestRow, "seq"> = {
      session: this.session,
      iteration,
      step,
      scheduled_ms,
      started_ms: end.started_ms,
      duration_ms: end.ended_ms - end.started_ms,
      outcome,
      status: end.status,
      bytes_in: end.bytes_in,
      bytes_out: end.bytes_out,
      phase: this.phase,
    };
    if (end.bytes_from_ms !== undefined) {
      row.bytes_from_ms = end.bytes_from_ms;
      row.bytes_to_ms = end.over_ms ?? end.ended_ms;
    }
    this.#sink.request(row);
  }

  /** Leaves what went on a stream after its last row. */
  recordRest(step: string, { bytes_in, bytes_out, bytes_from_ms, over_ms }: StreamBytes): void {
    if (bytes_in + bytes_out === 0) return;
    const { session } = this;
    this.#sink.event({ t_ms: over_ms, event: "stream_end", session, step, bytes_in, bytes_out, bytes_from_ms });
  }

  #explain(step: string, { outcome, ended_ms }: StepEnd, text: string): void {
    const { session, own: { explained } } = this;
    const key = `${step} ${outcome}`;
    if (explained.has(key)) return;
    explained.add(key);
    const reason = this.#withoutSecrets(text.split("\n")[0]).slice(0, 300);
    this.#sink.event({ t_ms: Math.max(0, ended_ms), event: "step_failed", session, step, outcome, reason });
  }

  /** What a module or a server says may quote what was filled in. */
  #withoutSecrets(text: string): string {
    const named = (kind: string, values: Readonly<Record<string, string>> = {}) =>
      Object.entries(values).map(([name, value]) => [`{${kind}.${name}}`, value]);
    let clean = text;
    for (const [place, value] of [...named("env", this.own.environment), ...named("user", this.user)]) {
      // One or two letters are in every text, and hide nothing.
      if (value.length > 2) clean = clean.replaceAll(value, place).replaceAll(encodeURIComponent(value), place);
    }
    return clean;
  }

  /** Ends what only waits for time to pass. */
  release(): void {
    for (const closable of this.#closables) closable.release?.();
  }

  /** Ends what is under way, when the drain is over. */
  abort(): void {
    this.drained = true;
    for (const closable of this.#closables) closable.abort();
  }

  /** Closes all that it owns. */
  async close(): Promise<void> {
    await Promise.all(this.#closables.map((closable) => closable.close()));
  }
}
