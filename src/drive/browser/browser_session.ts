import { join, relative } from "node:path";
import type { BrowserContext, BrowserContextOptions, Dialog, Page } from "playwright";
import type { EventRow, Outcome } from "../../schema/rows.ts";
import type { AttemptClock, DriveJob, Sink } from "../driver.ts";
import type { BrowserPool } from "./browser_pool.ts";
import { type HostGuard, keepOnTarget } from "./host_guard.ts";
import { Cut, Lost, outcomeOf, Overdue } from "./outcome_of.ts";
import type { PageTraffic } from "./page_traffic.ts";
import { redactHar } from "./redact_har.ts";
import { redactTrace } from "./redact_trace.ts";
import { redactText } from "./redact_url.ts";
import { askedWait, type Scenario, statusOf } from "./scenario.ts";

/** So that Playwright's own timeouts, which say what was waited for, come first [ms]. */
const GRACE_MS = 500;
/** How long a module may leave a dialog open before it is dismissed for it [ms]. */
const DIALOG_MS = 1000;
/** More than browsers are replaced, so that it is that which is said. */
const MOST_TRIES = 5;
/** HAR and trace of a session must be written within this time [ms]. */
const SAVE_MS = 4000;

/** What a session needs. */
export interface SessionSetting {
  job: DriveJob;
  sink: Sink;
  pool: BrowserPool;
  guard: HostGuard;
  scenario: Scenario;
  context: BrowserContextOptions;
  /** Where files are that are not redacted yet. */
  raw: string;
}

type Refused = Extract<EventRow, { event: "refused" }>["what"];

/**
 * One session: a context with one page, in which its iterations run. Whatever happens to the page or the browser is an outcome of
 * a row; the session then goes on in a new page.
 */
export class BrowserSession {
  /** Time of the attempt; set when it starts. */
  clock: AttemptClock = { now: () => 0, until: () => Promise.resolve() };
  /** Aborts at the end of the attempt; set when it starts. */
  stop?: AbortSignal;
  #context?: BrowserContext;
  #contexts = 0;
  #opened_ms = 0;
  #page?: Page;
  #extra = new Set<Page>();
  #opening = false;
  #traffic?: PageTraffic;
  #fresh = true;
  #lost?: string;
  #spoilt = false;
  #cut = false;
  /** What ends the steps under way. */
  #pending = new Set<(error: Error) => void>();
  #iteration = 0;
  #scheduled_ms = 0;
  #failed = false;
  #recorded = 0;
  #refused = new Map<string, { what: Refused; origin?: string; count: number }>();
  #told = new Set<string>();
  /** From when on the next screenshot is due. */
  #due_ms = -Infinity;
  #shots = 0;

  constructor(readonly session: number, readonly setting: SessionSetting) {}

  /** Opens context and page. */
  async open(): Promise<void> {
    await this.#openPage();
  }

