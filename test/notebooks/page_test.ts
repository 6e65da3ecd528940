/** A notebook as a page, in a real browser: whole without a network, and deaf to what hostile text would have it do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";
import { PROJECT } from "../../src/notebook/set_up_python.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { tempFolder } from "../temp_folder.ts";
import { notebookPath } from "./notebook_file.ts";

const HOSTILE = [
  "<script>document.title = 'taken'</script>",
  "<img src=x onerror=\"document.title = 'taken'\">",
  '<img src="http://127.0.0.1:9/pixel.png">',
  '<iframe src="http://127.0.0.1:9/frame"></iframe><object data="http://127.0.0.1:9/object"></object>',
  '<link rel="stylesheet" href="http://127.0.0.1:9/style.css"><style>@import url("http://127.0.0.1:9/import.css")</style>',
  '<p style="background: url(http://127.0.0.1:9/background.png); position: fixed">text stays</p>',
  '<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/away"><base href="http://127.0.0.1:9/">',
  "<svg onload=\"document.title = 'taken'\"><image href='http://127.0.0.1:9/i.png'/><use href='http://127.0.0.1:9/u.svg#a'/></svg>",
  "<a href=\"javascript:document.title = 'taken'\">press</a><form action='http://127.0.0.1:9/'><button>send</button></form>",
].join("\n");

async function opened(files: string[], look: (page: import("playwright").Page) => Promise<void>): Promise<void> {
  const { browser } = await launchBrowser(await findBrowser());
  try {
    for (const file of files) {
      const page = await browser.newPage();
      const [asked, said]: [string[], string[]] = [[], []];
      const address = pathToFileURL(file).href;
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(error.message));
      await page.goto(address);
      await look(page);
      assert.deepEqual(asked.filter((url) => url !== address && !url.startsWith("data:")), [], "no request");
      assert.deepEqual(said, [], "nothing in the console");
      assert.equal(page.url(), address);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

Deno.test("notebook run writes a page with its prose, code, tables and charts, which asks nothing of a network", async () => {
  await using folder = await tempFolder();
  const page = join(folder.path, "sized.html");
  const set = ["--set", "targets=[10,100]", "--set", `out=${join(folder.path, "handed-over")}`];
  const run = await runPlimsoll(["notebook", "run", notebookPath("04_size_and_report.ipynb"), ...set, "--out", page]);
  assert.equal(run.code, 0, run.stderr);
  await opened([page], async (page) => {
    assert.match(await page.title(), /^What to buy/);
    const pictures = page.locator("img");
    assert.equal(await pictures.count(), 3);
    for (const picture of await pictures.all()) {
      const { width, height } = (await picture.boundingBox())!;
      const natural = await picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
      assert(width > 400 && height > 100 && natural >= 1.9 * width, `${width} × ${height}, ${natural} pixels wide`);
      assert.match((await picture.getAttribute("alt"))!, /\w/);
    }
    assert.match(await page.locator("table").first().innerText(), /recommended/);
    assert.match(await page.locator("pre").allInnerTexts().then(String), /targets = \[10, ?100\]/);
  });
});

Deno.test("a page stays what it is, whatever prose and outputs of its notebook hold", async () => {
  await using folder = await tempFolder();
  const code = [
    `import { show } from "plimsoll";\nconst hostile = ${JSON.stringify(HOSTILE)};`,
    `await show([{ hostile }]);`,
    `console.log(hostile);`,
    `await Deno.jupyter.display({ "text/html": hostile }, { raw: true });`,
    `await Deno.jupyter.display({ "text/markdown": hostile }, { raw: true });`,
    `await Deno.jupyter.display({ "application/javascript": "document.title = 'taken'" }, { raw: true });`,
    `await Deno.jupyter.display({ "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'/>" }, { raw: true });`,
  ].map((source, i) => ({ cell_type: "code", id: `c${i}`, metadata: {}, source, outputs: [], execution_count: null }));
  const prose = ["# A </title><script>document.title = 'taken'</script> title", HOSTILE]
    .map((source, i) => ({ cell_type: "markdown", id: `m${i}`, metadata: {}, source }));
  const metadata = { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } };
  const notebook = { cells: [...prose, ...code], metadata, nbformat: 4, nbformat_minor: 5 };
  const inProject = await Deno.makeTempDir({ dir: join(PROJECT, "test", "notebooks"), prefix: "tmp-" });
  const page = join(folder.path, "hostile.html");
  try {
    const file = join(inProject, "in.ipynb");
    await Deno.writeTextFile(file, JSON.stringify(notebook));
    const run = await runPlimsoll(["notebook", "run", file, "--out", page]);
    assert.equal(run.code, 0, run.stderr);
  } finally {
    await Deno.remove(inProject, { recursive: true });
  }
  await opened([page], async (page) => {
    assert.match(await page.title(), /^A <\/title><script>/, "as text");
    assert((await page.locator("body").innerText()).includes("text stays"));
    const press = page.locator("a", { hasText: "press" }).first();
    assert.equal(await press.getAttribute("href"), null);
    assert.equal(await page.locator("body script, iframe, object, form, button, link, meta:not(head meta)").count(), 0);
    await page.waitForTimeout(300);
  });
});

Deno.test("notebook run refuses a place or a value that cannot be, before a kernel starts", async () => {
  const file = notebookPath("04_size_and_report.ipynb");
  const cases: [args: string[], says: RegExp][] = [
    [["--out", "sized.pdf"], /--out: current value is "sized\.pdf"\. Give a file that ends in \.ipynb or \.html/],
    [["--out", "no/such/folder/sized.html"], /--out: .* Give a file in a folder that exists/],
    [["--set", 'targets=["many"]'], /--set targets\[0\]: .* Give a list of numbers as JSON/],
    [
      ["--set", "target=[1]"],
      /--set: current value is "target"\. Give a parameter of the notebook: run, browsers, targets, out/,
    ],
  ];
  for (const [args, says] of cases) {
    const { code, stderr } = await runPlimsoll(["notebook", "run", file, ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /^\[1\//m, "no cell ran");
  }
});
