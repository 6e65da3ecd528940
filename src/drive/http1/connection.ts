import type { Outcome } from "../../schema/rows.ts";
import { outcomeOf } from "./outcome_of.ts";
import { parseHeaders } from "./parse_headers.ts";
import { ResponseParser } from "./response_parser.ts";
import { type HttpMessage, serialiseRequest, type WireRequest } from "./serialise_request.ts";
import { Wire } from "./wire.ts";

/** A server that says when it will close a kept connection may do so while a request is on its way: this long before, no more is sent [ms]. */
const IDLE_MARGIN_MS = 1000;

/** Where to connect to, and by which clock. */
export interface ConnectionOptions {
  /** Address. */
  host: string;
  port: number;
  /** Speak TLS. `servername` is asked for by SNI and must be on the certificate; `ca` replaces the machine's roots (PEM). */
  tls?: { servername?: string; ca?: string };
  /** Time, and waiting for it. */
  clock: { now(): number; until(t_ms: number, signal?: AbortSignal): Promise<void> };
  /** One for many connections, that aborts when all are closed: until then the clock may wait for timeouts. @default its own */
  over?: AbortSignal;
}

/** How a request may take its course. */
export interface SendOptions {
  /** From the first byte sent, connecting included, to the last received [ms]. */
  timeout_ms: number;
  /** Keep headers and body for reading. @default false */
  keep?: boolean;
  /** Keep the headers of a response that sets a cookie or leads elsewhere: those of others cost nothing. @default false */
  notice?: boolean;
}

/** How a request ended, whatever way it did. */
export interface HttpResponse {
  /** `ok` and `http_error` are whole responses with a status below and from 400. */
  outcome: Outcome;
  /** 0 if none was received. */
  status: number;
  /** When it was sent, by the connection's clock [ms]. */
  started_ms: number;
  /** When its last byte came, or it failed [ms]. */
  ended_ms: number;
  /** Received from the wire, everything included. */
  bytes_in: number;
  /** Sent over the wire, everything included. */
  bytes_out: number;
  /** Length of the body, without what frames it. */
  body_bytes: number;
  /** In order, names in lower case; empty unless kept. */
  headers: [name: string, value: string][];
  /** Empty unless kept. */
  body: Uint8Array;
}

const NO_HEADERS: [string, string][] = [];
const NO_BODY = new Uint8Array(0);

/**
 * A connection to one server, as one client has it: one request at a time, kept alive, opened again when it is gone.
 *
 * It is opened by the first request that needs it. Nothing that a server does makes `request` throw or wait longer than its timeout.
 *
 * @example
 * ```ts ignore
 * const connection = new Connection({ host: "127.0.0.1", port: 8080, clock });
 * const { outcome, status } = await connection.request(
 *   { method: "GET", path: "/", headers: { host: "127.0.0.1:8080" } },
 *   { timeout_ms: 1000 },
 * );
 * ```
 */
