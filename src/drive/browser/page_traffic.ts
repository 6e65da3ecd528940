import { Buffer } from "node:buffer";
import type { Browser, BrowserContext } from "playwright";
import { REFUSED } from "./outcome_of.ts";
import { contextId, limitBodies, type ProtocolEvent, readAlong } from "./read_along.ts";

/** What a page's browser holds of the bodies received, for scenarios that ask for them. */
const BODIES_BYTES = 10e6;

/** Requests of one session that are under way at once. */
const MOST_REQUESTS = 5000;

/** What a session's pages moved, and were refused, since it was last taken. */
export interface Traffic {
  bytes_in: number;
  bytes_out: number;
  /** Requests refused, by origin. */
  refused: Map<string, number>;
  /** Whether one of them was what a page was to show. */
  refusedPage: boolean;
}

interface Request {
  url: string;
  /** Length of the request line. */
  line_bytes: number;
  /** Counted so far. */
  received_bytes: number;
  /** Headers came before the line was known. */
  sent: boolean;
  /** What a service worker hands to a page has been, or was never, on the wire elsewhere. */
  byWorker: boolean;
  /** What a page is to show. */
  page: boolean;
}

/**
 * Counts what the sessions of one browser really transfer, as the browser itself tells: encoded bodies as they come, headers,
 * frames of WebSockets both ways; of pages, frames in processes of their own, popups, and workers of any kind. What comes
 * from a cache costs nothing.
 *
 * Frames of WebSockets count as they are before compression, where the server compresses them. Of a stream that goes on the
 * browser may tell the last part only with the next.
 *
 * @example A context's bytes
 * ```ts ignore
 * const traffic = new BrowserTraffic(browser);
 * const context = await browser.newContext();
 * const meter = traffic.of(context);
 * await (await context.newPage()).goto("http://127.0.0.1:8080/");
 * meter.take().bytes_in;
 * ```
 */
export class BrowserTraffic {
  #targets = new Map<string, { context: string; target: string }>();
  #meters = new Map<string, PageTraffic>();
  #lean: boolean;
  /** Requests of documents that are under way. */
  #documents = new Set<string>();

  /**
   * Starts counting.
   *
   * @param options.lean whether nobody asks Playwright what pages request. It then hears of documents only, and need not keep an
   *   account of each picture and script: a fifth of what a session costs this process, at ten pictures a second.
   */
  constructor(browser: Browser, { lean = false }: { lean?: boolean } = {}) {
    this.#lean = lean;
    limitBodies(browser, lean ? 0 : BODIES_BYTES);
    readAlong(browser, (event) => this.#see(event));
  }

  /** What the pages of a new context move. */
  of(context: BrowserContext): PageTraffic {
    const meter = new PageTraffic();
    const id = contextId(context);
    this.#meters.set(id, meter);
    context.once("close", () => this.#meters.delete(id));
    return meter;
  }

  #see({ sessionId, method, params }: ProtocolEvent): boolean {
    if (method === "Target.attachedToTarget") {
      const { targetInfo } = params;
      this.#targets.set(params.sessionId, { context: targetInfo.browserContextId, target: targetInfo.targetId });
    } else if (method === "Target.detachedFromTarget") this.#targets.delete(params.sessionId);
    if (sessionId === undefined || !method.startsWith("Network.")) return true;
    const from = this.#targets.get(sessionId);
    if (from) this.#meters.get(from.context)?.see(method, params, from.target);
    return !this.#lean || this.#isOfDocument(method, params);
  }

  #isOfDocument(method: string, { requestId, type }: { requestId: string; type?: string }): boolean {
    if (method === "Network.requestWillBeSent" && type === "Document") {
      this.#documents.add(requestId);
      if (this.#documents.size > MOST_REQUESTS) this.#documents.delete(this.#documents.keys().next().value!);
    }
    if (method === "Network.loadingFinished" || method === "Network.loadingFailed") {
      return this.#documents.delete(requestId);
    }
    return this.#documents.has(requestId);
  }
}

/** What the pages of one session move. */
export class PageTraffic {
  #in = 0;
  #out = 0;
  #requests = new Map<string, Request>();
  #refused = new Map<string, number>();
  #refusedPage = false;

