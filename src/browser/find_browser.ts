import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { InputError } from "../schema/mod.ts";
import { carriedBrowser } from "./carried_browser.ts";
import { tryBrowser } from "./try_browser.ts";

/** A browser that can be launched, and where it comes from. */
export interface FoundBrowser {
  /** Absolute path of the executable, or the path that the user gave. */
  path: string;
  source: "flag" | "environment" | "playwright" | "system" | "sparticuz";
  /** Folder of shared libraries that this browser needs and the machine lacks. */
  libraryPath?: string;
  /** Fontconfig file for a machine that has none. */
  fontsPath?: string;
}

/** Settings of {@linkcode findBrowser}. */
export interface FindBrowserOptions {
  /** The path that the user asked for (`--browser`); nothing else is tried. */
  path?: string;
  /**
   * Environment variables to read.
   * @default those of this process
   */
  env?: Record<string, string | undefined>;
}

/**
 * Finds a Chromium, in this order: the path asked for, the environment variable `PLIMSOLL_BROWSER`, Playwright's own
 * download, a Chrome or Chromium of the system, the one that `@sparticuz/chromium` carries (Linux x64 only; unpacked
 * into a folder of this user at first use).
 *
 * A path that was asked for is used or refused, never replaced: the browser's flavour decides what a session costs.
 *
 * @param options Where to look.
 * @returns The executable's path, its source, and its libraries where the machine lacks them.
 * @throws {InputError} If the path asked for is not an executable file.
 * @throws {Error} If there is none; the message holds the line to type.
 *
 * @example Launch whatever there is
 * ```ts ignore
 * import { findBrowser, launchBrowser } from "./mod.ts";
 *
 * const { browser } = await launchBrowser(await findBrowser());
 * await browser.close();
 * ```
 */
export async function findBrowser(options: FindBrowserOptions = {}): Promise<FoundBrowser> {
  const env = options.env ?? process.env;
  if (options.path !== undefined) return await asked(options.path, "flag", "--browser");
  if (env.PLIMSOLL_BROWSER) return await asked(env.PLIMSOLL_BROWSER, "environment", "PLIMSOLL_BROWSER");

  for (const path of await playwrightPaths()) {
    const found: FoundBrowser = { path, source: "playwright" };
    if (await usable(found)) return found;
  }
  for (const path of systemPaths(env)) {
    const found: FoundBrowser = { path, source: "system" };
    if (await usable(found)) return found;
  }
  if (process.platform === "linux" && process.arch === "x64") return await carriedBrowser({ env });

  const { version } = (await import("playwright/package.json", { with: { type: "json" } })).default;
  throw new Error(
    `Cannot find a browser: type \`npx playwright@${version} install chromium\` ` +
      `(without Node: \`deno run -A npm:playwright@${version} install chromium\`), or give the path of a Chrome or Chromium with --browser`,
  );
}

async function asked(path: string, source: "flag" | "environment", name: string): Promise<FoundBrowser> {
  if (!await isExecutable(path)) {
    throw new InputError(name, path, "the path of an executable Chrome or Chromium");
  }
  return { path, source };
}

/** The full Chromium first, as it is nearer to what people use; then the headless shell that comes with it. */
async function playwrightPaths(): Promise<string[]> {
  const { chromium } = await import("playwright");
  const full = chromium.executablePath();
  const shell = full
    .replace(
      /([/\\])chromium-(\d+)([/\\])chrome-([^/\\]+)([/\\]).*$/,
      "$1chromium_headless_shell-$2$3chrome-headless-shell-$4$5",
    ) +
    (process.platform === "win32" ? "chrome-headless-shell.exe" : "chrome-headless-shell");
  return [full, shell];
}

function systemPaths(env: Record<string, string | undefined>): string[] {
  if (process.platform === "win32") {
    return [env.ProgramFiles, env["ProgramFiles(x86)"], env.LOCALAPPDATA]
      .filter((root) => root !== undefined)
      .flatMap((root) => [
        join(root, "Google", "Chrome", "Application", "chrome.exe"),
        join(root, "Chromium", "Application", "chrome.exe"),
      ]);
  }
  const names = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser"];
  const onPath = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = names.flatMap((name) => onPath.map((folder) => join(folder, name)));
  if (process.platform === "darwin") {
    for (const root of ["/Applications", join(env.HOME ?? "/", "Applications")]) {
      paths.push(join(root, "Google Chrome.app/Contents/MacOS/Google Chrome"));
      paths.push(join(root, "Chromium.app/Contents/MacOS/Chromium"));
    }
  } else {
    paths.push("/usr/bin/google-chrome-stable", "/usr/bin/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium");
  }
  return paths;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Some distributions put a script that only advertises a package where the browser would be; some lack its libraries. */
async function usable(found: FoundBrowser): Promise<boolean> {
  if (!await isExecutable(found.path)) return false;
  // On Windows `--version` opens a window.
  return process.platform === "win32" || (await tryBrowser(found)).works;
}
