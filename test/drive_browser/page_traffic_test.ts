import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Browser } from "playwright";
import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { BrowserTraffic } from "../../src/drive/browser/page_traffic.ts";
import { drive, html, serve } from "./drive.ts";

/** Headers of one answer: at least its status line and a few headers, at most so many bytes. */
const HEADERS = { least: 60, most: 700 };

Deno.test("pages of the Streamer transfer what the Streamer says that it sent", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0 });
  const mark = await streamer.mark();
  const driven = await drive({ url: streamer.url, pace_ms: 500, browser_scenario: { screenshot_every_ms: 0 } }, {
    sessions: 3,
    until: ({ rows }) => rows.length >= 30,
  });
  const { since_mark } = await streamer.truth(mark);
  const bytes_in = driven.rows.reduce((sum, row) => sum + row.bytes_in, 0);
  const bytes_out = driven.rows.reduce((sum, row) => sum + row.bytes_out, 0);
  const { requests, bytes_out: bodies, messages_sent } = since_mark!;
  assert(messages_sent > 10 && requests > 100, "there was chat, and there was a picture");
  const headers = bytes_in - bodies;
  // What was under way at the end was sent, and is in no row.
  const lost = 0.05 * bodies;
  assert(headers > HEADERS.least * requests - lost, `${bytes_in} bytes came, ${bodies} of bodies`);
  assert(headers < HEADERS.most * requests, `${bytes_in} bytes came, ${bodies} of bodies, ${requests} requests`);
  assert(
    bytes_out > 200 * requests * 0.95 && bytes_out < 1500 * requests,
    `${bytes_out} bytes went, ${requests} requests`,
  );
});

/** Opens a page, lets it do, and says what its context moved. */
async function measured(handler: (request: Request, url: URL) => Response | Promise<Response>, act: string) {
  await using site = serve(handler);
  const { browser } = await launchBrowser(await findBrowser());
  try {
    const traffic = new BrowserTraffic(browser);
    const context = await browser.newContext();
    const meter = traffic.of(context);
    const other = traffic.of(await browser.newContext());
    const page = await context.newPage();
    await page.goto(site.url);
    meter.take();
    await page.evaluate(act);
    await page.waitForTimeout(300);
    const moved = meter.take();
    assert.equal(other.take().bytes_in, 0, "another context moved nothing");
    return moved;
  } finally {
    await browser.close();
  }
}

function near(bytes: number, bodies: number, answers: number): void {
  const headers = bytes - bodies;
  assert(
    headers >= HEADERS.least * answers && headers <= HEADERS.most * answers,
    `${bytes} bytes for ${answers} answers of ${bodies} bytes`,
  );
}

const BODY = 100_000;
const CHUNKS = 60;

Deno.test("a browser does not hold on to what its pages received, as it would if left alone", async () => {
  await using site = serve((_, url) =>
    url.pathname === "/body"
      ? new Response(new Uint8Array(200_000), { headers: { "cache-control": "no-store" } })
      : html("")
  );
  const growth = async (watch: (browser: Browser) => void) => {
    const { browser } = await launchBrowser(await findBrowser());
    watch(browser);
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(site.url);
      const before = browserMemory();
      await page.evaluate(
        `(async () => { for (let n = 0; n < 400; n++) await (await fetch("/body")).arrayBuffer(); })()`,
      );
      await page.requestGC();
      await page.waitForTimeout(1500);
      return browserMemory() - before;
    } finally {
      await browser.close();
    }
  };
  const bounded = await growth((browser) => new BrowserTraffic(browser, { lean: true }));
  const alone = await growth(() => {});
  assert(bounded < alone - 40e6, `it grew by ${bounded} bytes, left alone by ${alone}, while it received 80 MB`);
});

