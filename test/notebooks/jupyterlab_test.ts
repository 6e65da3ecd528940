/** A real JupyterLab in a real browser, as an analyst uses it: watch a sweep, stop one, go on, move a slider. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Locator, Page } from "playwright";
import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";
import { setUpPython } from "../../src/notebook/set_up_python.ts";
import { tempFolder } from "../temp_folder.ts";
import { readNotebook, text } from "./notebook_file.ts";
import { projectCopy } from "./project_copy.ts";
import { type Lab, startLab } from "./start_lab.ts";

const SMALL: Record<string, unknown> = {
  levels: [1, 2, 4, 8, 16],
  replicates: 1,
  durationMs: 3000,
  warmupMs: 1000,
  idleMs: 1000,
  targets: [8, 40],
};
/** Longest wait for a sweep to come to a point, on a machine that has other things to do [ms]. */
const PATIENCE_MS = 180_000;

/** As a user would edit them; without outputs, so that what is seen later is new. */
async function setParameters(path: string, set: Record<string, unknown>): Promise<void> {
  const notebook = readNotebook(path);
  for (const cell of notebook.cells) {
    if (cell.cell_type === "code") cell.outputs = [];
    if (!cell.metadata.tags?.includes("parameters")) continue;
    cell.source = text(cell.source).replace(
      /^const (\w+) = .*;$/gm,
      (line, name) => name in set ? `const ${name} = ${JSON.stringify(set[name])};` : line,
    );
  }
  await Deno.writeTextFile(path, JSON.stringify(notebook));
}

async function open(page: Page, { origin, token }: Lab, name: string): Promise<void> {
  await page.goto(`${origin}/lab/tree/${name}?token=${token}&reset`);
  await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: PATIENCE_MS });
  await idle(page);
}

async function runAll(page: Page): Promise<void> {
  await page.getByRole("menuitem", { name: "Run", exact: true }).click();
  await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
}

/** Runs one cell, by its number, as Shift and Enter do. */
async function runCell(page: Page, cell: Locator): Promise<void> {
  await cell.locator(".jp-InputPrompt").click();
  await page.keyboard.press("Shift+Enter");
}

const idle = (page: Page) => page.getByText("Deno | Idle").waitFor({ timeout: PATIENCE_MS });
const prompt = async (cell: Locator) => Number(/\d+/.exec(await cell.locator(".jp-InputPrompt").innerText())?.[0]);
const outputs = (page: Page) => page.locator(".jp-OutputArea-output");
/** Charts that JupyterLab itself has drawn; a picture would be an `img`. */
const charts = (page: Page) => page.locator(".vega-embed svg.marks");

/** Notes how the progress looks, five times a second, until {@linkcode seenProgress} is asked. */
const watchProgress = (page: Page) =>
  page.evaluate(`
    seen = { percent: new Set(), lines: new Set() };
    void setInterval(() => {
      const bar = document.querySelector(".jp-OutputArea-output [role=progressbar]");
      const line = bar?.parentElement.querySelector("svg path");
      if (bar) seen.percent.add(Number(bar.getAttribute("aria-valuenow")));
      if (line) seen.lines.add(line.getAttribute("d"));
    }, 200);`);
const seenProgress = (page: Page): Promise<{ percent: number[]; lines: number }> =>
  page.evaluate("({ percent: [...seen.percent], lines: seen.lines.size })");

