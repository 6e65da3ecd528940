import { execFile } from "node:child_process";
import { browserEnvironment } from "./browser_environment.ts";
import type { FoundBrowser } from "./find_browser.ts";

/** What `--version` of a browser gave. */
export type BrowserTrial = { works: true; version: string } | { works: false; reason: string };

/**
 * Starts a browser just far enough to say its version, which needs all its shared libraries.
 *
 * @param found The browser.
 * @returns The version line, or why it does not start.
 */
export function tryBrowser(found: FoundBrowser): Promise<BrowserTrial> {
  const settings = { env: browserEnvironment(found), timeout: 20_000 };
  return new Promise((resolve) => {
    execFile(found.path, ["--version"], settings, (error, stdout, stderr) => {
      const works = error === null && /\d+\.\d+/.test(stdout);
      const reason = stderr.trim() || error?.message || "it printed no version";
      resolve(works ? { works, version: stdout.trim() } : { works: false, reason: reason.slice(0, 500) });
    });
  });
}
