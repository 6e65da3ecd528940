import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Client } from "undici";
import type { HttpRequest } from "../schema/plan.ts";
import type { Outcome } from "../schema/rows.ts";
import { type AttemptClock, DRAIN_MS, type DriveJob, type Driver, type Sink } from "./driver.ts";
import { sessionLoop } from "./session_loop.ts";

/**
 * Sessions that issue requests, each over a connection of its own as a real client would, kept alive.
 *
 * An iteration is the plan's `requests` in order, or one GET of its URL. Bytes are those of the connection, headers included.
 */
export class HttpDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #onStart?: (late_ms: number) => void;

  constructor(job: DriveJob, sink: Sink, onStart?: (late_ms: number) => void) {
    this.#job = job;
    this.#sink = sink;
    this.#onStart = onStart;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    const setting = { job: this.#job, clock, sink: this.#sink, stop, onStart: this.#onStart };
    await Promise.all(this.#job.sessions.map(async (session) => {
      const http = new HttpSession(session, this.#job, this.#sink, clock, stop);
      await sessionLoop(session, (iteration, slot_ms) => http.iterate(iteration, slot_ms), setting);
      await http.close();
    }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class HttpSession {
  #client: Client;
  #socket?: Socket;
  #requests: HttpRequest[];
  #base: URL;

  constructor(
    readonly session: number,
    readonly job: DriveJob,
    readonly sink: Sink,
    readonly clock: AttemptClock,
    readonly stop: AbortSignal,
  ) {
    this.#base = new URL(job.plan.url);
    const whole: HttpRequest = { name: "get", method: "GET", path: this.#base.pathname + this.#base.search };
    this.#requests = job.plan.requests.length > 0 ? job.plan.requests : [whole];
    this.#client = this.#open();
  }

  async iterate(iteration: number, slot_ms: number): Promise<void> {
    let scheduled_ms = slot_ms;
    for (const request of this.#requests) {
      if (this.stop.aborted) return;
      const row = await this.#send(request, iteration, scheduled_ms);
      if (row !== "ok") return;
      scheduled_ms = this.clock.now();
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #send(request: HttpRequest, iteration: number, scheduled_ms: number): Promise<Outcome> {
    const fill = (text: string) =>
      text.replaceAll("{session}", `${this.session}`).replaceAll("{iteration}", `${iteration}`);
    const started_ms = this.clock.now();
    const before = this.#socket;
    const [in0, out0] = before ? [before.bytesRead, before.bytesWritten] : [0, 0];
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort("timeout"), this.job.plan.timeout_ms);
    let drainTimer: ReturnType<typeof setTimeout> | undefined;
    const onStop = () => drainTimer = setTimeout(() => giveUp.abort("aborted"), DRAIN_MS);
    this.stop.addEventListener("abort", onStop, { once: true });
    let status = 0;
    let outcome: Outcome;
    try {
      const response = await this.#client.request({
        method: request.method,
        path: fill(request.path),
        headers: { host: this.#base.host, "user-agent": "plimsoll", ...request.headers },
        body: request.body === undefined ? undefined : fill(request.body),
        signal: giveUp.signal,
      });
      status = response.statusCode;
      for await (const _ of response.body) { /* read to the end: what is not read is not transferred */ }
      outcome = status >= 400 ? "http_error" : "ok";
    } catch (error) {
      outcome = giveUp.signal.aborted ? giveUp.signal.reason : outcomeOf(error);
      await this.#client.destroy();
      this.#client = this.#open();
    }
    clearTimeout(timer);
    clearTimeout(drainTimer);
    this.stop.removeEventListener("abort", onStop);
    const socket = this.#socket;
    const same = socket === before;
    this.sink.request({
      session: this.session,
      iteration,
      step: request.name,
      scheduled_ms,
      started_ms,
      duration_ms: this.clock.now() - started_ms,
      outcome,
      status,
      bytes_in: socket ? socket.bytesRead - (same ? in0 : 0) : 0,
      bytes_out: socket ? socket.bytesWritten - (same ? out0 : 0) : 0,
    });
    return outcome;
  }

  #open(): Client {
    const secure = this.#base.protocol === "https:";
    const port = Number(this.#base.port || (secure ? 443 : 80));
    const origin = `${this.#base.protocol}//${this.#base.hostname}:${port}`;
    return new Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 600_000,
      // The address was resolved and checked before the sweep: no second look-up may lead elsewhere.
      connect: (_options, done) => {
        const host = this.job.address;
        const bare = this.#base.hostname.replace(/^\[|\]$/g, "");
        const socket: Socket = secure
          // A name may be asked for by SNI, an address not.
          ? connectTls({ host, port, ...(isIP(bare) ? {} : { servername: bare }) })
          : connectTcp({ host, port, noDelay: true });
        const failed = (error: Error) => done(error, null);
        socket.once("error", failed);
        socket.once(secure ? "secureConnect" : "connect", () => {
          socket.off("error", failed);
          this.#socket = socket;
          done(null, socket);
        });
      },
    });
  }
}

function outcomeOf(error: unknown): Outcome {
  const { name = "", code = "", message = "" } = error as { name?: string; code?: string; message?: string };
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "dns";
  if (code === "ETIMEDOUT") return "timeout";
  if (/CERT|TLS|SSL/.test(code) || /certificate/i.test(message)) return "tls";
  if (/ECONNRESET|EPIPE|UND_ERR_SOCKET/.test(code)) return "reset";
  if (code === "UND_ERR_ABORTED") return "aborted";
  if (code !== "" || name === "HTTPParserError") return "step_failed";
  // Not the network's doing: a fault of ours must not pass for one of the target's.
  throw error;
}
