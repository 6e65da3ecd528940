import type { Outcome } from "../../schema/rows.ts";
import type { WireRequest } from "../http1/mod.ts";

/** A message longer than this is malformed [bytes]. */
export const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** What a protocol finds in the bytes that come. */
export interface ProtocolEvents {
  /** The server has agreed: messages may come and go. */
  opened(status: number): void;
  /** The server has not agreed. */
  refused(outcome: Outcome, reason: string, status: number): void;
  /** A whole message. `read` makes text of it, which costs more than to count it. */
  message(read: () => string): void;
  /** To be sent at once, as an answer to what came. */
  answer(bytes: Uint8Array): void;
  /** Nothing more will come, in order or not. */
  ended(outcome: Outcome, reason: string): void;
}

/** How a stream is opened over a connection, and messages told apart on it: one object an opening. */
export interface StreamProtocol {
  /** What is sent first. */
  readonly request: WireRequest;
  /**
   * Reads on.
   *
   * @param bytes are overwritten by what comes next.
   * @throws {MalformedResponse} If they are nothing of this protocol.
   */
  push(bytes: Uint8Array): void;
  /** The connection has ended. */
  end(): void;
  /** A message as bytes. @throws {TypeError} If this protocol only listens. */
  encode(message: string): Uint8Array;
  /** What says that no more is wanted, and is answered; nothing if closing the connection does. */
  goodbye?(): Uint8Array;
}

/** Path and headers of the request that opens a stream. `host` is required. */
export interface StreamRequest {
  path: string;
  headers: Record<string, string>;
}
