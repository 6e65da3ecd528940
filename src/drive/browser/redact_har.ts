import { REDACTED, redactUrl } from "./redact_url.ts";

interface Named {
  name: string;
  value: string;
}

/** As the format has it; what is not named here is left out. */
interface Entry {
  startedDateTime?: string;
  time?: number;
  pageref?: string;
  serverIPAddress?: string;
  timings?: unknown;
  _monotonicTime?: number;
  _resourceType?: string;
  request?: {
    method?: string;
    url?: string;
    httpVersion?: string;
    headers?: Named[];
    headersSize?: number;
    bodySize?: number;
  };
  response?: {
    status?: number;
    statusText?: string;
    httpVersion?: string;
    headers?: Named[];
    content?: { size?: number; mimeType?: string };
    redirectURL?: string;
    headersSize?: number;
    bodySize?: number;
    _transferSize?: number;
    _failureText?: string;
  };
}

/** Headers whose values say how something was transferred, not who asked. Any other may hold a secret. */
const HARMLESS = new Set(
  ("accept accept-encoding accept-language accept-ranges age cache-control connection content-encoding content-language " +
    "content-length content-range content-type date expires host keep-alive last-modified origin pragma range retry-after " +
    "sec-fetch-dest sec-fetch-mode sec-fetch-site sec-websocket-version server transfer-encoding upgrade user-agent vary via")
    .split(" "),
);

/**
 * One entry of a HAR without what may be secret: sizes, times, types and statuses stay; values of headers stay only where
 * they are known to be harmless; cookies, bodies, WebSocket messages and secret values of queries go.
 *
 * @param value the entry as Playwright records it.
 */
function redactEntry(value: unknown): object {
  const { request = {}, response = {}, ...entry } = value as Entry;
  return {
    startedDateTime: entry.startedDateTime,
    time: entry.time,
    pageref: entry.pageref,
    _monotonicTime: entry._monotonicTime,
    _resourceType: entry._resourceType,
    request: {
      method: request.method,
      url: redactUrl(request.url ?? ""),
      httpVersion: request.httpVersion,
      cookies: [],
      headers: redactHeaders(request.headers),
      queryString: queryOf(redactUrl(request.url ?? "")),
      headersSize: request.headersSize ?? -1,
      bodySize: request.bodySize ?? -1,
    },
    response: {
      status: response.status,
      statusText: response.statusText,
      httpVersion: response.httpVersion,
      cookies: [],
      headers: redactHeaders(response.headers),
      content: { size: response.content?.size ?? -1, mimeType: response.content?.mimeType ?? "" },
      redirectURL: redactUrl(response.redirectURL ?? ""),
      headersSize: response.headersSize ?? -1,
      bodySize: response.bodySize ?? -1,
      _transferSize: response._transferSize,
      _failureText: response._failureText,
    },
    cache: {},
    timings: entry.timings,
    serverIPAddress: entry.serverIPAddress,
  };
}

/**
 * A HAR without what may be secret: of each entry sizes, times, types and statuses stay, and such values of headers and queries
 * as are known to be harmless.
 *
 * @param har the document as Playwright wrote it.
 *
 * @example A bearer token
 * ```ts
 * import { redactHar } from "./redact_har.ts";
 * import assert from "node:assert/strict";
 *
 * const headers = [{ name: "Authorization", value: "Bearer abc" }];
 * const har = { log: { version: "1.2", entries: [{ request: { url: "http://127.0.0.1/", headers }, response: {} }] } };
 * assert(!JSON.stringify(redactHar(har)).includes("abc"));
 * ```
 */
export function redactHar(har: unknown): object {
  const { log = {} } = har as {
    log?: { version?: string; creator?: unknown; browser?: unknown; pages?: object[]; entries?: unknown[] };
  };
  return {
    log: {
      version: log.version,
      creator: log.creator,
      browser: log.browser,
      pages: (log.pages ?? []).map((page) => ({ ...page, title: "" })),
      entries: (log.entries ?? []).map(redactEntry),
    },
  };
}

function redactHeaders(headers: Named[] = []): Named[] {
  return headers.map(({ name, value }) => ({
    name,
    value: HARMLESS.has(name.toLowerCase()) ? value : REDACTED,
  }));
}

function queryOf(url: string): Named[] {
  const at = url.indexOf("?");
  if (at < 0) return [];
  return url.slice(at + 1).split("&").map((part) => {
    const [name, ...rest] = part.split("=");
    return { name, value: rest.join("=") };
  });
}
