import type { Outcome } from "../../schema/rows.ts";

/** Says that a step took longer than it may. */
export class Overdue extends Error {
  override name = "TimeoutError";
}

/** Says that the attempt ended first. */
export class Cut extends Error {
  override name = "Cut";
}

/** Says that the page, or its browser, is gone. */
export class Lost extends Error {
  override name = "Lost";
}

/** How the network refuses what is not the target: the proxy that all else is sent to has a name that never resolves. */
export const REFUSED = /ERR_(PROXY_CONNECTION_FAILED|TUNNEL_CONNECTION_FAILED|NAME_NOT_RESOLVED)/;

/**
 * What the failure of a browser step counts as.
 *
 * @example A crash, and a server that is not there
 * ```ts
 * import { outcomeOf } from "./outcome_of.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(outcomeOf(new Error("page.click: Page crashed")), "browser_lost");
 * assert.equal(outcomeOf(new Error("page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1:9/")), "refused");
 * ```
 */
export function outcomeOf({ name, message }: Error): Outcome {
  const [line] = message.split("\n");
  if (name === "Lost") return "browser_lost";
  if (name === "Cut") return "aborted";
  if (name === "BlockedHost" || REFUSED.test(line)) return "blocked_host";
  if (name === "TimeoutError" || /ERR_(CONNECTION_)?TIMED_OUT/.test(line)) return "timeout";
  // A full Chromium has a page of its own for an answer like 404 without a body.
  if (/ERR_HTTP_RESPONSE_CODE_FAILURE/.test(line)) return "http_error";
  if (/ERR_CONNECTION_REFUSED/.test(line)) return "refused";
  if (/ERR_CONNECTION_(RESET|CLOSED|ABORTED)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/.test(line)) return "reset";
  if (/ERR_(CERT|SSL)/.test(line)) return "tls";
  if (/(Page|Target) crashed|context or browser has been closed|Target closed|Browser closed/.test(line)) {
    return "browser_lost";
  }
  return "step_failed";
}
