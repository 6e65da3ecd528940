import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { hostGuard } from "../../src/drive/browser/host_guard.ts";
import { tempFolder } from "../temp_folder.ts";
import { drive, html, serve } from "./drive.ts";

Deno.test("the guard allows the target by name and by address, on its port and by its schemes", () => {
  const guard = hostGuard({ url: "https://shop.example/a", address: "192.0.2.7" });
  for (const url of ["https://shop.example/", "wss://192.0.2.7:443/x", "/relative", "about:blank"]) {
    assert(guard.allows(url), url);
  }
  for (
    const url of [
      "https://shop.example:8443/",
      "http://shop.example/",
      "https://shop.example.evil/",
      "//evil/",
      "file:///etc/hostname",
      "chrome://version",
      "view-source:https://shop.example/",
      "javascript:alert(1)",
      "ftp://shop.example:443/",
    ]
  ) assert(!guard.allows(url), url);
});

Deno.test("a page gets nothing from any other host or port, by no way that pages have", async () => {
  let reached = 0;
  await using other = serve(() => {
    reached++;
    return new Response("leak", { headers: { "access-control-allow-origin": "*" } });
  });
  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  udp.on("message", () => reached++);
  const results: Record<string, string> = {};
  await using site = serve(async (request, url) => {
    if (url.pathname === "/results") {
      Object.assign(results, await request.json());
      return new Response();
    }
    if (url.pathname === "/away") return Response.redirect(`${other.url}redirected`, 302);
    if (url.pathname === "/worker.js") {
      const code = `self.addEventListener("install", () => self.skipWaiting());
        self.addEventListener("activate", (e) => e.waitUntil(clients.claim()));
        self.addEventListener("message", async ({ data, ports }) => {
          try { await fetch(data, { mode: "no-cors" }); ports[0].postMessage("reached"); } catch { ports[0].postMessage("refused"); }
        });`;
      return new Response(code, { headers: { "content-type": "text/javascript" } });
    }
    return html(`<img src="http://127.0.0.2:${other.port}/img"><iframe src="${other.url}frame"></iframe>
      <link rel="preconnect" href="${other.url}"><script type="module">
      const results = {};
      const attempt = async (name, act) => { try { await act(); results[name] = "reached"; } catch { results[name] = "refused"; } };
      const get = (url) => () => fetch(url, { mode: "no-cors" });
      await attempt("port", get("${other.url}a"));
      await attempt("loopback", get("http://127.0.0.2:${other.port}/a"));
      await attempt("localhost", get("http://localhost:${other.port}/a"));
      await attempt("name", get("http://target.example/"));
      await attempt("metadata", get("http://169.254.169.254/latest/meta-data/"));
      await attempt("redirect", get("/away"));
      await attempt("file", get("file:///etc/hostname"));
      await attempt("beacon", async () => { navigator.sendBeacon("${other.url}beacon", "x"); throw 0; });
      await attempt("socket", () => new Promise((resolve, reject) => {
        const socket = new WebSocket("ws://127.0.0.1:${other.port}/ws");
        socket.onopen = resolve; socket.onerror = reject;
      }));
      await attempt("events", () => new Promise((resolve, reject) => {
        const source = new EventSource("${other.url}events");
        source.onopen = resolve; source.onerror = reject;
      }));
      await attempt("worker", async () => {
        await navigator.serviceWorker.register("/worker.js");
        const { active } = await navigator.serviceWorker.ready;
        const channel = new MessageChannel();
        const answer = new Promise((resolve) => channel.port1.onmessage = ({ data }) => resolve(data));
        active.postMessage("${other.url}worker", [channel.port2]);
        if (await answer === "refused") throw 0;
      });
      await attempt("media", async () => {
        const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:${udp.address().port}" }] });
        peer.createDataChannel("x");
        await peer.setLocalDescription();
        await new Promise((resolve) => setTimeout(resolve, 700));
        throw 0;
      });
      await fetch("/results", { method: "POST", body: JSON.stringify(results) });
      document.body.dataset.done = "yes";
      </script>`);
  });
  const driven = await drive({
    url: site.url,
    browser_scenario: { screenshot_every_ms: 0, steps: [{ wait: "body[data-done]" }] },
  }, { until: ({ rows }) => rows.length >= 2 });
  udp.close();
  assert.deepEqual(driven.rows.map(({ outcome }) => outcome).slice(0, 2), ["ok", "ok"]);
  assert.equal(Object.keys(results).length, 12);
  for (const [name, result] of Object.entries(results)) assert.equal(result, "refused", name);
  assert.equal(reached, 0, "nothing arrived elsewhere");
  const refused = driven.of("refused");
  const origins = new Set(refused.map(({ origin }) => origin));
  for (
    const origin of [
      `http://127.0.0.1:${other.port}`,
      `http://127.0.0.2:${other.port}`,
      `ws://127.0.0.1:${other.port}`,
      "http://169.254.169.254",
      "http://target.example",
    ]
  ) assert(origins.has(origin), `${origin} is among ${[...origins].join(" ")}`);
  assert(!JSON.stringify(refused).includes("/a"), "origins only");
});

