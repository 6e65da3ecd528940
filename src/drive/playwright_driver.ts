import { join, relative } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright";
import { findBrowser, launchBrowser } from "../browser/mod.ts";
import type { Outcome } from "../schema/rows.ts";
import { type AttemptClock, DRAIN_MS, type DriveJob, type Driver, type Sink } from "./driver.ts";
import { PageTraffic } from "./page_traffic.ts";
import { sessionLoop } from "./session_loop.ts";

/**
 * Sessions in a real browser, each a context of its own in one shared browser.
 *
 * The first iteration opens the page. Every further one moves the mouse, scrolls, and sends a line where the page has
 * a text box; every `screenshot_every_ms` it ends with a screenshot, kept as an artifact.
 */
export class PlaywrightDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #onStart?: (late_ms: number) => void;
  #browser?: Browser;
  #about?: ReturnType<NonNullable<Driver["browser"]>>;
  #contexts: BrowserContext[] = [];
  #pages: { page: Page; traffic: PageTraffic }[] = [];

  constructor(job: DriveJob, sink: Sink, onStart?: (late_ms: number) => void) {
    this.#job = job;
    this.#sink = sink;
    this.#onStart = onStart;
  }

  async prepare(): Promise<void> {
    const found = await findBrowser({ path: this.#job.plan.browser });
    const host = new URL(this.#job.plan.url).hostname;
    // No name but the target's resolves, and the target's only to the address that was checked.
    const { address } = this.#job;
    const bare = host.replace(/^\[|\]$/g, "");
    // The first rule that matches counts, and what is excluded is asked for as it stands.
    const own = bare === address ? [] : [`MAP ${bare} ${address.includes(":") ? `[${address}]` : address}`];
    const rules = [...own, "MAP * ~NOTFOUND", `EXCLUDE ${address}`].join(", ");
    const { browser, sandboxed, version } = await launchBrowser(found, { args: [`--host-resolver-rules=${rules}`] });
    this.#browser = browser;
    this.#about = { path: found.path, source: found.source, version, sandboxed };
    for (const _ of this.#job.sessions) {
      const context = await browser.newContext({ viewport: this.#job.plan.browser_scenario.viewport });
      context.setDefaultTimeout(this.#job.plan.timeout_ms);
      this.#contexts.push(context);
      const page = await context.newPage();
      const traffic = new PageTraffic();
      await traffic.watch(page);
      this.#pages.push({ page, traffic });
    }
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    const setting = { job: this.#job, clock, sink: this.#sink, stop, onStart: this.#onStart };
    const sessions = this.#job.sessions.map(async (session, index) => {
      const browsing = new BrowserSession(session, { ...this.#pages[index], job: this.#job, sink: this.#sink, clock });
      await sessionLoop(session, (iteration, slot_ms) => browsing.iterate(iteration, slot_ms), setting);
    });
    const drained = new Promise<void>((resolve) =>
      stop.addEventListener("abort", () => setTimeout(resolve, DRAIN_MS), { once: true })
    );
    await Promise.race([Promise.all(sessions), drained]);
  }

  async close(): Promise<void> {
    await this.#browser?.close().catch(() => {});
  }

  browser(): ReturnType<NonNullable<Driver["browser"]>> {
    if (!this.#about) {
      throw new TypeError("Cannot describe the browser as prepare() must have ended: current state is new");
    }
    return this.#about;
  }
}

class BrowserSession {
  /** From when on the next screenshot is due. */
  #due_ms = -Infinity;
  #shots = 0;
  #open = false;

  constructor(
    readonly session: number,
    readonly setting: { page: Page; traffic: PageTraffic; job: DriveJob; sink: Sink; clock: AttemptClock },
  ) {}

  async iterate(iteration: number, slot_ms: number): Promise<void> {
    const { screenshot_every_ms: every_ms } = this.setting.job.plan.browser_scenario;
    if (!this.#open) {
      const outcome = await this.#step("goto", iteration, slot_ms, () => this.#goto());
      this.#open = outcome === "ok";
      return;
    }
    const outcome = await this.#step("interact", iteration, slot_ms, () => this.#interact(iteration));
    // Slots are a grid without jitter: the rate of screenshots is the one asked for, on average over the slots.
    if (outcome !== "ok" || every_ms === 0 || slot_ms < this.#due_ms || this.setting.sink.dropsArtifacts) return;
    this.#due_ms = Math.max(this.#due_ms, slot_ms - every_ms) + every_ms;
    if (this.#due_ms <= slot_ms) this.#due_ms = slot_ms + every_ms;
    await this.#step("screenshot", iteration, this.setting.clock.now(), () => this.#screenshot());
  }

  async #goto(): Promise<number> {
    const response = await this.setting.page.goto(this.setting.job.plan.url, { waitUntil: "load" });
    return response?.status() ?? 0;
  }

  async #interact(iteration: number): Promise<number> {
    const { width, height } = this.setting.job.plan.browser_scenario.viewport;
    await this.setting.page.mouse.move(width * (0.3 + 0.05 * (iteration % 9)), height * 0.4);
    await this.setting.page.mouse.wheel(0, iteration % 2 === 0 ? 120 : -120);
    const box = this.setting.page.locator("input[type=text]:visible, input:not([type]):visible, textarea:visible")
      .first();
    if (await box.count() > 0) {
      await box.fill(`session ${this.session} says hello, ${iteration}`);
      await box.press("Enter");
    }
    return 0;
  }

  async #screenshot(): Promise<number> {
    const { screenshot_format: type, screenshot_quality } = this.setting.job.plan.browser_scenario;
    const path = join(
      this.setting.job.artifacts,
      `s${this.session}-${this.#shots++}.${type === "jpeg" ? "jpg" : "png"}`,
    );
    const image = await this.setting.page.screenshot({
      type,
      ...(type === "jpeg" ? { quality: screenshot_quality } : {}),
    });
    await Deno.writeFile(path, image, { mode: 0o600, createNew: true });
    this.setting.sink.event({
      t_ms: this.setting.clock.now(),
      event: "artifact",
      session: this.session,
      kind: "screenshot",
      bytes: image.length,
      path: relative(this.setting.job.run, path),
    });
    return 0;
  }

  async #step(step: string, iteration: number, scheduled_ms: number, act: () => Promise<number>): Promise<Outcome> {
    const started_ms = this.setting.clock.now();
    let outcome: Outcome = "ok";
    let status = 0;
    try {
      status = await act();
      if (status >= 400) outcome = "http_error";
    } catch (error) {
      outcome = outcomeOf(error as Error);
      if (outcome === "browser_lost") {
        const reason = (error as Error).message.split("\n")[0];
        this.setting.sink.event({
          t_ms: this.setting.clock.now(),
          event: "browser_lost",
          session: this.session,
          reason,
        });
      }
    }
    const duration_ms = this.setting.clock.now() - started_ms;
    const traffic = this.setting.traffic.take();
    this.setting.sink.request({
      session: this.session,
      iteration,
      step,
      scheduled_ms,
      started_ms,
      duration_ms,
      outcome,
      status,
      ...traffic,
    });
    return outcome;
  }
}

function outcomeOf({ name, message }: Error): Outcome {
  if (name === "TimeoutError") return "timeout";
  if (/ERR_CONNECTION_REFUSED/.test(message)) return "refused";
  if (/ERR_CONNECTION_(RESET|CLOSED|ABORTED)|ERR_EMPTY_RESPONSE/.test(message)) return "reset";
  if (/ERR_NAME_NOT_RESOLVED/.test(message)) return "blocked_host";
  if (/ERR_(CERT|SSL)/.test(message)) return "tls";
  if (/crash|has been closed|Target closed|disconnected/i.test(message)) return "browser_lost";
  return "step_failed";
}
