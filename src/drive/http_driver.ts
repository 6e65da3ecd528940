import { isIP } from "node:net";
import { drawWeighted } from "../plan/mod.ts";
import type { HttpStep } from "../schema/plan.ts";
import { arrivalLoop } from "./arrival_loop.ts";
import { type AttemptClock, DRAIN_MS, type DriveJob, type Driver, type Sink } from "./driver.ts";
import { makeSteps } from "./http/make_steps.ts";
import { holdModule } from "./http/hold_module.ts";
import { reasonOf, WHOLE } from "./http/module_call.ts";
import { ModuleSession } from "./http/module_session.ts";
import { type PreparedModule, prepareModule } from "./http/prepare_module.ts";
import { type RowOf, SessionState } from "./http/session_state.ts";
import { SessionCookies } from "./http/session_cookies.ts";
import type { Step } from "./http/step.ts";
import { Connection, type ConnectionOptions } from "./http1/mod.ts";
import { sessionLoop } from "./session_loop.ts";

/**
 * Sessions that issue requests, each over a connection of its own as a real client would, kept alive.
 *
 * An iteration is the plan's `requests` in order, one of them where they have weights, or one GET of its URL. Bytes are those of the connection, headers included.
 * Over TLS the machine's authorities are trusted, or those of the plan's `ca`.
 */
export class HttpDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #onStart?: (late_ms: number) => void;
  #module?: PreparedModule;
  #scenario: Scenario = { setup: [], steps: [], teardown: [] };

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
  async prepare(): Promise<void> {
    const { plan: { url, requests, http_scenario = {}, timeout_ms }, secrets } = this.#job;
    const { follow_redirects } = http_scenario;
    const { pathname, search, origin } = new URL(url);
    const whole: HttpStep = { name: "get", method: "GET", path: withPlaces(pathname + search) };
    const listed = requests.length > 0 ? requests : [whole];
    const setting = { origin, timeout_ms, follow_redirects, environment: secrets?.environment };
    const make = (steps: readonly HttpStep[] = []) => makeSteps(steps, setting);
    const { module } = this.#job;
    if (module !== undefined) {
      this.#module = await prepareModule(module, { scenario: http_scenario, url, request: setting });
    }
    const weights = listed.map(({ weight }) => weight ?? 0);
    this.#scenario = {
      setup: await make(http_scenario.setup),
      steps: await make(listed),
      ...(weights.some((weight) => weight > 0) ? { weights } : {}),
      teardown: await make(http_scenario.teardown),
    };
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    const job = this.#job;
    const setting = { job, clock, sink: this.#sink, stop, onStart: this.#onStart };
    const over = new AbortController();
    const server = { ...endpoint(job), clock, over: over.signal };
    const own = { ...setting, scenario: this.#scenario, module: this.#module, server, explained: new Set<string>() };
    const sessions: HttpSession[] = [];
    const open = (session: number) => {
      const http = new HttpSession(session, new Connection(server), own);
      sessions.push(http);
      return http;
    };
    const drain = async () => {
      for (const { state } of sessions) state.release();
      await clock.until(clock.now() + DRAIN_MS, over.signal);
      for (const { state } of sessions) state.abort();
    };
    stop.addEventListener("abort", drain, { once: true });
    const letGo = this.#module && holdModule((error) => {
      // Whose it is nobody can say.
      const reason = `nobody waited for it: ${reasonOf(error)}`;
      const of = { t_ms: Math.max(0, clock.now()), session: job.sessions[0] ?? 0, step: WHOLE, reason };
      this.#sink.event({ ...of, event: "step_failed", outcome: "step_failed" });
    });
    if (job.plan.arrivals) await arrivalLoop(open, setting);
    else {
      await Promise.all(
        job.sessions.map(open).map(async (http) => {
          await sessionLoop(http.state.session, (iteration, slot_ms) => http.iterate(iteration, slot_ms), setting);
          await http.end();
        }),
      );
    }
    over.abort();
    letGo?.();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A URL has its braces percent-encoded. */
function withPlaces(path: string): string {
  return path.replace(/%7B(session|iteration|(?:user|env)\..+?)%7D/g, (_, place) => `{${decodeURIComponent(place)}}`);
}

/** What every session does: each list of steps in order, but of weighted `steps` one an iteration. */
interface Scenario {
  setup: Step[];
  steps: Step[];
  /** Of `steps`, where one is drawn. */
  weights?: number[];
  teardown: Step[];
}

