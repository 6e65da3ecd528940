/** Sessions against a target, by HTTP or by browser. The browser driver is imported by its own file, so that the HTTP agent never loads Playwright. */
export * from "./arrival_loop.ts";
export * from "./driver.ts";
export * from "./http_driver.ts";
export * from "./session_loop.ts";