Deno.test("in JupyterLab a sweep is watched and stopped, the kernel lives on, and a slider moves a chart", {
  ignore: Deno.build.os === "windows",
}, async (t) => {
  await setUpPython();
  await using folder = await tempFolder();
  const [project, home] = [join(folder.path, "project"), join(folder.path, "home")];
  await projectCopy(project, { python: true });
  await mkdir(home);
  await setParameters(join(project, "notebooks", "01_first_sweep.ipynb"), SMALL);
  await setParameters(join(project, "notebooks", "04_size_and_report.ipynb"), {});

  const cache = process.env.DENO_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME!, ".cache"), "deno");
  await using lab = await startLab(project, { HOME: home, DENO_DIR: cache });
  const { browser } = await launchBrowser(await findBrowser());
  await using _ = { [Symbol.asyncDispose]: () => browser.close() };
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const [elsewhere, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(lab.origin) && !/^(data|blob):/.test(url)) elsewhere.push(url);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/vega|WARN/i.test(message.text())) complaints.push(message.text());
  });

  await t.step("01 runs to its end: bar and live chart move, JupyterLab draws every chart", async () => {
    await open(page, lab, "01_first_sweep.ipynb");
    await watchProgress(page);
    await runAll(page);
    await outputs(page).getByText("5 of 5 attempts").waitFor({ timeout: PATIENCE_MS, state: "attached" });
    await idle(page);
    const { percent, lines } = await seenProgress(page);
    assert(percent.length >= 8, `${percent} %`);
    assert.deepEqual(percent, percent.toSorted((a, b) => a - b));
    assert.equal(percent.at(-1), 100);
    assert(lines >= 8, `${lines} states of the live chart`);
    await charts(page).nth(6).waitFor({ state: "attached" });
    assert.equal(await charts(page).count(), 7);
    assert.equal(await outputs(page).locator("img").count(), 0);
    for (const title of ["Network grows faster than linearly", "What to buy, against what is expected"]) {
      await charts(page).getByText(title).scrollIntoViewIfNeeded();
    }
    assert.equal(await page.locator(".jp-OutputArea-output[data-mime-type*=error]").count(), 0);
  });

  await t.step("Stop in mid-sweep: it says so, what is complete is loaded in the same kernel", async () => {
    const cell = (source: string) => page.locator(".jp-CodeCell", { hasText: source });
    const before = await prompt(cell("const usable"));
    await runCell(page, cell("await sweep(plan"));
    await outputs(page).getByText(/part 5 of 8/).waitFor({ timeout: PATIENCE_MS });
    await page.locator("[data-command='notebook:interrupt-kernel']").first().click();
    await outputs(page).getByText("Stopped; what is complete stays").waitFor({ timeout: PATIENCE_MS });
    await idle(page);
    const { percent } = await seenProgress(page);
    assert(percent.some((each) => each > 20 && each < 90), `${percent} %`);

    for (const source of ["await load(run.path)", "const usable"]) await runCell(page, cell(source));
    const said = outputs(page).getByText(/^stopped: \d of 5 attempts/);
    await said.waitFor({ timeout: PATIENCE_MS, state: "attached" });
    const complete = Number(/stopped: (\d)/.exec(await said.innerText())![1]);
    assert(complete >= 1 && complete < 5, `${complete} complete`);
    assert.equal(await cell("await load(run.path)").locator("tbody tr").count(), complete);
    assert.equal(await prompt(cell("const usable")), before + 3, "a new kernel would count from 1");
  });

  await t.step("04 has a slider, and what to buy follows it", async () => {
    await open(page, lab, "04_size_and_report.ipynb");
    await runAll(page);
    await outputs(page).getByText(/the report's are the same: true/).waitFor({
      timeout: PATIENCE_MS,
      state: "attached",
    });
    const embed = page.locator(".vega-embed", { has: page.locator("input[type=range]") });
    const slider = embed.locator("input[type=range]");
    await slider.scrollIntoViewIfNeeded();
    await embed.locator("svg.marks").getByText("3 cores", { exact: true }).waitFor();
    const moved = embed.getByText("0.8", { exact: true });
    // Charts above it that are drawn meanwhile move it away from under the pointer.
    for (let tries = 0; tries < 20 && !await moved.isVisible(); tries++) {
      const { width, height } = (await slider.boundingBox())!;
      await slider.click({ position: { x: width - 2, y: height / 2 } });
      await page.waitForTimeout(500);
    }
    await moved.waitFor();
    await embed.locator("svg.marks").getByText("2 cores", { exact: true }).waitFor();
    assert.equal(await page.locator(".jp-OutputArea-output[data-mime-type*=error]").count(), 0);
  });

  assert.deepEqual(elsewhere, [], "nothing is asked of other hosts");
  assert.deepEqual(complaints, []);
  assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name), [], "nothing is written outside the project");
});
