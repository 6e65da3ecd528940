import type { Browser, BrowserContext, BrowserContextOptions } from "playwright";
import { findBrowser, type FoundBrowser, launchBrowser } from "../../browser/mod.ts";
import type { Plan } from "../../schema/plan.ts";
import type { Driver } from "../driver.ts";
import { BrowserTraffic, type PageTraffic } from "./page_traffic.ts";

/** How often a browser that ended is replaced in one attempt. */
export const MOST_RESPAWNS = 3;
/** How long a browser may take to end before it is killed [ms]. */
const END_MS = 3000;

/** What is told of browsers that end before they should. */
export interface BrowserWatch {
  /** Called for each session that was in it. */
  lost(session: number, reason: string): void;
  /** Called once another one runs in its place. */
  respawned(count: number): void;
}

interface Running {
  browser: Browser;
  pid: number;
  traffic: BrowserTraffic;
}

/** The browsers of one agent: one for all sessions, or one for each. */
export class BrowserPool {
  #found?: FoundBrowser;
  #about?: ReturnType<NonNullable<Driver["browser"]>>;
  #running = new Map<number, Promise<Running>>();
  #respawns = 0;
  #closing = false;

  constructor(
    readonly plan: Plan,
    readonly sessions: readonly number[],
    readonly setting: { args: string[]; tracesDir?: string; lean: boolean; watch: BrowserWatch },
  ) {}

  /** Launches what is needed from the start. */
  async open(): Promise<void> {
    this.#found = await findBrowser({ path: this.plan.browser });
    for (const key of new Set(this.sessions.map((session) => this.#key(session)))) await this.#start(key);
  }

  /**
   * Opens a context for a session, in another browser where the one before has ended.
   *
   * @throws {Error} If browsers have ended too often.
   */
  async context(
    session: number,
    options: BrowserContextOptions,
  ): Promise<{ context: BrowserContext; traffic: PageTraffic }> {
    const { browser, traffic } = await (this.#running.get(this.#key(session)) ?? this.#respawn(this.#key(session)));
    const context = await browser.newContext(options);
    return { context, traffic: traffic.of(context) };
  }

  about(): ReturnType<NonNullable<Driver["browser"]>> {
    if (!this.#about) {
      throw new TypeError("Cannot describe the browser as it must have been launched: current state is new");
    }
    return this.#about;
  }

  /** Ends all browsers, and kills those that do not. */
  async close(): Promise<void> {
    this.#closing = true;
    const running = (await Promise.allSettled(this.#running.values()))
      .flatMap((launch) => launch.status === "fulfilled" ? launch.value : []);
    await Promise.all(running.map(async ({ browser, pid }) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, END_MS));
      await Promise.race([browser.close().catch(() => {}), late]);
      clearTimeout(timer);
      killTree(pid);
    }));
  }

  #key(session: number): number {
    return this.plan.browser_scenario.isolation === "browser" ? session : 0;
  }

  async #respawn(key: number): Promise<Running> {
    const respawn = ++this.#respawns;
    if (respawn > MOST_RESPAWNS) {
      throw new Error(`The browser ended ${respawn} times in one attempt: it was replaced ${MOST_RESPAWNS} times`);
    }
    const running = await this.#start(key);
    this.setting.watch.respawned(respawn);
    return running;
  }

  /** At once the promise, so that sessions which ask meanwhile wait for the same browser. */
  #start(key: number): Promise<Running> {
    const launch = this.#launch(key);
    this.#running.set(key, launch);
    launch.catch(() => this.#running.delete(key));
    return launch;
  }

  async #launch(key: number): Promise<Running> {
    const found = this.#found!;
    const { args, tracesDir } = this.setting;
    const { browser, sandboxed, version } = await launchBrowser(found, { args, tracesDir });
    this.#about = { path: found.path, source: found.source, version, sandboxed };
    const traffic = new BrowserTraffic(browser, { lean: this.setting.lean });
    const pid = await browserPid(browser);
    browser.once("disconnected", () => {
      if (this.#closing) return;
      this.#running.delete(key);
      // Its own processes may outlive it.
      killTree(pid);
      for (const session of this.sessions) {
        if (this.#key(session) === key) this.setting.watch.lost(session, "the browser ended");
      }
    });
    return { browser, pid, traffic };
  }
}

async function browserPid(browser: Browser): Promise<number> {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  return processInfo.find(({ type }) => type === "browser")!.id;
}

/** Playwright starts a browser as the head of a process group, where there are such. */
function killTree(pid: number): void {
  for (const id of Deno.build.os === "windows" ? [pid] : [-pid, pid]) {
    try {
      Deno.kill(id, "SIGKILL");
    } catch { /* it has ended already */ }
  }
}
