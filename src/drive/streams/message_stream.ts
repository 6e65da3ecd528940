import { Buffer } from "node:buffer";
import type { Outcome } from "../../schema/rows.ts";
import { type ConnectionOptions, KEEP_LIMIT, outcomeOf, Wire } from "../http1/mod.ts";
import type { ProtocolEvents, StreamProtocol } from "./protocol.ts";

/** How long a server has to answer a goodbye [ms]. */
const GOODBYE_MS = 1000;

/** What a step on a stream does. */
export interface TurnOptions {
  /** Most time to open, to send, and until the messages waited for are there [ms]; at least `hold_ms`. */
  timeout_ms: number;
  /** Messages to send, in order. @default none */
  send?: readonly string[];
  /** Messages to wait for, counted from the turn's start. @default 0 */
  receive?: number;
  /** Goes on reading until that long after its start [ms]. @default 0 */
  hold_ms?: number;
  /** Keep the text of what is received. @default false */
  keep?: boolean;
}

/** How a turn ended, whatever way it did. */
export interface StreamTurn {
  outcome: Outcome;
  /** Why not `ok`. */
  reason?: string;
  /** Of the handshake; 0 of a turn on an open stream. */
  status: number;
  started_ms: number;
  /** When what was waited for was there, or it failed [ms]. */
  ended_ms: number;
  /** When it had read on as long as it was to [ms]. */
  over_ms: number;
  /** From when on its bytes came: the end of the turn before [ms]. */
  bytes_from_ms: number;
  bytes_in: number;
  bytes_out: number;
  /** Received since its start. */
  messages: number;
  /** Their texts, up to 16 MiB of them; empty unless kept. */
  texts: string[];
}

/** Bytes since the last turn. */
export type StreamBytes = Pick<StreamTurn, "bytes_from_ms" | "over_ms" | "bytes_in" | "bytes_out">;

interface Turn {
  kind: "open" | "messages" | "close";
  settle: (turn: StreamTurn) => void;
  reject: (fault: unknown) => void;
  started_ms: number;
  deadline_ms: number;
  hold_until_ms: number;
  /** When what it waits for was there. */
  reached_ms?: number;
  sent: boolean;
  receive: number;
  received: number;
  keep: boolean;
  texts: string[];
  kept: number;
}

/**
 * A stream of messages between one client and a server, over a connection of its own: opened by a turn of its own, then used
 * by one turn after the other, and read all the time between.
 *
 * Nothing that a server does makes a turn throw or last longer than it may. A stream that breaks between two turns is the
 * outcome of the next; the one after that must open it again.
 *
 * @example
 * ```ts ignore
 * const stream = new MessageStream({ host: "127.0.0.1", port: 8080, clock }, (events) => webSocket(request, events));
 * await stream.open({ timeout_ms: 1000 });
 * const { outcome, texts } = await stream.turn({ send: ["hello"], receive: 1, keep: true, timeout_ms: 1000 });
 * await stream.close();
 * ```
 */
export class MessageStream {
  #options: ConnectionOptions;
  #make: (events: ProtocolEvents) => StreamProtocol;
  #wire?: Wire;
  #protocol?: StreamProtocol;
  #turn?: Turn;
  #broken?: { outcome: Outcome; reason: string };
  #open = false;
  #taken_ms = 0;
  #alarm_ms = Infinity;
  #over: AbortSignal;

  constructor(options: ConnectionOptions, make: (events: ProtocolEvents) => StreamProtocol) {
    this.#options = options;
    this.#make = make;
    this.#over = options.over ?? new AbortController().signal;
  }

