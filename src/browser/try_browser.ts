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
  return new Promise((resolve) => {
    execFile(
      found.path,
      ["--version"],
      { env: browserEnvironment(found), timeout: 20_000 },
      (error, stdout, stderr) => {
        if (error === null && /\d+\.\d+/.test(stdout)) resolve({ works: true, version: stdout.trim() });
        else {resolve({
            works: false,
            reason: (stderr.trim() || error?.message || "it printed no version").slice(0, 500),
          });}
      },
    );
  });
}
