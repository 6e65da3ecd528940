/** Finding and launching a Chromium: the user's, Playwright's, the system's, or the one carried along. */
export * from "./check_browser.ts";
export * from "./find_browser.ts";
export * from "./launch_browser.ts";
