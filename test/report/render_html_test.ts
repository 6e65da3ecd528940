import assert from "node:assert/strict";
import { fitAll } from "../../src/model/mod.ts";
import { renderHtml } from "../../src/report/mod.ts";
import { allCharts, reportContent } from "../../src/report/report_content.ts";
import type { ReportDocument } from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { hostileDocument } from "./hostile_document.ts";
import { closeBrowser, test, visit } from "./open_report.ts";
import { simulatedDocument } from "./simulated_document.ts";

Deno.test.afterAll(closeBrowser);

const run = simulatedDocument();
const page = await renderHtml(run);
const CHARTS = allCharts(reportContent(run)).map(({ id }) => id);

test("renderHtml() page draws every chart, complains of nothing, and asks for nothing but itself", async () => {
  await visit(page, {}, async ({ page, complaints, requests }) => {
    for (const id of CHARTS) {
      const marks = page.locator(`#${id} .live svg path, #${id} .live svg line`);
      assert.ok(await marks.count() > 5, id);
      assert.ok(await page.locator(`#${id} .live svg`).isVisible(), id);
      assert.ok(await page.locator(`#${id} .still svg`).isHidden(), id);
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [page.url()]);
  });
});

test("renderHtml() page without script shows the same charts as drawings", async () => {
  await visit(page, { javaScriptEnabled: false }, async ({ page, complaints }) => {
    for (const id of CHARTS) assert.ok(await page.locator(`#${id} .still svg`).isVisible(), id);
    assert.deepEqual(complaints, []);
  });
});

test("renderHtml() page keeps its drawings where Vega cannot draw", async () => {
  const [start, script] = page.split('<script type="application/json" id="charts">');
  const end = script.slice(script.indexOf("</script>"));
  const broken = `${start}<script type="application/json" id="charts">{"sizing":{"marks":7}}${end}`;
  await visit(broken, { drawn: false }, async ({ page }) => {
    await page.locator(".drawing").first().waitFor({ state: "detached" });
    assert.equal(await page.locator(".live").count(), 0);
    for (const id of CHARTS) assert.ok(await page.locator(`#${id} .still svg`).isVisible(), id);
  });
});

for (const [name, width] of [["a telephone", 400], ["a desk", 1200]] as const) {
  test(`renderHtml() page fits the width of ${name}, charts with it`, async () => {
    await visit(page, { width }, async ({ page }) => {
      const widest = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('.live svg')].map((svg) => svg.getBoundingClientRect().right))",
      );
      assert.ok(Number(widest) <= width, `${widest} px`);
      assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.live svg text')).fontSize"), "11px");
    });
  });
}

test("renderHtml() page in the dark re-colours text and marks of its charts", async () => {
  const ink = "getComputedStyle(document.querySelector('#sizing .live svg text[fill=\"#1f2933\"]')).fill";
  await visit(page, { colorScheme: "light" }, async ({ page }) => {
    assert.equal(await page.evaluate(ink), "rgb(31, 41, 51)");
  });
  await visit(page, { colorScheme: "dark" }, async ({ page }) => {
    assert.equal(await page.evaluate(ink), "rgb(232, 236, 240)");
  });
});

test("renderHtml() page in print shows the drawings, light", async () => {
  await visit(page, { colorScheme: "dark" }, async ({ page }) => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.ok(await page.locator("#sizing .still svg").isVisible());
    assert.ok(await page.locator("#sizing .live").isHidden());
    assert.equal(await page.evaluate("getComputedStyle(document.body).color"), "rgb(31, 41, 51)");
  });
});

test("renderHtml() page tells the value under the pointer", async () => {
  await visit(page, {}, async ({ page, complaints }) => {
    const point = page.locator("#serving-cores .live svg .mark-symbol.role-mark path").first();
    await point.scrollIntoViewIfNeeded();
    const tip = page.locator("#tip");
    // A scroll that is told late takes the tip away again, as it should.
    for (let tries = 0; tries < 50 && !(await tip.isVisible()); tries++) {
      const { x, y, width, height } = (await point.boundingBox())!;
      await page.mouse.move(x + width / 2 + tries % 2, y + height / 2);
      await page.waitForTimeout(50);
    }
    assert.match(await tip.innerText(), /Serving CPU \[cores\]/);
    assert.deepEqual(complaints, []);
  });
});

test("renderHtml() page shows hostile text as text, and runs none of it", async () => {
  await visit(await renderHtml(hostileDocument()), {}, async ({ page, complaints, requests }) => {
    assert.equal(await page.evaluate("window.harmed"), undefined);
    const shown = await page.locator("h1").innerText();
    assert.ok(shown.includes("</script><script>window.harmed=1</script>"), shown);
    assert.equal(shown.includes("\u202e"), false);
    assert.equal(
      await page.locator("img, iframe, object, embed, svg[onload], [onmouseover], a:not([href^='#'])").count(),
      0,
    );
    assert.equal(await page.locator("script").count(), 3);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [page.url()]);
  });
});

