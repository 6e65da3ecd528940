import assert from "node:assert/strict";
import type { Page } from "playwright";
import { size as sizeCommand } from "../../src/cli/size.ts";
import { load } from "../../src/dataset/mod.ts";
import { makeReport, renderHtml } from "../../src/report/mod.ts";
import { SIZING_TABLES } from "../../src/report/page_parts.ts";
import { sizingTables } from "../../src/report/sizing_content.ts";
import type { ReportTable } from "../../src/report/report_parts.ts";
import { WHAT_IF_FIELDS, type WhatIfField } from "../../src/report/what_if_fields.ts";
import type { ReportDocument, Sizing } from "../../src/schema/mod.ts";
import { seededRandom } from "../../src/stats/mod.ts";
import { hostileDocument } from "./hostile_document.ts";
import { closeBrowser, test, visit } from "./open_report.ts";
import { simulatedDocument } from "./simulated_document.ts";

const SETTINGS = 50;
const RUN = "data/sample/streamer_browser";

Deno.test.afterAll(closeBrowser);

/** What a user may type into a field. */
function draw(field: WhatIfField, random: () => number): string {
  const between = (low: number, high: number, digits: number) => (low + (high - low) * random()).toFixed(digits);
  if (field.kind === "targets") {
    return Array.from({ length: 1 + Math.floor(4 * random()) }, () => Math.ceil(10 ** (3.5 * random()))).join(", ");
  }
  if (field.kind === "shape") return ["", "m7i.large", "m7i.xlarge", "m7i.2xlarge"][Math.floor(4 * random())];
  if (field.kind === "choice") return field.choices![Math.floor(field.choices!.length * random())];
  if (field.kind === "switch") return String(random() < 0.5);
  if (random() < 0.15) return "";
  if (field.kind === "mebibytes") return between(0, 4000, 1);
  if (field.slider === undefined) return between(0, 9000, 0);
  return between(field.slider[0], field.slider[1], field.kind === "whole" ? 0 : 2);
}

/** Types into some fields of the panel; whether the setting was taken. */
async function set(page: Page, random: () => number): Promise<boolean> {
  await page.locator("#if-reset").click();
  for (const field of WHAT_IF_FIELDS.filter(() => random() < 0.4)) {
    const control = page.locator(`#what-if [name="${field.name}"]`);
    const text = draw(field, random);
    if (field.kind === "choice" || field.kind === "shape") await control.selectOption(text);
    else if (field.kind === "switch") await control.setChecked(text === "true");
    else await control.fill(text);
  }
  return await page.locator("#if-error").isHidden();
}

/** What `plimsoll size` prints, told as the page says. */
async function runCommand(command: string): Promise<Sizing> {
  const [program, verb, ...args] = command.split(" ");
  assert.deepEqual([program, verb], ["plimsoll", "size"]);
  const printed: string[] = [];
  const { log } = console;
  console.log = (text: string) => printed.push(text);
  try {
    assert.equal(await sizeCommand([...args, "--json"]), 0);
  } finally {
    console.log = log;
  }
  return JSON.parse(printed.join("\n"));
}

/** Equal, numbers to within the rounding of another machine's exponential function. */
function assertSame(shown: unknown, wanted: unknown, at = "sizing"): void {
  if (typeof wanted === "number" && typeof shown === "number") {
    assert.ok(Math.abs(shown - wanted) <= 1e-12 * Math.abs(wanted), `${at}: ${shown}, not ${wanted}`);
  } else if (typeof wanted === "object" && wanted !== null) {
    assert.deepEqual(Object.keys(shown as object).toSorted(), Object.keys(wanted).toSorted(), at);
    for (const [key, value] of Object.entries(wanted)) {
      assertSame((shown as Record<string, unknown>)[key], value, `${at}.${key}`);
    }
  } else assert.equal(shown, wanted, at);
}

async function tableOf(page: Page, id: string): Promise<string[][]> {
  return await page.evaluate(
    `[...document.querySelectorAll("#${id}-table tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent))`,
  );
}

const cellsOf = (table: ReportTable | undefined) => (table?.rows ?? []).map(({ cells }) => cells);