  /** Whether a turn needs no opening before it. Of one that broke since the last turn this is true: the turn will say so. */
  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Opens it: ends when the server has agreed, or has not.
   *
   * @throws {TypeError} If the request cannot be written as HTTP.
   */
  // deno-lint-ignore require-await -- what it throws must come as a rejection
  async open({ timeout_ms }: Pick<TurnOptions, "timeout_ms">): Promise<StreamTurn> {
    const mine = () => wire === this.#wire;
    const protocol = this.#make({
      opened: (status) => mine() && this.#onOpened(status),
      refused: (outcome, reason, status) => mine() && this.#break(outcome, reason, status),
      message: (read) => mine() && this.#onMessage(read),
      answer: (bytes) => mine() && wire.send(bytes),
      ended: (outcome, reason) => mine() && this.#break(outcome, reason),
    });
    let wire: Wire;
    return this.#begin("open", { timeout_ms }, () => {
      this.#taken_ms = this.#now();
      wire = new Wire(this.#options, {
        data: (bytes) => mine() && this.#onData(bytes),
        end: () => mine() && this.#protocol?.end(),
        error: (error) => mine() && this.#onError(error),
      });
      this.#wire = wire;
      this.#protocol = protocol;
      wire.send(protocol.request.bytes);
    });
  }

  /**
   * Sends, waits for messages, and goes on reading, as it is told.
   *
   * @throws {TypeError} If messages are to be sent where one can only listen.
   */
  // deno-lint-ignore require-await -- what it throws must come as a rejection
  async turn(options: TurnOptions): Promise<StreamTurn> {
    if (!this.#open) throw new Error("Cannot use a stream as it must be open: current state is closed");
    const { send = [] } = options;
    const frames = this.#broken ? [] : send.map((text) => this.#protocol!.encode(text));
    return this.#begin("messages", options, (turn) => {
      if (this.#broken) this.#break(this.#broken.outcome, this.#broken.reason);
      else if (frames.length === 0) this.#onSent(turn);
      else this.#wire!.send(frames.length === 1 ? frames[0] : Buffer.concat(frames), () => this.#onSent(turn));
    });
  }

  /** Ends the waiting of a turn that has got what it waited for. */
  release(): void {
    if (!this.#turn) return;
    this.#turn.hold_until_ms = -Infinity;
    this.#check();
  }

  /** Ends the turn under way, if there is one, as `aborted`. */
  abort(): void {
    if (this.#turn) this.#break("aborted", "the attempt ended");
  }

  /** Says goodbye, where that is the custom, and closes. @returns what went over the wire since the last turn. */
  async close(): Promise<StreamBytes> {
    this.abort();
    const goodbye = this.#broken ? undefined : this.#protocol?.goodbye;
    if (!this.#wire || !goodbye) return this.#drop();
    return await this.#begin("close", { timeout_ms: GOODBYE_MS }, () => this.#wire!.send(goodbye()));
  }

  #begin(kind: Turn["kind"], options: TurnOptions, act: (turn: Turn) => void): Promise<StreamTurn> {
    if (this.#turn) {
      throw new Error("Cannot use a stream as the turn before must have ended: current value is under way");
    }
    const { timeout_ms, receive = 0, hold_ms = 0, keep = false } = options;
    return new Promise((settle, reject) => {
      const started_ms = this.#now();
      const turn: Turn = {
        kind,
        settle,
        reject,
        started_ms,
        deadline_ms: started_ms + Math.max(timeout_ms, hold_ms),
        hold_until_ms: started_ms + hold_ms,
        sent: false,
        receive,
        received: 0,
        keep,
        texts: [],
        kept: 0,
      };
      this.#turn = turn;
      act(turn);
      if (this.#turn === turn) this.#check();
    });
  }

  #onData(bytes: Uint8Array): void {
    try {
      this.#protocol?.push(bytes);
    } catch (error) {
      this.#onError(error);
    }
  }

  #onError(error: unknown): void {
    let outcome: Outcome;
    try {
      outcome = outcomeOf(error, this.#wire?.securing);
    } catch (fault) {
      if (!this.#turn) throw fault;
      this.#turn.reject(fault);
      this.#turn = undefined;
      this.#drop();
      return;
    }
    this.#break(outcome, (error as Error).message);
  }

  #onOpened(status: number): void {
    this.#open = true;
    this.#turn!.reached_ms = this.#now();
    this.#finish("ok", { status });
  }

  #onSent(turn: Turn): void {
    turn.sent = true;
    if (turn === this.#turn) this.#check();
  }

  #onMessage(read: () => string): void {
    const turn = this.#turn;
    if (turn?.kind !== "messages") return;
    turn.received++;
    if (turn.keep && turn.kept < KEEP_LIMIT) {
      const text = read();
      turn.kept += text.length;
      turn.texts.push(text);
    }
    if (turn.received === turn.receive) this.#check();
  }

  /** Ends the turn if it has all, or no time any more; otherwise looks again when one of the two may be. */
  #check(): void {
    const turn = this.#turn!;
    const now_ms = this.#now();
    if (turn.kind === "messages" && turn.sent && turn.received >= turn.receive) turn.reached_ms ??= now_ms;
    const until_ms = turn.reached_ms === undefined ? turn.deadline_ms : turn.hold_until_ms;
    if (now_ms < until_ms) {
      if (until_ms < this.#alarm_ms) this.#setAlarm(until_ms);
    } else if (turn.reached_ms !== undefined) this.#finish("ok");
    else if (turn.kind === "messages" && turn.sent) {
      // Late messages are no reason to hang up: they count with the turns that they come in.
      this.#finish("timeout", { reason: `${turn.received} of ${turn.receive} messages had come` });
    } else this.#break("timeout", `nothing had come of it after ${Math.round(now_ms - turn.started_ms)} ms`);
  }

  #setAlarm(t_ms: number): void {
    this.#alarm_ms = t_ms;
    this.#options.clock.until(t_ms, this.#over).then(() => {
      if (this.#alarm_ms !== t_ms) return;
      this.#alarm_ms = Infinity;
      if (this.#turn) this.#check();
    });
  }

  /** The stream is of no more use. */
  #break(outcome: Outcome, reason: string, status = 0): void {
    this.#protocol = undefined;
    if (!this.#turn) {
      this.#broken ??= { outcome, reason };
      this.#wire!.destroy();
      return;
    }
    this.#open = false;
    this.#finish(outcome, { reason, status });
    this.#drop();
  }

  #finish(outcome: Outcome, { reason, status = 0 }: { reason?: string; status?: number } = {}): void {
    const { settle, started_ms, reached_ms, received, texts } = this.#turn!;
    this.#turn = undefined;
    const bytes = this.#takeBytes();
    settle({
      ...bytes,
      outcome,
      ...(outcome === "ok" ? {} : { reason }),
      status,
      started_ms,
      ended_ms: reached_ms !== undefined && outcome === "ok" ? reached_ms : bytes.over_ms,
      messages: received,
      texts,
    });
  }

  #takeBytes(): StreamBytes {
    const bytes_from_ms = this.#taken_ms;
    this.#taken_ms = this.#now();
    const { bytes_in, bytes_out } = this.#wire?.takeBytes() ?? { bytes_in: 0, bytes_out: 0 };
    return { bytes_from_ms, over_ms: this.#taken_ms, bytes_in, bytes_out };
  }

  #drop(): StreamBytes {
    const bytes = this.#takeBytes();
    this.#wire?.destroy();
    this.#wire = this.#protocol = this.#broken = undefined;
    this.#open = false;
    return bytes;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