test("renderHtml() page has a policy that refuses everything but its own script and style", async () => {
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)!;
  const rules = policy.split("; ");
  assert.equal(rules[0], "default-src 'none'");
  assert.deepEqual(rules.slice(1).filter((rule) => !/^(script|style)-src 'sha256-[\w+/=]{44}'$/.test(rule)), [
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  await visit(page, {}, async ({ page, complaints }) => {
    for (const [what, attempt] of ATTEMPTS) {
      assert.equal(await page.evaluate(attempt), "refused", what);
      assert.match(complaints.splice(0).join(), /Content Security Policy/, what);
    }
  });
});

test("renderHtml() page has a policy that refuses a script that is not its own", async () => {
  const injected = page.replace("</main>", "<script>window.harmed = 1</script></main>");
  assert.notEqual(injected, page);
  await visit(injected, {}, async ({ page, complaints }) => {
    assert.equal(await page.evaluate("window.harmed"), undefined);
    assert.match(complaints.join(), /Content Security Policy/);
  });
});

Deno.test("renderHtml() page weighs at most 3 MB", () => {
  assert.ok(new TextEncoder().encode(page).length <= 3_000_000);
});

Deno.test("renderHtml() page has the answer first, a caption on every table, a label on every chart", () => {
  const body = page.slice(page.indexOf("<body>"), page.indexOf('<script type="application/json"'));
  assert.ok(body.indexOf('class="answer"') < body.indexOf("<table"));
  assert.equal(body.match(/<caption>/g)?.length, body.match(/<table/g)?.length);
  assert.equal(body.match(/role="img" aria-label="[^"]+"/g)?.length, CHARTS.length);
  assert.doesNotMatch(body, /\sstyle=/);
});

Deno.test("renderHtml() page gives clip paths names of their own", () => {
  const names = [...page.matchAll(/<clipPath id="([^"]+)"/g)].map(([, name]) => name);
  assert.ok(names.length > 0);
  assert.equal(new Set(names).size, names.length);
});

/** What a page could do to reach the network or run what it was not given. */
const ATTEMPTS: [what: string, attempt: string][] = [
  ["fetch", "fetch('http://127.0.0.1:9/').then(() => 'done', () => 'refused')"],
  [
    "an image",
    "new Promise((done) => { const image = new Image(); image.onload = () => done('done'); image.onerror = () => done('refused'); image.src = 'http://127.0.0.1:9/'; })",
  ],
  [
    "a WebSocket",
    "new Promise((done) => { try { new WebSocket('ws://127.0.0.1:9/').onerror = () => done('refused'); } catch { done('refused'); } })",
  ],
  [
    "a worker",
    "new Promise((done) => { try { new Worker('data:text/javascript,1').onerror = () => done('refused'); } catch { done('refused'); } })",
  ],
  [
    "a style attribute",
    "(() => { const box = document.createElement('div'); box.setAttribute('style', 'color: red'); document.body.append(box); return getComputedStyle(box).color === 'rgb(255, 0, 0)' ? 'done' : 'refused'; })()",
  ],
  [
    "a script element",
    "(() => { const script = document.createElement('script'); script.textContent = 'window.harmed = 1'; document.body.append(script); return window.harmed === 1 ? 'done' : 'refused'; })()",
  ],
];

const thin: [sentence: string, change: (document: ReportDocument) => void][] = [
  ["two levels", (document) => Object.assign(document, simulatedDocument({ levels: [1, 2] }))],
  ["one replicate of one level", (document) => {
    Object.assign(document, simulatedDocument({ levels: [3], replicates: 1 }));
  }],
  ["every level left out", (document) => Object.assign(document, simulatedDocument({ levels: [24, 32, 48] }))],
  ["a hundred levels", (document) => {
    const levels = Array.from({ length: 100 }, (_, index) => 24 * (index + 1) / 100);
    Object.assign(document, simulatedDocument({ levels, replicates: 1 }));
  }],
  ["no timeline", (document) => document.timeline = []],
  ["no resources at all, as an imported run", (document) => {
    for (const { metrics } of document.summary.levels) {
      for (const name in metrics) if (!/^(throughput|latency|error)/.test(name)) delete metrics[name];
    }
    document.fit = fitAll(document.summary, { at: [10] });
    document.sizing = size(document.summary, document.fit, { targets: [10] });
    document.timeline = [];
  }],
  ["nothing fitted", (document) => {
    document.fit.metrics = {};
    document.sizing = {
      ...document.sizing,
      answer: "Nothing can be sized: 2 levels.",
      rows: [],
      fleet: [],
      binding: [],
      sensitivity: [],
    };
  }],
  ["no levels at all", (document) => {
    document.summary.levels = [];
    document.fit.metrics = {};
  }],
  ["latency of zero", (document) => {
    for (const level of document.summary.levels) for (const name in level.metrics) level.metrics[name] = 0;
  }],
];
for (const [sentence, change] of thin) {
  test(`renderHtml() page stands with ${sentence}`, async () => {
    const document = simulatedDocument();
    change(document);
    await visit(await renderHtml(document), {}, async ({ page, complaints }) => {
      assert.ok(await page.locator(".answer").isVisible());
      assert.ok(await page.locator("#provenance-heading").isVisible());
      assert.equal(await page.getByText("could not be drawn").count(), 0);
      assert.deepEqual(complaints, []);
    });
  });
}
