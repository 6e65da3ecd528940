import process from "node:process";
import { InputError } from "../schema/mod.ts";
import { findBrowser, type FindBrowserOptions, type FoundBrowser } from "./find_browser.ts";
import { tryBrowser } from "./try_browser.ts";

/**
 * Finds the browser and sees that it starts, so that a wrong one shows before anything is run.
 *
 * @param options Where to look.
 * @returns The browser.
 * @throws {InputError} If the path asked for is no browser that starts; the message holds what it said.
 * @throws {Error} If there is none.
 *
 * @example Before a sweep
 * ```ts ignore
 * import { checkBrowser } from "./mod.ts";
 * await checkBrowser({ path: "/usr/bin/chromium" });
 * ```
 */
export async function checkBrowser(options: FindBrowserOptions = {}): Promise<FoundBrowser> {
  const found = await findBrowser(options);
  // What was found without being asked for has been tried already. On Windows `--version` opens a window.
  if ((found.source !== "flag" && found.source !== "environment") || process.platform === "win32") return found;
  const trial = await tryBrowser(found);
  if (trial.works) return found;
  const name = found.source === "flag" ? "--browser" : "PLIMSOLL_BROWSER";
  throw new InputError(
    name,
    found.path,
    `the path of a Chrome or Chromium that starts (${trial.reason.split("\n")[0]})`,
  );
}