  /**
   * Takes an event of the protocol's Network domain.
   *
   * @param target the page or worker that it is about; a page's main frame has the same id.
   */
  // deno-lint-ignore no-explicit-any
  see(method: string, params: any, target: string): void {
    switch (method.slice("Network.".length)) {
      case "requestWillBeSent":
        return this.#willBeSent(params, target);
      case "requestWillBeSentExtraInfo":
        return this.#sent(params.requestId, params.headers);
      case "responseReceived":
        this.#request(params.requestId).byWorker = params.response.fromServiceWorker === true;
        return this.#upTo(params.requestId, params.response.encodedDataLength);
      case "dataReceived": {
        const request = this.#request(params.requestId);
        return this.#upTo(params.requestId, request.received_bytes + params.encodedDataLength);
      }
      case "loadingFinished":
        this.#upTo(params.requestId, params.encodedDataLength);
        this.#requests.delete(params.requestId);
        return;
      case "loadingFailed":
        return this.#failed(params.requestId, params.errorText);
      case "webSocketCreated":
        this.#request(params.requestId).url = params.url;
        return;
      case "webSocketHandshakeResponseReceived":
        this.#in += headerBytes(params.response.headers) + 32;
        this.#out += headerBytes(params.response.requestHeaders ?? {}) +
          requestLine("GET", this.#request(params.requestId).url);
        return;
      case "webSocketFrameReceived":
        this.#in += frameBytes(params.response);
        return;
      case "webSocketFrameSent":
        // What a browser sends is masked, with a key of four bytes.
        this.#out += frameBytes(params.response) + 4;
        return;
      case "webSocketFrameError":
        return this.#failed(params.requestId, params.errorMessage);
      case "webSocketClosed":
        this.#requests.delete(params.requestId);
    }
  }

  /** What moved since the last call. */
  take(): Traffic {
    const taken = {
      bytes_in: Math.round(this.#in),
      bytes_out: Math.round(this.#out),
      refused: this.#refused,
      refusedPage: this.#refusedPage,
    };
    this.#in = 0;
    this.#out = 0;
    if (this.#refused.size > 0) this.#refused = new Map();
    this.#refusedPage = false;
    return taken;
  }

  // deno-lint-ignore no-explicit-any
  #willBeSent({ requestId, request: { url, method }, redirectResponse, type, frameId }: any, target: string): void {
    if (redirectResponse) {
      this.#upTo(requestId, redirectResponse.encodedDataLength);
      this.#requests.delete(requestId);
    }
    const request = this.#request(requestId);
    request.url = url;
    request.line_bytes = requestLine(method, url);
    request.page = type === "Document" && frameId === target;
    // Only what goes over the wire has headers on it; which of the two is told first is left open.
    if (request.sent) this.#out += request.line_bytes;
  }

  #sent(requestId: string, headers: Record<string, string>): void {
    const request = this.#request(requestId);
    const length = Object.keys(headers).find((name) => name.toLowerCase() === "content-length");
    this.#out += headerBytes(headers) + request.line_bytes + (length ? Number(headers[length]) : 0);
    request.sent = true;
  }

  #request(id: string): Request {
    let request = this.#requests.get(id);
    if (!request) {
      request = { url: "", line_bytes: 0, received_bytes: 0, sent: false, byWorker: false, page: false };
      this.#requests.set(id, request);
      // Of what a navigation cuts off the browser may tell no end.
      if (this.#requests.size > MOST_REQUESTS) this.#requests.delete(this.#requests.keys().next().value!);
    }
    return request;
  }

  /** Counts what has come of an answer besides what had come. */
  #upTo(id: string, encoded_bytes: number): void {
    const request = this.#request(id);
    if (request.byWorker || !/^https?:/.test(request.url) || encoded_bytes <= request.received_bytes) return;
    this.#in += encoded_bytes - request.received_bytes;
    request.received_bytes = encoded_bytes;
  }

  #failed(id: string, reason: string): void {
    const request = this.#request(id);
    this.#requests.delete(id);
    if (!REFUSED.test(reason) || !URL.canParse(request.url)) return;
    const { protocol, host } = new URL(request.url);
    const origin = `${protocol}//${host}`;
    this.#refused.set(origin, (this.#refused.get(origin) ?? 0) + 1);
    this.#refusedPage ||= request.page;
  }
}

function requestLine(method: string, url: string): number {
  if (!/^(http|ws)s?:/.test(url)) return 0;
  const { pathname, search } = new URL(url);
  return method.length + pathname.length + search.length + " ".length + " HTTP/1.1\r\n".length + "\r\n".length;
}

function headerBytes(headers: Record<string, string>): number {
  let bytes = 0;
  // Two colons and blanks, and the line's end, for each; a header that comes twice has its values in two lines.
  for (const name in headers) for (const value of headers[name].split("\n")) bytes += name.length + value.length + 4;
  return bytes;
}

function frameBytes({ opcode, payloadData }: { opcode: number; payloadData: string }): number {
  // Binary payloads come as base64.
  const payload = opcode === 2 ? Math.floor(payloadData.length * 3 / 4) : Buffer.byteLength(payloadData);
  return payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10);
}
