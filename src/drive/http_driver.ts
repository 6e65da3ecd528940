import { isIP } from "node:net";
import type { HttpRequest } from "../schema/plan.ts";
import { type AttemptClock, DRAIN_MS, type DriveJob, type Driver, type Sink } from "./driver.ts";
import { Connection, type HttpMessage, type SendOptions, serialiseRequest, type WireRequest } from "./http1/mod.ts";
import { sessionLoop } from "./session_loop.ts";

/**
 * Sessions that issue requests, each over a connection of its own as a real client would, kept alive.
 *
 * An iteration is the plan's `requests` in order, or one GET of its URL. Bytes are those of the connection, headers included.
 * Over TLS the machine's roots are trusted, and those of the file that `DENO_CERT` or `NODE_EXTRA_CA_CERTS` names.
 */
export class HttpDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #onStart?: (late_ms: number) => void;
  #steps: Step[] = [];

  constructor(job: DriveJob, sink: Sink, onStart?: (late_ms: number) => void) {
    this.#job = job;
    this.#sink = sink;
    this.#onStart = onStart;
  }

  /**
   * Writes the requests that are the same for all sessions.
   *
   * @throws {TypeError} If one cannot be written as HTTP.
   */
  // deno-lint-ignore require-await -- what it throws must come as a rejection
  async prepare(): Promise<void> {
    const { pathname, search, host } = new URL(this.#job.plan.url);
    const whole: HttpRequest = { name: "get", method: "GET", path: pathname + search };
    const requests = this.#job.plan.requests.length > 0 ? this.#job.plan.requests : [whole];
    this.#steps = requests.map((request) => new Step(request, host));
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    const job = this.#job;
    const setting = { job, clock, sink: this.#sink, stop, onStart: this.#onStart };
    const over = new AbortController();
    const server = { ...endpoint(job), clock, over: over.signal };
    const sessions = job.sessions.map((session) =>
      new HttpSession(session, new Connection(server), { ...setting, steps: this.#steps })
    );
    const drain = async () => {
      await clock.until(clock.now() + DRAIN_MS, over.signal);
      for (const { connection } of sessions) connection.abort();
    };
    stop.addEventListener("abort", drain, { once: true });
    await Promise.all(sessions.map(async (http) => {
      await sessionLoop(http.session, (iteration, slot_ms) => http.iterate(iteration, slot_ms), setting);
      http.connection.close();
    }));
    over.abort();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One request of an iteration: written once where it is the same for all sessions and iterations. */
class Step {
  readonly name: string;
  #message: HttpMessage;
  #wire?: WireRequest;

  constructor({ name, method, path, headers, body }: HttpRequest, host: string) {
    this.name = name;
    this.#message = { method, path, headers: { host, "user-agent": "plimsoll", ...headers }, body };
    const wire = this.wire(0, 0);
    if (!/\{(session|iteration)\}/.test(path + (body ?? ""))) this.#wire = wire;
  }

  wire(session: number, iteration: number): WireRequest {
    if (this.#wire) return this.#wire;
    const { path, body } = this.#message;
    const fill = (text: string) => text.replaceAll("{session}", `${session}`).replaceAll("{iteration}", `${iteration}`);
    return serialiseRequest({
      ...this.#message,
      path: fill(path),
      ...(body === undefined ? {} : { body: fill(body as string) }),
    });
  }
}

class HttpSession {
  #options: SendOptions;

  constructor(
    readonly session: number,
    readonly connection: Connection,
    readonly setting: { job: DriveJob; sink: Sink; stop: AbortSignal; steps: readonly Step[] },
  ) {
    this.#options = { timeout_ms: setting.job.plan.timeout_ms };
  }

  async iterate(iteration: number, slot_ms: number): Promise<void> {
    const { session, setting: { steps, stop, sink } } = this;
    let scheduled_ms = slot_ms;
    for (const step of steps) {
      if (stop.aborted) return;
      const { outcome, status, started_ms, ended_ms, bytes_in, bytes_out } = await this.connection.send(
        step.wire(session, iteration),
        this.#options,
      );
      sink.request({
        session,
        iteration,
        step: step.name,
        scheduled_ms,
        started_ms,
        duration_ms: ended_ms - started_ms,
        outcome,
        status,
        bytes_in,
        bytes_out,
      });
      if (outcome !== "ok") return;
      scheduled_ms = ended_ms;
    }
  }
}

/** The address was resolved and checked before the sweep: no second look-up may lead elsewhere. */
function endpoint({ plan, address }: DriveJob): { host: string; port: number; tls?: { servername?: string } } {
  const { protocol, hostname, port } = new URL(plan.url);
  const secure = protocol === "https:";
  const bare = hostname.replace(/^\[|\]$/g, "");
  return {
    host: address,
    port: Number(port || (secure ? 443 : 80)),
    // A name may be asked for by SNI, an address not.
    ...(secure ? { tls: isIP(bare) ? {} : { servername: bare } } : {}),
  };
}
