import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FoundBrowser } from "./find_browser.ts";
import { tryBrowser } from "./try_browser.ts";

/** Settings of {@linkcode carriedBrowser}. */
export interface CarriedBrowserOptions {
  /**
   * Environment variables that say where this user's caches are.
   * @default those of this process
   */
  env?: Record<string, string | undefined>;
}

/**
 * Unpacks the Chromium that `@sparticuz/chromium` carries (once a user and version), and finds out whether it needs the
 * libraries that come with it.
 *
 * The package itself unpacks into the shared temp folder and runs what it finds there, whoever put it there. Here it
 * goes into a folder that only this user can write to; a lock lets one process unpack while others wait, and a rename
 * makes it whole or absent. Only the executable and its libraries are taken: the package's arguments put everything in
 * one process, which would falsify what a session costs.
 *
 * @param options Where to unpack.
 * @returns The browser, with `libraryPath` where the machine lacks libnss3, libnspr4 or libexpat.
 * @throws {Error} If it cannot be unpacked, or does not start even with its own libraries.
 */
export async function carriedBrowser(options: CarriedBrowserOptions = {}): Promise<FoundBrowser> {
  const root = await privateFolder(options.env ?? process.env);
  const { version } = JSON.parse(await readFile(new URL("../package.json", packageUrl()), "utf8"));
  const folder = join(root, `chromium-${version}`);
  if (!existsSync(folder)) await unpack(folder);

  const found: FoundBrowser = { path: join(folder, "chromium"), source: "sparticuz" };
  // Without any font pages come out blank, and cheaper than they are.
  if (!existsSync("/etc/fonts/fonts.conf")) found.fontsPath = join(folder, "fonts", "fonts.conf");
  if ((await tryBrowser(found)).works) return found;
  found.libraryPath = join(folder, "al2023", "lib");
  const trial = await tryBrowser(found);
  if (trial.works) return found;
  throw new Error(`Cannot start the carried browser ${found.path}: ${trial.reason}`);
}

function fontsFile(folder: string): string {
  const text = folder.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${text}/fonts</dir><cachedir>${text}/cache</cachedir></fontconfig>
`;
}

function packageUrl(): string {
  return import.meta.resolve("@sparticuz/chromium");
}

async function unpack(folder: string): Promise<void> {
  const lock = await Deno.open(`${folder}.lock`, { create: true, write: true });
  try {
    await lock.lock(true);
    if (existsSync(folder)) return;
    const part = `${folder}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { mode: 0o700 });
    const script = fileURLToPath(new URL("./unpack_main.ts", import.meta.url));
    // The package asks the system for the temp folder, which only a process's environment can change.
    await promisify(execFile)(Deno.execPath(), ["run", "-A", script], { env: { ...process.env, TMPDIR: part } });
    await chmod(join(part, "chromium"), 0o700);
    // The package's own file names folders that anybody may write to.
    await writeFile(join(part, "fonts", "fonts.conf"), fontsFile(join(folder, "fonts")));
    await rename(part, folder);
  } finally {
    lock.close();
  }
}

/** A folder of this user alone: in the user's cache, else (no home) in the temp folder under the user's number. */
async function privateFolder(env: Record<string, string | undefined>): Promise<string> {
  const uid = process.getuid?.();
  const places = [
    env.XDG_CACHE_HOME && join(env.XDG_CACHE_HOME, "plimsoll"),
    env.HOME && join(env.HOME, ".cache", "plimsoll"),
    join(env.TMPDIR || tmpdir(), `plimsoll-${uid}`),
  ];
  const refused: string[] = [];
  for (const place of places) {
    if (!place) continue;
    try {
      await mkdir(place, { recursive: true, mode: 0o700 });
      const found = await lstat(place);
      if (!found.isDirectory() || found.uid !== uid) throw new Error("it belongs to another user");
      await chmod(place, 0o700);
      return place;
    } catch (error) {
      refused.push(`${place}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Cannot unpack the carried browser, no private folder can be made (${refused.join("; ")})`);
}
