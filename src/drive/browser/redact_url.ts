/** What stands where something secret was. */
export const REDACTED = "[redacted]";

const SECRET = /token|key|secret|passw|pwd|session|sid|auth|jwt|signature|credential|csrf|xsrf|code|otp/i;

/**
 * A URL without user name, password and fragment, and without the values of query parameters whose names sound secret.
 *
 * @param text the URL; what is none comes back without all that follows a question mark or hash.
 *
 * @example A token in the query
 * ```ts
 * import { redactUrl } from "./redact_url.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(redactUrl("http://127.0.0.1/a?access_token=abc&page=2#b"), "http://127.0.0.1/a?access_token=[redacted]&page=2");
 * ```
 */
export function redactUrl(text: string): string {
  if (!URL.canParse(text)) return text.split(/[?#]/)[0];
  const url = new URL(text);
  if (url.protocol === "data:" || url.protocol === "blob:") return url.protocol;
  const query = url.search.slice(1).split("&").filter((part) => part !== "").map((part) => {
    const [name] = part.split("=", 1);
    return SECRET.test(name) ? `${name}=${REDACTED}` : part;
  });
  const host = url.host === "" ? "" : `//${url.host}`;
  return `${url.protocol}${host}${url.pathname}${query.length > 0 ? `?${query.join("&")}` : ""}`;
}

/** A text with all URLs in it redacted. */
export function redactText(text: string): string {
  return text.replace(/\b[a-z]+:\/\/[^\s"'<>]+/gi, (url) => redactUrl(url));
}