interface SessionSetting {
  job: DriveJob;
  clock: AttemptClock;
  sink: Sink;
  stop: AbortSignal;
  scenario: Scenario;
  module?: PreparedModule;
  server: ConnectionOptions;
  explained: Set<string>;
}

/** A session: its setup, its iterations, its teardown. */
class HttpSession {
  readonly state: SessionState;
  #scenario: Scenario;
  #setting: SessionSetting;
  #module?: ModuleSession;
  #isSetUp: boolean;
  /** The iteration that was begun last. */
  #last = 0;

  constructor(session: number, connection: Connection, setting: SessionSetting) {
    const { job: { plan, secrets: { users = [], environment } = {} } } = setting;
    const cookies = plan.http_scenario?.cookies === false ? undefined : new SessionCookies();
    const user = users[session % users.length];
    this.state = new SessionState(session, { connection, user, cookies, environment, ...setting });
    this.#setting = setting;
    this.#scenario = setting.scenario;
    if (setting.module) this.#module = new ModuleSession(this.state, { ...setting.module, ...setting });
    this.#isSetUp = !this.#has("setup");
  }

  async iterate(iteration: number, slot_ms: number): Promise<void> {
    this.#last = iteration;
    const of = { iteration, scheduled_ms: slot_ms };
    if (!this.#isSetUp) await this.#setUp(of);
    if (this.#isSetUp) await this.#do("iteration", of);
  }

  /** Ends what `setup` began: after the last iteration, in the time that sessions have to drain. */
  async end(): Promise<void> {
    if (this.#isSetUp && this.#has("teardown")) {
      this.state.phase = "teardown";
      await this.#do("teardown", { iteration: this.#last, scheduled_ms: this.#setting.clock.now() });
    }
    await this.state.close();
  }

  /** One that fails is tried again at the next slot; the first iteration follows one that does not, off the grid. */
  async #setUp(of: RowOf): Promise<void> {
    this.state.phase = "setup";
    this.#isSetUp = await this.#do("setup", of);
    this.state.phase = undefined;
  }

  #has(part: "setup" | "teardown"): boolean {
    const { module, scenario } = this.#setting;
    return module ? module.exported[part] !== undefined : scenario[part].length > 0;
  }

  #do(part: "setup" | "iteration" | "teardown", of: RowOf): Promise<boolean> {
    const { module } = this.#setting;
    if (module) return this.#module!.run(module.exported[part === "iteration" ? "default" : part]!, of);
    return this.#walk(part === "iteration" ? this.#drawn(of.iteration) : this.#scenario[part], of);
  }

  #drawn(iteration: number): readonly Step[] {
    const { steps, weights } = this.#scenario;
    if (!weights) return steps;
    const { plan: { seed }, level, replicate } = this.#setting.job;
    return [steps[drawWeighted(weights, { seed, level, replicate, session: this.state.session, iteration })]];
  }

  /**
   * Does steps in order until one fails.
   *
   * @param of `scheduled_ms` is when the first is to start, and afterwards when the last ended.
   * @returns whether all went well.
   */
  async #walk(steps: readonly Step[], of: RowOf): Promise<boolean> {
    const { state } = this;
    const { stop } = this.#setting;
    for (const step of steps) {
      if (state.phase === "teardown" ? state.drained : stop.aborted) return false;
      const end = await step.run(state, of.iteration, of.scheduled_ms);
      state.record(step.name, end, of);
      of.scheduled_ms = end.over_ms ?? end.ended_ms;
      if (end.outcome !== "ok") return false;
    }
    return true;
  }
}

/** The address was resolved and checked before the sweep: no second look-up may lead elsewhere. */
function endpoint(
  { plan, address, secrets }: DriveJob,
): { host: string; port: number; tls?: { servername?: string; ca?: string } } {
  const { protocol, hostname, port } = new URL(plan.url);
  const secure = protocol === "https:";
  const bare = hostname.replace(/^\[|\]$/g, "");
  const ca = secrets?.ca;
  return {
    host: address,
    port: Number(port || (secure ? 443 : 80)),
    // A name may be asked for by SNI, an address not.
    ...(secure ? { tls: { ...(isIP(bare) ? {} : { servername: bare }), ...(ca ? { ca } : {}) } } : {}),
  };
}