Deno.test("pages that would leave the target are rows with the outcome blocked_host, however they leave", async () => {
  let reached = 0;
  await using other = serve(() => {
    reached++;
    return html("elsewhere");
  });
  await using site = serve((_, url) => {
    if (url.pathname === "/away") return Response.redirect(other.url, 302);
    return html(`<a id="out" href="${other.url}">out</a><a id="away" href="/away">away</a>`);
  });
  await using folder = await tempFolder();
  const module = join(folder.path, "leave.ts");
  await Deno.writeTextFile(
    module,
    `export default async ({ page, iteration, step }) => {
      const ways = [
        () => page.goto("file:///etc/hostname"),
        () => page.goto("chrome://version"),
        () => page.goto("http://127.0.0.2:${other.port}/"),
        () => page.goto("http://169.254.169.254/"),
        () => page.goto("/away"),
        async () => { await page.goto("/"); await page.click("#out"); await page.waitForTimeout(300); },
        async () => { await page.goto("/"); await page.click("#away"); await page.waitForTimeout(300); },
        async () => { const cdp = await page.context().newCDPSession(page); await cdp.send("Page.navigate", { url: "file:///etc/hostname" }); await page.waitForTimeout(5000); },
        () => page.goto("/"),
      ];
      await step("way " + iteration, ways[iteration % ways.length]);
    };`,
  );
  const driven = await drive({ url: site.url, browser_scenario: { screenshot_every_ms: 0, module } }, {
    until: ({ rows }) => rows.length >= 9,
  });
  const outcomes = driven.rows.slice(0, 9).map(({ step, outcome }) => `${step}: ${outcome}`);
  assert.deepEqual(outcomes, [
    ...Array.from({ length: 8 }, (_, way) => `way ${way}: blocked_host`),
    "way 8: ok",
  ]);
  assert.equal(reached, 0);
});

Deno.test("a target by the name of localhost is reached by that name, and by its address", async () => {
  await using site = serve((_, url) => {
    return html(url.pathname === "/" ? `<img src="http://127.0.0.1:${url.port}/x"><img src="/y">` : "");
  });
  const driven = await drive({ url: `http://localhost:${site.port}/`, browser_scenario: { screenshot_every_ms: 0 } }, {
    until: ({ rows }) => rows.length >= 2,
  });
  assert.equal(driven.rows[0].outcome, "ok");
  assert.deepEqual(driven.of("refused"), []);
});

Deno.test("steps name paths, never hosts", async () => {
  for (const goto of ["//127.0.0.2/", "/\\127.0.0.2/", "http://127.0.0.2/", "file:///etc/hostname"]) {
    await assert.rejects(
      drive({ url: "http://127.0.0.1:9/", browser_scenario: { steps: [{ goto }] } }),
      { name: "InputError" },
      goto,
    );
  }
});
