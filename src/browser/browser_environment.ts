import process from "node:process";
import type { FoundBrowser } from "./find_browser.ts";

/**
 * The environment of a browser process: that of this process, plus the libraries and fonts that the machine lacks.
 *
 * @param found The browser.
 * @returns Environment variables.
 */
export function browserEnvironment(found: FoundBrowser): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  if (found.libraryPath !== undefined) {
    env.LD_LIBRARY_PATH = [found.libraryPath, env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  }
  if (found.fontsPath !== undefined) env.FONTCONFIG_FILE = found.fontsPath;
  return env;
}
