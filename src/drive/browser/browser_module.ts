import type { BrowserContext as Context, Page as PageOfPlaywright } from "playwright";

/**
 * The documentation lint takes a package's types for private ones of ours, unless they pass through these.
 *
 * @internal
 */
type AnyPage = PageOfPlaywright;

/** @internal */
type AnyContext = Context;

/** A page of Playwright: https://playwright.dev/docs/api/class-page. */
export type BrowserPage = AnyPage;

/** A context of Playwright: https://playwright.dev/docs/api/class-browsercontext. */
export type BrowserContext = AnyContext;

/** What one iteration of a scenario module gets. */
export interface BrowserCall {
  /** The session's page, as the iteration before left it. Relative URLs are on the plan's. */
  page: BrowserPage;
  /** The session's context: cookies, storage, cache. */
  context: BrowserContext;
  /** The session's number, from 0. */
  session: number;
  /** The iteration's number, from 0. */
  iteration: number;
  /**
   * Records what `act` does as a row of that name, and gives what it gives.
   *
   * @throws what `act` throws, recorded as the row's outcome; and an error if it takes longer than the plan's `timeout_ms`.
   */
  step<T>(name: string, act: () => Promise<T>): Promise<T>;
}

/**
 * The default export of a scenario module: one iteration of one session.
 *
 * Lines that `npx playwright codegen http://127.0.0.1:8080/` records work as they are. Without steps the whole call is one
 * row, `scenario`. Neither a step nor what is between two may take longer than the plan's `timeout_ms`. The module is
 * code of yours, with your rights; what its pages load is held to the target.
 *
 * @example A module for `--scenario chat.ts`
 * ```ts
 * import type { BrowserModule } from "plimsoll";
 *
 * const chat: BrowserModule = async ({ page, session, iteration, step }) => {
 *   if (iteration === 0) await step("open", () => page.goto("/"));
 *   await step("say", async () => {
 *     await page.getByRole("textbox").fill(`hello from ${session}, ${iteration}`);
 *     await page.getByRole("button", { name: "Send" }).click();
 *   });
 * };
 * export default chat;
 * ```
 */
export type BrowserModule = (call: BrowserCall) => Promise<void>;