export class Connection {
  #options: ConnectionOptions;
  #parser = new ResponseParser();
  #wire?: Wire;
  /** Told how the request under way ended; nobody where none is. */
  #settle?: (response: HttpResponse) => void;
  #reject?: (fault: unknown) => void;
  #keep = false;
  #started_ms = 0;
  #deadline_ms = 0;
  #usableUntil_ms = Infinity;
  #closed = false;
  #over: AbortSignal;
  #ownEnd?: AbortController;
  /** When the one alarm that watches over timeouts rings; it is not set anew for every request. */
  #alarm_ms = Infinity;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#over = options.over ?? (this.#ownEnd = new AbortController()).signal;
  }

  /**
   * Sends a request and reads the whole response.
   *
   * @throws {TypeError} If the request cannot be written as HTTP.
   */
  request(message: HttpMessage, options: SendOptions): Promise<HttpResponse> {
    return this.send(serialiseRequest(message), options);
  }

  /** As `request`, for a request written before. */
  send(request: WireRequest, { timeout_ms, keep = false, notice = false }: SendOptions): Promise<HttpResponse> {
    if (this.#settle) {
      throw new Error("Cannot send a request as the one before must have ended: current value is under way");
    }
    if (this.#closed) {
      throw new Error("Cannot send a request as the connection must be open: current value is closed");
    }
    return new Promise((settle, reject) => {
      this.#settle = settle;
      this.#reject = reject;
      this.#keep = keep;
      this.#started_ms = this.#options.clock.now();
      this.#deadline_ms = this.#started_ms + timeout_ms;
      if (this.#deadline_ms < this.#alarm_ms) this.#setAlarm(this.#deadline_ms);
      this.#parser.notices = notice;
      this.#parser.begin(request.method, keep);
      if (this.#started_ms >= this.#usableUntil_ms) this.#drop();
      this.#wire ??= this.#open();
      this.#wire.send(request.bytes);
    });
  }

  /** Ends the request under way, if there is one, as `aborted`. */
  abort(): void {
    this.#fail("aborted");
  }

  /** Closes for good. A request under way ends as `aborted`. */
  close(): void {
    this.abort();
    this.#drop();
    this.#closed = true;
    this.#ownEnd?.abort();
  }

  #open(): Wire {
    this.#usableUntil_ms = Infinity;
    const wire: Wire = new Wire(this.#options, {
      data: (bytes) => wire === this.#wire && this.#onData(bytes),
      end: () => wire === this.#wire && this.#onEnd(),
      error: (error) => wire === this.#wire && this.#onError(error),
    });
    return wire;
  }

  #onData(bytes: Uint8Array): void {
    const parser = this.#parser;
    // Nobody asked: whatever it is would be taken for the next response.
    if (!this.#settle) return this.#drop();
    let used: number;
    try {
      used = parser.push(bytes);
    } catch (error) {
      return this.#onError(error);
    }
    if (!parser.done) return;
    this.#finish(parser.status >= 400 ? "http_error" : "ok", parser.keepAlive && used === bytes.length);
  }

  #onEnd(): void {
    if (this.#settle && this.#parser.end()) this.#finish(this.#parser.status >= 400 ? "http_error" : "ok", false);
    else this.#fail("reset");
  }

  #onError(error: unknown): void {
    let outcome: Outcome;
    try {
      outcome = outcomeOf(error, this.#wire?.securing);
    } catch (fault) {
      this.#reject?.(fault);
      this.#settle = this.#reject = undefined;
      return this.#drop();
    }
    this.#fail(outcome);
  }

  #fail(outcome: Outcome): void {
    if (this.#settle) this.#finish(outcome, false);
    else this.#drop();
  }

  #finish(outcome: Outcome, reusable: boolean): void {
    const settle = this.#settle!;
    this.#settle = this.#reject = undefined;
    const ended_ms = this.#options.clock.now();
    const { status, body_bytes, head, idle_ms } = this.#parser;
    const { bytes_in, bytes_out } = this.#wire!.takeBytes();
    if (!reusable) this.#drop();
    else this.#usableUntil_ms = ended_ms + idle_ms - Math.min(IDLE_MARGIN_MS, idle_ms / 2);
    settle({
      outcome,
      status,
      started_ms: this.#started_ms,
      ended_ms,
      bytes_in,
      bytes_out,
      body_bytes,
      headers: head !== "" ? parseHeaders(head) : NO_HEADERS,
      body: this.#keep ? this.#parser.body() : NO_BODY,
    });
  }

  #drop(): void {
    this.#wire?.destroy();
    this.#wire = undefined;
  }

  #setAlarm(t_ms: number): void {
    this.#alarm_ms = t_ms;
    this.#options.clock.until(t_ms, this.#over).then(() => {
      if (this.#alarm_ms !== t_ms || this.#closed) return;
      this.#alarm_ms = Infinity;
      if (!this.#settle) return;
      if (this.#options.clock.now() >= this.#deadline_ms) this.#fail("timeout");
      else this.#setAlarm(this.#deadline_ms);
    });
  }
}