  /** One iteration. Throws only if no browser can be had any more. */
  async iterate(iteration: number, slot_ms: number): Promise<void> {
    const { scenario } = this.setting;
    this.#iteration = iteration;
    this.#scheduled_ms = slot_ms;
    this.#failed = false;
    this.#recorded = 0;
    if (this.#lost !== undefined) {
      // Lost at rest: this is the iteration that it cost.
      this.#row(scenario.first, this.clock.now(), "browser_lost", 0);
    }
    await this.#restore();
    if (this.#cut) return;
    await this.#runScenario();
    if (!this.#failed && scenario.timed && !this.stop?.aborted) await this.#screenshotIfDue(slot_ms);
    for (const page of this.#extra) page.close().catch(() => {});
    this.#extra.clear();
    this.#tellRefused();
    // At once, so that the next slot begins in time.
    if (!this.stop?.aborted) await this.#restore();
  }

  /** Says that the page, or the whole browser, is gone. */
  lose(reason: string, context = false): void {
    if (context) this.#context = undefined;
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    const { sink } = this.setting;
    sink.event({ t_ms: Math.max(0, this.clock.now()), event: "browser_lost", session: this.session, reason });
    this.#interrupt(new Lost(reason));
  }

  /** Ends what is under way: the time to drain is over. */
  cut(): void {
    this.#cut = true;
    this.#interrupt(new Cut("the attempt ended"));
  }

  /** Writes what is written at the end, redacted. */
  async close(): Promise<void> {
    this.#cut = true;
    this.#tellRefused();
    const context = this.#context;
    if (!context || this.setting.sink.dropsArtifacts) return;
    const { har, trace } = this.setting.job.plan.browser_scenario;
    if (!har && !trace) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, SAVE_MS));
    // A browser that has just ended leaves neither.
    await Promise.race([this.#save(context).catch(() => {}), late]);
    clearTimeout(timer);
  }

  async #save(context: BrowserContext): Promise<void> {
    const { har, trace } = this.setting.job.plan.browser_scenario;
    if (trace) {
      const raw = join(this.setting.raw, `${this.#name()}.zip`);
      await context.tracing.stop({ path: raw });
      this.#keep("trace", "zip", redactTrace(Deno.readFileSync(raw)));
      Deno.removeSync(raw);
    }
    await context.close();
    if (har) {
      const text = Deno.readTextFileSync(this.#rawHar());
      this.#keep("har", "har", new TextEncoder().encode(JSON.stringify(redactHar(JSON.parse(text)))));
      Deno.removeSync(this.#rawHar());
    }
  }

  #name(): string {
    return `s${this.session}-c${this.#contexts}`;
  }

  #rawHar(): string {
    return join(this.setting.raw, `${this.#name()}.har`);
  }

  async #runScenario(): Promise<void> {
    const { scenario } = this.setting;
    const started_ms = this.clock.now();
    const between = this.#watchdog(() => this.setting.job.plan.timeout_ms + GRACE_MS);
    const end = Promise.withResolvers<never>();
    end.promise.catch(() => {});
    let steps = 0;
    let held: Error | undefined;
    // A step under way is what is interrupted, and recorded so; the scenario then ends by itself, or is ended.
    const onInterrupt = (error: Error) => {
      held = error;
      if (steps === 0) end.reject(error);
    };
    this.#pending.add(onInterrupt);
    const call = {
      page: this.#page!,
      context: this.#context!,
      session: this.session,
      iteration: this.#iteration,
      fresh: this.#fresh,
      plan: this.setting.job.plan,
      failed: () => this.#failed,
      stopped: () => this.stop?.aborted === true,
      screenshot: () => this.#screenshot(),
      step: async <T>(name: string, act: () => Promise<T>): Promise<T> => {
        steps++;
        between.rest();
        try {
          return await this.#step(name, act);
        } finally {
          if (--steps === 0) {
            between.start();
            if (held) setTimeout(() => end.reject(held), 0);
          }
        }
      },
    };
    let outcome: Outcome = "ok";
    try {
      between.start();
      await Promise.race([scenario.run(call), between.over, end.promise]);
    } catch (error) {
      // What a step threw is recorded.
      if (this.#failed) return;
      outcome = this.#fail(scenario.first, error as Error);
    } finally {
      between.end();
      this.#pending.delete(onInterrupt);
    }
    if (this.#recorded > 0 && outcome === "ok") return;
    this.#row(scenario.first, started_ms, outcome, 0);
  }

  /** One step: a row. Throws what it throws. */
  async #step<T>(name: string, act: () => Promise<T>): Promise<T> {
    if (this.#cut) throw new Cut("the attempt ended");
    const { plan } = this.setting.job;
    const started_ms = this.clock.now();
    const watchdog = this.#watchdog(() => plan.timeout_ms + GRACE_MS + askedWait(plan));
    let outcome: Outcome = "ok";
    let status = 0;
    try {
      watchdog.start();
      const given = await this.#uninterrupted(act(), watchdog.over);
      status = statusOf(given);
      if (status >= 400) {
        outcome = "http_error";
        this.#failed = true;
      }
      return given;
    } catch (error) {
      outcome = this.#fail(name, error as Error);
      throw error;
    } finally {
      watchdog.end();
      this.#row(name, started_ms, outcome, status);
    }
  }

  #fail(step: string, error: Error): Outcome {
    this.#failed = true;
    const outcome = outcomeOf(error);
    // What Playwright has not given up may still be under way in the page.
    if (error instanceof Overdue) this.#spoilt = true;
    const key = `${step} ${outcome}`;
    if (outcome !== "browser_lost" && outcome !== "aborted" && !this.#told.has(key)) {
      this.#told.add(key);
      const reason = redactText((error.message ?? String(error)).split("\n")[0]).slice(0, 300);
      const t_ms = this.clock.now();
      this.setting.sink.event({ t_ms, event: "step_failed", session: this.session, step, outcome, reason });
    }
    return outcome;
  }

  #row(step: string, started_ms: number, outcome: Outcome, status: number): void {
    const { bytes_in, bytes_out, refused, refusedPage } = this.#traffic!.take();
    for (const [origin, count] of refused) this.#refuse("host", origin, count);
    // A click may lead to what is refused without failing itself.
    const ended = refusedPage && outcome === "ok" ? "blocked_host" : outcome;
    if (ended !== "ok") this.#failed = true;
    if (ended === "ok") this.#fresh = false;
    else if (refusedPage) this.#fresh = true;
    this.#recorded++;
    const ended_ms = this.clock.now();
    this.setting.sink.request({
      session: this.session,
      iteration: this.#iteration,
      step,
      scheduled_ms: this.#scheduled_ms,
      started_ms,
      duration_ms: ended_ms - started_ms,
      outcome: ended,
      status,
      bytes_in,
      bytes_out,
    });
    this.#scheduled_ms = ended_ms;
  }

  /** Waits for `work`, for the end of its time, for the loss of the page, or for the end of the attempt. */
  async #uninterrupted<T>(work: Promise<T>, over: Promise<never>): Promise<T> {
    const end = Promise.withResolvers<never>();
    this.#pending.add(end.reject);
    try {
      return await Promise.race([work, over, end.promise]);
    } finally {
      this.#pending.delete(end.reject);
    }
  }

