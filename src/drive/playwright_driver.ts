import { readPinned } from "./browser/pin_scenario.ts";
import { BrowserPool } from "./browser/browser_pool.ts";
import { BrowserSession } from "./browser/browser_session.ts";
import { hostGuard } from "./browser/host_guard.ts";
import { privateFolder } from "./browser/private_folder.ts";
import { loadScenario } from "./browser/scenario.ts";
import { type AttemptClock, DRAIN_MS, type DriveJob, type Driver, type Sink } from "./driver.ts";
import { sessionLoop } from "./session_loop.ts";

/**
 * Sessions in real browsers, each in a context of its own: of one shared browser, or of a browser of its own.
 *
 * An iteration is the plan's `browser_scenario`: its steps, its module, or the default. Pages that crash and browsers that
 * end are outcomes; the session goes on in a new page, and browsers are replaced a few times. Nothing but the target is loaded.
 */
export class PlaywrightDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #onStart?: (late_ms: number) => void;
  #pool?: BrowserPool;
  #sessions: BrowserSession[] = [];
  #clock?: AttemptClock;
  #raw?: string;

  constructor(job: DriveJob, sink: Sink, onStart?: (late_ms: number) => void) {
    this.#job = job;
    this.#sink = sink;
    this.#onStart = onStart;
  }

  async prepare(): Promise<void> {
    const { plan, sessions } = this.#job;
    const { viewport, har, trace, storage_state } = plan.browser_scenario;
    const scenario = await loadScenario(plan);
    const guard = hostGuard({ url: plan.url, address: this.#job.address });
    const raw = har || trace ? await privateFolder() : "";
    this.#raw = raw;
    const pool = new BrowserPool(plan, sessions, {
      args: guard.args,
      ...(trace ? { tracesDir: raw } : {}),
      lean: !har && !scenario.module,
      watch: {
        lost: (session, reason) => this.#sessions.find((one) => one.session === session)?.lose(reason, true),
        respawned: (respawn) =>
          this.#sink.event({ t_ms: Math.max(0, this.#clock?.now() ?? 0), event: "browser_respawned", respawn }),
      },
    });
    this.#pool = pool;
    await pool.open();
    const context = {
      viewport,
      baseURL: plan.url,
      acceptDownloads: false,
      ...(storage_state === undefined ? {} : { storageState: JSON.parse(readPinned(plan, "storage_state")) }),
    };
    for (const session of sessions) {
      const browsing = new BrowserSession(session, {
        job: this.#job,
        sink: this.#sink,
        pool,
        guard,
        scenario,
        context,
        raw,
      });
      this.#sessions.push(browsing);
      await browsing.open();
    }
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    this.#clock = clock;
    const setting = { job: this.#job, clock, sink: this.#sink, stop, onStart: this.#onStart };
    const sessions = this.#sessions.map(async (browsing) => {
      browsing.clock = clock;
      browsing.stop = stop;
      await sessionLoop(
        browsing.session,
        (iteration, slot_ms) => browsing.iterate(iteration, slot_ms),
        setting,
      );
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const drained = new Promise<void>((resolve) =>
      stop.addEventListener("abort", () => {
        timer = setTimeout(() => {
          for (const browsing of this.#sessions) browsing.cut();
          // What is cut records its rows first.
          setTimeout(resolve, 0);
        }, DRAIN_MS);
      }, { once: true })
    );
    try {
      await Promise.race([Promise.all(sessions), drained]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((browsing) => browsing.close()));
    await this.#pool?.close();
    if (this.#raw) await Deno.remove(this.#raw, { recursive: true }).catch(() => {});
  }

  browser(): ReturnType<NonNullable<Driver["browser"]>> {
    if (!this.#pool) {
      throw new TypeError("Cannot describe the browser as prepare() must have ended: current state is new");
    }
    return this.#pool.about();
  }
}
