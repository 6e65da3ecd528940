import type { Page } from "playwright";

/** What a page of a sweep may load: the target, by the name in the URL or by its address, on its port. */
export interface HostGuard {
  /** Command-line arguments of the browser that refuse everything else. */
  args: string[];
  /** Whether this may be opened: on the target, or nowhere at all (`about:`, `blob:`, `data:`). */
  allows(url: string): boolean;
}

/** Says of a navigation that it would leave the target. */
export class BlockedHost extends Error {
  override name = "BlockedHost";
}

/**
 * Keeps pages on their target, at no cost a request.
 *
 * The browser is given a proxy whose name never resolves, for all but the target's host and port: what a page, frame, worker,
 * WebSocket, redirect or WebTransport asks of any other is refused by the browser's own network service. No name but the
 * target's resolves, and that one only to the address that was checked. Media connections (WebRTC), which use
 * no such proxy, are told to use nothing else.
 *
 * @param target the plan's URL, and the address that it was resolved to.
 *
 * @example The page's own port only
 * ```ts
 * import { hostGuard } from "./host_guard.ts";
 * import assert from "node:assert/strict";
 *
 * const guard = hostGuard({ url: "http://localhost:8080/a", address: "127.0.0.1" });
 * assert(guard.allows("http://127.0.0.1:8080/b") && guard.allows("ws://localhost:8080/chat"));
 * assert(!guard.allows("http://localhost:8081/") && !guard.allows("file:///etc/hostname"));
 * ```
 */
export function hostGuard({ url: text, address }: { url: string; address: string }): HostGuard {
  const url = new URL(text);
  const bare = url.hostname.replace(/^\[|\]$/g, "");
  const numeric = address.includes(":") ? `[${address}]` : address;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const hosts = [...new Set([url.hostname, numeric])];
  // The first rule that matches counts, and what is excluded is asked for as it stands.
  const own = bare === address ? [] : [`MAP ${bare} ${numeric}`];
  return {
    args: [
      `--host-resolver-rules=${[...own, "MAP * ~NOTFOUND", `EXCLUDE ${address}`].join(", ")}`,
      "--proxy-server=http://refused.invalid:1",
      // Without the first, loopback and link-local addresses would never be asked of a proxy.
      `--proxy-bypass-list=${["<-loopback>", ...hosts.map((host) => `${host}:${port}`)].join(";")}`,
      "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
      "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    ],
    allows(asked) {
      if (!URL.canParse(asked, text)) return false;
      const { protocol, hostname, port: own, href } = new URL(asked, text);
      if (/^(about|blob|data|chrome-error):/.test(href)) return true;
      const secure = protocol === "https:" || protocol === "wss:";
      if (!secure && protocol !== "http:" && protocol !== "ws:") return false;
      return hosts.includes(hostname) && (own || (secure ? "443" : "80")) === port;
    },
  };
}

/**
 * Has a page refuse to be sent elsewhere by the scenario itself: to files and the browser's own pages, which need no network.
 *
 * @param guard what it may open.
 * @param onLeave called when a frame shows something else all the same.
 */
export function keepOnTarget(page: Page, guard: HostGuard, onLeave: (url: string) => void): void {
  // `page.goto` asks its main frame.
  const frame = page.mainFrame();
  const goto = frame.goto.bind(frame);
  frame.goto = (url, options) =>
    guard.allows(url) ? goto(url, options) : Promise.reject(
      new BlockedHost(`Cannot open ${new URL(url, page.url()).origin}: only the target may be loaded`),
    );
  page.on("framenavigated", (frame) => {
    if (!guard.allows(frame.url() || "about:blank")) onLeave(frame.url());
  });
}
