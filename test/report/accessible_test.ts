import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { renderHtml } from "../../src/report/mod.ts";
import { closeBrowser, test, visit } from "./open_report.ts";
import { simulatedDocument } from "./simulated_document.ts";

Deno.test.afterAll(closeBrowser);

const html = await renderHtml(simulatedDocument());
const axe = await readFile(new URL(import.meta.resolve("axe-core")), "utf8");

/** What axe-core finds wrong: rule, and the elements that break it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(', ')))",
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1200, 400]) {
    test(`page has no violation that axe-core knows: ${colorScheme}, ${width} px`, async () => {
      await visit(html, { colorScheme, width }, async ({ page }) => {
        assert.deepEqual(await violations(page), []);
      });
    });
  }

  test(`page has no violation with changed and with refused assumptions: ${colorScheme}`, async () => {
    await visit(html, { colorScheme }, async ({ page }) => {
      await page.fill("#if-targets", "12, 90");
      await page.locator("#sizing .changed.drawn").waitFor();
      await page.fill("#if-safety", "0");
      assert.ok(await page.locator("#if-error").isVisible());
      assert.deepEqual(await violations(page), []);
    });
  });
}

test("page of two levels, too few for a curve, has no violation", async () => {
  const thin = await renderHtml(simulatedDocument({ levels: [1, 2] }));
  await visit(thin, {}, async ({ page }) => assert.deepEqual(await violations(page), []));
});

test("page can be walked by keyboard: every stop is seen, has a name, and says where the focus is", async () => {
  await visit(html, {}, async ({ page }) => {
    const stops: { name: string; visible: boolean; outlined: boolean }[] = [];
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(`(() => {
        const element = document.activeElement;
        if (element === document.body) return null;
        const box = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
        return { name: label.trim(), visible: box.width > 0 && box.height > 0, outlined: style.outlineStyle !== "none" };
      })()`) as typeof stops[number] | null;
      if (stop === null) break;
      stops.push(stop);
    }
    assert.ok(stops.length >= 25, `${stops.length} stops`);
    assert.deepEqual(stops.filter(({ name, visible, outlined }) => name === "" || !visible || !outlined), []);
  });
});