/** PSS of the browsers below this process. */
function browserMemory(): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(name), Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1].split(" ")[1]));
    } catch { /* it has ended meanwhile */ }
  }
  const below = new Set([Deno.pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const [pid, parent] of parents) if (below.has(parent)) below.add(pid);
  }
  below.delete(Deno.pid);
  return [...below].reduce((sum, pid) => {
    try {
      return sum + 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

Deno.test("what comes from a cache, or stays in the page, costs nothing", async () => {
  const { bytes_in } = await measured(
    (_, url) =>
      url.pathname === "/cached"
        ? new Response("x".repeat(BODY), { headers: { "cache-control": "max-age=600" } })
        : html(""),
    `(async () => {
      for (let n = 0; n < 4; n++) await (await fetch("/cached")).text();
      await (await fetch("data:text/plain," + "y".repeat(50000))).text();
      await (await fetch(URL.createObjectURL(new Blob(["z".repeat(50000)])))).text();
    })()`,
  );
  near(bytes_in, BODY, 1);
});

Deno.test("compressed bodies count as they are on the wire, bodies that are sent count, redirects count both answers", async () => {
  const gzip = new Uint8Array(
    await new Response(new Blob(["x".repeat(BODY)]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
  const { bytes_in, bytes_out } = await measured(
    (_, url) => {
      if (url.pathname === "/zip") return new Response(gzip, { headers: { "content-encoding": "gzip" } });
      if (url.pathname === "/from") return Response.redirect(new URL("/to", url), 302);
      return html("");
    },
    `(async () => {
    await (await fetch("/zip")).text();
    await (await fetch("/from")).text();
    await fetch("/post", { method: "POST", body: "x".repeat(30000) });
  })()`,
  );
  near(bytes_in, gzip.length, 4);
  assert(bytes_out > 30_000 + 4 * 100 && bytes_out < 30_000 + 4 * 1500, `${bytes_out} bytes`);
});

Deno.test("a stream counts as it comes, not only when it ends", async () => {
  const chunk = new TextEncoder().encode(`data: ${"x".repeat(1000)}\n\n`);
  const { bytes_in } = await measured(
    (_, url) => {
      if (url.pathname !== "/events") return html("");
      let sent = 0;
      const body = new ReadableStream({
        async pull(controller) {
          if (sent++ === CHUNKS) await new Promise(() => {});
          await new Promise((resolve) => setTimeout(resolve, 20));
          controller.enqueue(chunk);
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
    `new Promise((resolve) => {
    let events = 0;
    new EventSource("/events").onmessage = () => { if (++events === ${CHUNKS}) resolve(); };
  })`,
  );
  // The browser tells of the last part or two with the one that follows.
  const bodies = CHUNKS * chunk.length;
  assert(bytes_in > bodies - 3 * chunk.length && bytes_in < bodies + 1500, `${bytes_in} bytes of ${bodies}`);
});

Deno.test("frames of WebSockets count both ways, of text and of bytes", async () => {
  const { bytes_in, bytes_out } = await measured(
    (request, url) => {
      if (url.pathname !== "/ws") return html("");
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    },
    `new Promise((resolve) => {
    const socket = new WebSocket("ws://" + location.host + "/ws");
    let answers = 0;
    socket.onopen = () => { socket.send("é".repeat(10000)); socket.send(new Uint8Array(70000)); };
    socket.onmessage = () => { if (++answers === 2) resolve(); };
  })`,
  );
  near(bytes_in, 90_000, 1);
  assert(bytes_out > 90_200 && bytes_out < 91_500, `${bytes_out} bytes`);
});

Deno.test("what workers, service workers, popups and frames of other processes fetch counts once", async () => {
  const script = { headers: { "content-type": "text/javascript" } };
  const { bytes_in } = await measured(
    (_, url) => {
      if (url.pathname === "/worker.js") {
        return new Response(`fetch("/body?worker").then((r) => r.text()).then(() => postMessage("done"));`, script);
      }
      if (url.pathname === "/sw.js") {
        return new Response(
          `self.addEventListener("install", () => self.skipWaiting());
        self.addEventListener("activate", (e) => e.waitUntil(clients.claim()));
        self.addEventListener("fetch", (e) => e.respondWith(fetch(e.request)));`,
          script,
        );
      }
      // A frame without an origin of its own has a process of its own.
      if (url.pathname === "/frame") {
        return html(`${"f".repeat(BODY)}<script>fetch("/open").then((r) => r.text())</script>`);
      }
      if (url.pathname === "/open") {
        return new Response("x".repeat(BODY), { headers: { "access-control-allow-origin": "*" } });
      }
      if (url.pathname === "/popup") return html("p".repeat(BODY));
      return url.pathname === "/body" ? new Response("x".repeat(BODY)) : html("");
    },
    `(async () => {
    await new Promise((resolve) => new Worker("/worker.js").onmessage = resolve);
    const popup = open("/popup");
    await new Promise((resolve) => popup.onload = resolve);
    const frame = Object.assign(document.createElement("iframe"), { src: "/frame", sandbox: "allow-scripts" });
    document.body.append(frame);
    await new Promise((resolve) => frame.onload = resolve);
    await navigator.serviceWorker.register("/sw.js");
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.oncontrollerchange = resolve);
    }
    await (await fetch("/body?page")).text();
  })()`,
  );
  near(bytes_in, 5 * BODY, 7);
});