test(`what-if panel at ${SETTINGS} random settings shows the numbers of plimsoll size with the flags that it names`, async () => {
  const document = makeReport(await load(RUN));
  const random = seededRandom(20261126);
  let taken = 0;
  await visit(await renderHtml(document), {}, async ({ page, complaints, requests }) => {
    for (let tries = 0; taken < SETTINGS && tries < 3 * SETTINGS; tries++) {
      if (!await set(page, random)) continue;
      taken++;
      const command = await page.locator("#if-command").innerText();
      const wanted = await runCommand(command);
      assertSame(await page.evaluate("plimsoll.sizing"), wanted, command);
      const content = sizingTables({ ...document, sizing: wanted });
      for (const name of SIZING_TABLES) {
        assert.deepEqual(await tableOf(page, name), cellsOf(content[name]), `${name}: ${command}`);
      }
      const answer = await page.locator("#answer p").allTextContents();
      assert.deepEqual(answer, content.answers, command);
    }
    assert.equal(taken, SETTINGS);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests.map((address) => address.split("#")[0]), [page.url().split("#")[0]]);
  });
});

const run = simulatedDocument();
const html = await renderHtml(run);

test("what-if panel draws the sizing chart and the disk chart anew, and those are printed", async () => {
  await visit(html, {}, async ({ page, complaints }) => {
    await page.fill("#if-retention-days", "60");
    await page.fill("#if-targets", "12");
    await page.locator("#sizing .changed.drawn").waitFor();
    await page.locator("#disk-by-retention .changed.drawn").waitFor();
    const drawn = () => page.locator("#sizing .live svg text").allTextContents();
    await page.locator("#sizing .live", { hasText: "12 sessions" }).waitFor();
    const bought = await page.evaluate("plimsoll.sizing.rows.map((row) => row.recommended)") as number[];
    assert.equal(bought.length, 4);
    assert.ok((await drawn()).includes("12 sessions"));
    assert.ok(!(await drawn()).includes("40 sessions"));
    const cells = await tableOf(page, "sizing");
    for (const [, , recommended] of cells) assert.ok((await drawn()).includes(recommended), recommended);
    assert.match(await page.locator("#serving-cores .live").innerText(), /12 sessions/);
    assert.equal(await page.locator(".live").count(), await page.locator(".chart").count());
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("#sizing .live svg").isVisible());
    assert.ok(await page.locator("#sizing .still").isHidden());
    assert.ok(await page.locator("#what-if").isHidden());
    assert.match(await page.locator("#changed").innerText(), /targets 12 sessions; retention 60 days/);
    assert.deepEqual(complaints, []);
  });
});

