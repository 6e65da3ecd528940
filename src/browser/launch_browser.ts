import process from "node:process";
import type { Browser, LaunchOptions } from "playwright";
import type { FoundBrowser } from "./find_browser.ts";
import { browserEnvironment } from "./browser_environment.ts";

/** Settings of {@linkcode launchBrowser}. */
export interface LaunchBrowserOptions {
  /**
   * Further command-line arguments of the browser.
   * @default []
   */
  args?: string[];
  /**
   * Where Playwright keeps traces while they are recorded.
   * @default a temp folder
   */
  tracesDir?: string;
}

/** A running browser. */
export interface LaunchedBrowser {
  browser: Browser;
  /** Whether Chromium's sandbox is on. */
  sandboxed: boolean;
  /** For example `156.0.7390.54`. */
  version: string;
}

/** Nothing that a page did not ask for: no updates, no first-run traffic, no sync. */
const QUIET = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What the several flavours of Chromium say when the kernel, or a container, forbids their sandbox. */
const NO_SANDBOX =
  /No usable sandbox|SUID sandbox helper|Failed to move to new namespace|sandbox\/linux\/.*Check failed/;

/**
 * Launches a browser without a window, in its sandbox where that can start.
 *
 * Chromium refuses to run as root with its sandbox, so root runs without. For anybody else the sandbox is left out only
 * after Chromium itself has said that it cannot start. Signals stay with the caller: Stop in a notebook, or the first
 * Ctrl-C, must not take the browser (or the kernel) away before the sessions have ended.
 *
 * @param found What {@linkcode findBrowser} gave.
 * @param options Further arguments.
 * @returns The browser, whether it is sandboxed, and its version.
 * @throws {Error} If it does not start.
 */
export async function launchBrowser(found: FoundBrowser, options: LaunchBrowserOptions = {}): Promise<LaunchedBrowser> {
  const { chromium } = await import("playwright");
  const settings: LaunchOptions = {
    executablePath: found.path,
    headless: true,
    args: [...QUIET, ...options.args ?? []],
    ...(options.tracesDir === undefined ? {} : { tracesDir: options.tracesDir }),
    env: browserEnvironment(found),
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  };
  const launch = async (sandboxed: boolean): Promise<LaunchedBrowser> => {
    const browser = await chromium.launch({ ...settings, chromiumSandbox: sandboxed });
    return { browser, sandboxed, version: browser.version() };
  };
  if (process.getuid?.() === 0) return await launch(false);
  try {
    return await launch(true);
  } catch (error) {
    if (!NO_SANDBOX.test((error as Error).message)) throw error;
    return await launch(false);
  }
}
