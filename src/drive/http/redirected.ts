import { type HttpMessage, type HttpResponse, isRedirect } from "../http1/mod.ts";

/** Where a response leads: nowhere, to another request of the same origin, or where nothing is sent. */
export type Redirected =
  | { kind: "final" }
  | { kind: "request"; message: HttpMessage }
  | { kind: "blocked"; reason: string }
  | { kind: "malformed"; reason: string };

/**
 * Decides what follows a response, as browsers do: POST becomes GET after 301 and 302, everything but HEAD after 303; 307 and
 * 308 repeat the request.
 *
 * @param response whose headers were kept.
 * @param of `message` was answered by it, `url` is where it was sent.
 *
 * @example
 * ```ts
 * import { redirected } from "./redirected.ts";
 * import assert from "node:assert/strict";
 *
 * const message = { method: "POST", path: "/login", headers: { host: "a", "content-type": "text/plain" }, body: "me" };
 * const next = redirected({ status: 303, headers: [["location", "home"]] }, { message, url: "http://a/login" });
 * assert.deepEqual(next, { kind: "request", message: { method: "GET", path: "/home", headers: { host: "a" } } });
 * ```
 */
export function redirected(
  { status, headers }: Pick<HttpResponse, "status" | "headers">,
  { message, url }: { message: HttpMessage; url: string },
): Redirected {
  const location = headers.find(([name]) => name === "location")?.[1];
  if (!isRedirect(status) || location === undefined) return { kind: "final" };
  const to = URL.parse(location, url);
  if (!to) return { kind: "malformed", reason: `status ${status} with a location that is no URL` };
  const { origin } = new URL(url);
  if (to.origin !== origin) return { kind: "blocked", reason: `led to ${originOf(to)}, which is not ${origin}` };
  const path = to.pathname + to.search;
  const { method } = message;
  const repeats = status === 307 || status === 308 || method === "HEAD" || (status !== 303 && method !== "POST");
  if (repeats) return { kind: "request", message: { ...message, path } };
  const kept = Object.entries(message.headers).filter(([name]) => !/^content-/i.test(name));
  return { kind: "request", message: { method: "GET", path, headers: Object.fromEntries(kept) } };
}

/** A `javascript:` or `data:` URL has no origin but its scheme. */
function originOf({ origin, protocol }: URL): string {
  return origin === "null" ? protocol : origin;
}