test("what-if panel goes back to the report: tables, answer, address", async () => {
  await visit(html, {}, async ({ page }) => {
    const all = async () =>
      await page.locator("#answer, #sizing-table, #fleet-table, #assumptions-table, #reach").allInnerTexts();
    const [before, address] = [await all(), page.url()];
    await page.fill("#if-safety", "2.5");
    assert.notDeepEqual(await all(), before);
    assert.match(page.url(), /#safety=2\.5$/);
    await page.click("#if-reset");
    assert.deepEqual(await all(), before);
    assert.equal(page.url(), address);
    assert.ok(await page.locator("#changed").isHidden());
    assert.equal(await page.locator("#if-status").innerText(), "As in the report.");
  });
});

test("what-if panel takes its state from the address", async () => {
  await visit(html, { hash: "#safety=2&targets=7&topology=shared" }, async ({ page }) => {
    const sizing = await page.evaluate("plimsoll.sizing") as Sizing;
    assert.deepEqual(
      [sizing.assumptions.safety, sizing.assumptions.targets, sizing.assumptions.topology],
      [2, [7], "shared"],
    );
    assert.equal(await page.inputValue("#if-safety"), "2");
  });
});

const wrong: [id: string, typed: string, message: RegExp][] = [
  ["safety", "0.5", /Safety factor must be from 1 to 100: current value is 0\.5/],
  ["utilisation", "120", /CPU utilisation ρ must be from 0\.01 to 1: current value is 1\.2 \(0\.65 is 65 %\)/],
  ["targets", "ten", /Targets must be whole numbers of sessions from 1/i],
  ["targets", "1.5", /whole numbers of sessions from 1: current value is 1\.5/],
  ["spare-workers", "1.5", /Spare workers must be a whole number: current value is 1\.5/],
];
for (const [id, typed, message] of wrong) {
  test(`what-if panel refuses ${typed} for ${id}, says why, and keeps the last numbers`, async () => {
    await visit(html, {}, async ({ page, complaints }) => {
      const before = await tableOf(page, "sizing");
      await page.fill(`#if-${id}`, typed);
      assert.match(await page.locator("#if-error").innerText(), message);
      assert.equal(await page.locator(`#if-${id}`).getAttribute("aria-invalid"), "true");
      assert.deepEqual(await tableOf(page, "sizing"), before);
      await page.click("#if-reset");
      assert.ok(await page.locator("#if-error").isHidden());
      assert.equal(await page.locator("[aria-invalid]").count(), 0);
      assert.deepEqual(complaints, []);
    });
  });
}

test("what-if panel answers to the keyboard alone: Tab to a field, arrows change it", async () => {
  await visit(html, {}, async ({ page }) => {
    await page.locator("#if-topology").focus();
    for (let presses = 0; presses < 2; presses++) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.id"), "if-safety");
    await page.keyboard.press("ArrowUp");
    assert.equal(await page.inputValue("#if-safety"), "1.35");
    assert.equal(await page.evaluate("plimsoll.sizing.assumptions.safety"), 1.35);
    assert.match(await page.locator("#if-status").innerText(), /^Changed: safety factor 1\.35 ×\. 10 sessions:/);
  });
});

test("what-if panel answers to its sliders", async () => {
  await visit(html, {}, async ({ page }) => {
    await page.locator('[data-of="memory_headroom"]').fill("60");
    assert.equal(await page.inputValue("#if-memory-headroom"), "60");
    assert.equal(await page.evaluate("plimsoll.sizing.assumptions.memory_headroom"), 0.6);
  });
});

test("what-if panel is hidden where no script runs, and absent where nothing can be sized", async () => {
  await visit(html, { javaScriptEnabled: false }, async ({ page }) => {
    assert.ok(await page.locator("#what-if").isHidden());
    assert.ok(await page.locator("#sizing-table table").isVisible());
  });
  const nothing: ReportDocument = structuredClone(run);
  nothing.sizing = { ...nothing.sizing, rows: [], fleet: [], binding: [], sensitivity: [] };
  await visit(await renderHtml(nothing), {}, async ({ page, complaints }) => {
    assert.equal(await page.locator("#what-if").count(), 0);
    assert.deepEqual(complaints, []);
  });
});

test("what-if panel shows hostile text as text after it has sized anew, and takes no harm from its address", async () => {
  const hash = `#safety=${encodeURIComponent("</script><img src=x onerror=window.harmed=1>")}&targets=${
    encodeURIComponent("<svg onload=window.harmed=1>")
  }`;
  await visit(await renderHtml(hostileDocument()), { hash }, async ({ page, complaints, requests }) => {
    await page.fill("#if-targets", "11, 22");
    await page.fill("#if-safety", "1.7");
    await page.locator("#sizing .live", { hasText: "22 sessions" }).waitFor();
    assert.ok(await page.locator("#if-error").isHidden());
    assert.equal(await page.evaluate("window.harmed"), undefined);
    assert.equal(await page.locator("img, iframe, object, embed, svg[onload], [onmouseover]").count(), 0);
    assert.match(await page.locator("#if-command").innerText(), /^plimsoll size '/);
    assert.deepEqual(complaints, []);
    assert.equal(requests.length, 1);
  });
});

Deno.test("page.js is what deno task bundle makes of its sources", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile("deno.json"));
  const committed = "src/report/page/page.js";
  const fresh = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const args = tasks.bundle.command.split(" ").slice(1).map((word: string) => word === committed ? fresh : word);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const same = await Deno.readTextFile(fresh) === await Deno.readTextFile(committed);
    assert.ok(same, `${committed} is not of these sources: run deno task bundle`);
  } finally {
    await Deno.remove(fresh);
  }
});
