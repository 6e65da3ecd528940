import type { Browser, BrowserContext } from "playwright";

/** An event of the browser's protocol, as it came. */
export interface ProtocolEvent {
  /** The target that it is about; absent for the browser's own. */
  sessionId?: string;
  method: string;
  // deno-lint-ignore no-explicit-any
  params: any;
}

/** The parts of Playwright's inside that are relied upon here; its version is pinned, and tests of bytes would fail without them. */
interface Inside {
  _connection: {
    toImpl(outside: unknown): {
      _connection: {
        _transport: { onmessage(message: Partial<ProtocolEvent>): void; send(message: Partial<ProtocolEvent>): void };
      };
      _browserContextId: string;
    };
  };
}

/**
 * Reads along what a browser tells Playwright.
 *
 * Playwright has every page, frame and worker report its network anyway. A protocol session of our own would make the
 * browser write, and this process parse, each event twice, payloads of WebSockets included, and would see neither
 * popups nor service workers.
 *
 * @param browser just launched: what it said before is not heard.
 * @param listener called with each event before Playwright handles it; of what it returns `false` for, Playwright is not told.
 *
 * @example All that is requested
 * ```ts ignore
 * readAlong(browser, ({ method, params }) => {
 *   if (method === "Network.requestWillBeSent") console.log(params.request.url);
 * });
 * ```
 */
export function readAlong(browser: Browser, listener: (event: ProtocolEvent) => boolean | void): void {
  const transport = inside(browser)._connection.toImpl(browser)._connection._transport;
  const tell = transport.onmessage;
  transport.onmessage = (message) => {
    if (message.method !== undefined && listener(message as ProtocolEvent) === false) return;
    tell(message);
  };
}

/**
 * Bounds what a browser holds of the bodies that its pages received, in case that somebody asks for them.
 *
 * Playwright leaves it at Chromium's own bound, 100 MB and more for each page, which no user's browser holds: it would be
 * charged to the session.
 *
 * @param bytes for each page; 0 where nobody asks.
 */
export function limitBodies(browser: Browser, bytes: number): void {
  const transport = inside(browser)._connection.toImpl(browser)._connection._transport;
  const send = transport.send.bind(transport);
  transport.send = (message) => {
    if (message.method === "Network.enable") {
      message.params = { ...message.params, maxTotalBufferSize: bytes, maxResourceBufferSize: bytes };
    }
    send(message);
  };
}

/** What the protocol calls a context. */
export function contextId(context: BrowserContext): string {
  return inside(context)._connection.toImpl(context)._browserContextId;
}

function inside(outside: unknown): Inside {
  return outside as Inside;
}
