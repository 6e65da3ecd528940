import { MessageStream, type TurnOptions } from "../streams/message_stream.ts";
import type { ProtocolEvents, StreamProtocol } from "../streams/protocol.ts";
import type { Closable, SessionState } from "./session_state.ts";
import type { StepEnd } from "./step.ts";

/** Makes the protocol of a stream that is about to be opened. */
export type MakeProtocol = (events: ProtocolEvents) => StreamProtocol;

/** What a step on a stream does, and whether others may follow on it. */
export interface StreamAct extends TurnOptions {
  /** Whether it stays open. @default true */
  keepOpen?: boolean;
}

/** A stream of a session under a name: opened where it is not open, with a row of its own, and kept from step to step. */
export class NamedStream implements Closable {
  #stream: MessageStream;
  #make: MakeProtocol;

  constructor(readonly name: string, readonly state: SessionState, make: MakeProtocol) {
    this.#make = make;
    this.#stream = new MessageStream(state.server, (events) => this.#make(events));
  }

  /**
   * Does one step, and writes the row of its opening, if it was opened for it.
   *
   * @param make how it is opened, if it must be: the last one given counts.
   * @param of which row it is.
   * @returns how the step ended, for its row; where it could not be opened how that ended.
   * @throws {TypeError} If its request cannot be written as HTTP, or a message is to be sent where one can only listen.
   */
  async act(
    make: MakeProtocol,
    act: StreamAct,
    { iteration, scheduled_ms }: { iteration: number; scheduled_ms: number },
  ): Promise<StepEnd & { texts: string[] }> {
    const row = `${this.name} (connect)`;
    let due_ms = scheduled_ms;
    this.#make = make;
    if (!this.#stream.isOpen) {
      const opened = await this.#stream.open(act);
      if (opened.outcome !== "ok") return { ...opened, row };
      const { bytes_from_ms: _from_ms, over_ms: _over_ms, ...end } = opened;
      this.state.record(row, end, { iteration, scheduled_ms });
      due_ms = opened.ended_ms;
    }
    const turn = await this.#stream.turn(act);
    const end = { ...turn, scheduled_ms: due_ms };
    if (act.keepOpen !== false) return end;
    const rest = await this.#stream.close();
    const bytes_in = end.bytes_in + rest.bytes_in;
    return { ...end, bytes_in, bytes_out: end.bytes_out + rest.bytes_out, over_ms: rest.over_ms };
  }

  abort(): void {
    this.#stream.abort();
  }

  release(): void {
    this.#stream.release();
  }

  async close(): Promise<void> {
    this.state.recordRest(this.name, await this.#stream.close());
  }
}
