import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright";
import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";

/** A report in a real browser. */
export interface Visit {
  page: Page;
  /** Console messages of any kind, uncaught errors, violated policies. */
  complaints: string[];
  requests: string[];
}

/** How a report is looked at. */
export interface VisitOptions {
  width?: number;
  colorScheme?: "light" | "dark";
  javaScriptEnabled?: boolean;
  /** Wait until every chart is drawn. */
  drawn?: boolean;
  /** State in the address. */
  hash?: string;
}

let folder: string | undefined;
let browser: Browser | undefined;

/** For tests that share one browser: it outlives each of them. */
export function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, fn: body, sanitizeOps: false, sanitizeResources: false });
}

/** After the last of them. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
}

/** Opens a report from a file, as a user does, and runs `check` once it is at rest. */
export async function visit(
  html: string,
  options: VisitOptions,
  check: (visit: Visit) => Promise<void>,
): Promise<void> {
  const { width = 1200, colorScheme = "light", javaScriptEnabled = true, drawn = javaScriptEnabled, hash = "" } =
    options;
  browser ??= (await launchBrowser(await findBrowser())).browser;
  folder ??= await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  const file = join(folder, "report.html");
  await writeFile(file, html);
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled });
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  try {
    await page.goto(pathToFileURL(file).href + hash);
    if (drawn) await page.locator(".chart:not(.drawn)").first().waitFor({ state: "detached" });
    await check({ page, complaints, requests });
  } finally {
    await page.close();
  }
}