  #interrupt(error: Error): void {
    for (const reject of this.#pending) reject(error);
  }

  #watchdog(limit_ms: () => number) {
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => {});
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = () => clearTimeout(timer);
    return {
      over: over.promise,
      start: () => {
        rest();
        timer = setTimeout(() => over.reject(new Overdue(`not done after ${limit_ms()} ms`)), limit_ms());
      },
      rest,
      end: rest,
    };
  }

  /** Gives the session a page where it has none any more. */
  async #restore(): Promise<void> {
    for (let tries = 1; !this.#cut; tries++) {
      const whole = this.#lost === undefined && !this.#spoilt && this.#page?.isClosed() === false;
      if (whole) return;
      const before = this.#page;
      this.#lost = undefined;
      this.#spoilt = false;
      // A page that hangs would never answer.
      before?.close().catch(() => {});
      try {
        await this.#openPage();
      } catch (error) {
        if (outcomeOf(error as Error) !== "browser_lost" || tries === MOST_TRIES) throw error;
        this.lose((error as Error).message.split("\n")[0], true);
      }
    }
  }

  async #openPage(): Promise<void> {
    const { plan } = this.setting.job;
    if (!this.#context) {
      this.#contexts++;
      const { har } = plan.browser_scenario;
      const { context, traffic } = await this.setting.pool.context(this.session, {
        ...this.setting.context,
        ...(har ? { recordHar: { path: this.#rawHar(), content: "omit" } } : {}),
      });
      this.#traffic = traffic;
      this.#opened_ms = this.clock.now();
      context.setDefaultTimeout(plan.timeout_ms);
      if (plan.browser_scenario.trace) await context.tracing.start({ screenshots: false, snapshots: false });
      context.on("page", (page) => this.#onPage(page));
      context.on("dialog", (dialog) => this.#onDialog(dialog));
      context.once("close", () => {
        if (this.#context === context) this.#context = undefined;
      });
      this.#context = context;
    }
    this.#opening = true;
    const page = await this.#context.newPage().finally(() => this.#opening = false);
    page.on("crash", () => this.#page === page && this.lose("the page crashed"));
    page.on("download", (download) => {
      this.#refuse("download");
      download.cancel().catch(() => {});
    });
    keepOnTarget(page, this.setting.guard, (url) => {
      const { protocol, host } = new URL(url);
      this.#refuse("host", `${protocol}//${host}`);
      this.#spoilt = true;
      this.#interrupt(Object.assign(new Error("the page left the target"), { name: "BlockedHost" }));
    });
    this.#page = page;
    this.#fresh = true;
  }

  #onPage(page: Page): void {
    if (this.#opening) return;
    this.#refuse("popup");
    // A module may have asked for it.
    if (this.setting.scenario.module) this.#extra.add(page);
    else page.close().catch(() => {});
  }

  #onDialog(dialog: Dialog): void {
    this.#refuse("dialog");
    // To stay on a page that asks not to be left would be to hang there.
    const end = () => (dialog.type() === "beforeunload" ? dialog.accept() : dialog.dismiss()).catch(() => {});
    if (this.setting.scenario.module) setTimeout(end, DIALOG_MS);
    else end();
  }

  #refuse(what: Refused, origin?: string, count = 1): void {
    const key = `${what} ${origin ?? ""}`;
    const so = this.#refused.get(key) ?? { what, ...(origin === undefined ? {} : { origin }), count: 0 };
    so.count += count;
    this.#refused.set(key, so);
  }

  #tellRefused(): void {
    for (const refused of this.#refused.values()) {
      const t_ms = Math.max(0, this.clock.now());
      this.setting.sink.event({ t_ms, event: "refused", session: this.session, ...refused });
    }
    this.#refused.clear();
  }

  async #screenshotIfDue(slot_ms: number): Promise<void> {
    const { screenshot_every_ms: every_ms } = this.setting.job.plan.browser_scenario;
    // Slots are a grid without jitter: the rate of screenshots is the one asked for, on average over the slots.
    if (every_ms === 0 || slot_ms < this.#due_ms || this.setting.sink.dropsArtifacts) return;
    this.#due_ms = Math.max(this.#due_ms, slot_ms - every_ms) + every_ms;
    if (this.#due_ms <= slot_ms) this.#due_ms = slot_ms + every_ms;
    await this.#step("screenshot", () => this.#screenshot()).catch(() => {});
  }

  async #screenshot(): Promise<void> {
    const { screenshot_format: type, screenshot_quality } = this.setting.job.plan.browser_scenario;
    const image = await this.#page!.screenshot({ type, ...(type === "jpeg" ? { quality: screenshot_quality } : {}) });
    if (this.setting.sink.dropsArtifacts) return;
    this.#keep("screenshot", type === "jpeg" ? "jpg" : "png", image);
  }

  #keep(kind: string, extension: string, bytes: Uint8Array): void {
    const { job, sink } = this.setting;
    const name = kind === "screenshot" ? `s${this.session}-${this.#shots++}` : this.#name();
    const path = join(job.artifacts, `${name}.${extension}`);
    Deno.writeFileSync(path, bytes, { mode: 0o600, createNew: true });
    sink.event({
      t_ms: Math.max(0, this.clock.now()),
      event: "artifact",
      session: this.session,
      kind,
      bytes: bytes.length,
      path: relative(job.run, path),
      ...(kind === "screenshot" ? {} : { covers_from_ms: Math.max(0, this.#opened_ms) }),
    });
  }
}
