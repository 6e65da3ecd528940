import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report as reportCommand } from "../../src/cli/report.ts";
import { InputError } from "../../src/schema/input_error.ts";
import { renderJson, renderMarkdown, writeReport } from "../../src/report/mod.ts";
import { allCharts, reportContent } from "../../src/report/report_content.ts";
import { inertHtml, inertJson, inertMarkdown } from "../../src/report/inert.ts";
import { formatQuantity } from "../../src/size/mod.ts";
import { reportSchema } from "../../src/schema/mod.ts";
import { hostileDocument } from "./hostile_document.ts";
import { simulatedDocument } from "./simulated_document.ts";

const run = simulatedDocument();

Deno.test("renderJson() is what reportSchema accepts, and loses nothing", () => {
  const json = JSON.parse(renderJson(run));
  assert.deepEqual(reportSchema.parse(json), run);
});

Deno.test("renderJson() refuses a number that is not finite", () => {
  const broken = simulatedDocument();
  broken.sizing.rows[0].estimate = NaN;
  assert.throws(() => renderJson(broken), /estimate/);
});

Deno.test("renderMarkdown() gives every recommendation, replicate and verdict", () => {
  const markdown = renderMarkdown(run);
  for (const row of run.sizing.rows) {
    assert.ok(markdown.includes(formatQuantity(row.recommended, row.metric)), row.metric);
  }
  for (const metric of Object.values(run.fit.metrics)) {
    assert.ok(markdown.includes(inertMarkdown(metric.verdict.text)), metric.metric);
  }
  const levels = markdown.slice(markdown.indexOf("## Levels"), markdown.indexOf("## Assumptions"));
  assert.equal(levels.split("\n").filter((line) => /^\| \d/.test(line)).length, run.summary.levels.length);
});

Deno.test("renderMarkdown() tables have as many cells in every row as in their head", () => {
  const cells = (line: string) => line.split(/(?<!\\)\|/).length;
  for (const document of [run, hostileDocument()]) {
    let head: string | undefined;
    for (const line of renderMarkdown(document).split("\n")) {
      if (!line.startsWith("|")) head = undefined;
      else if (head === undefined) head = line;
      else assert.equal(cells(line), cells(head), line);
    }
  }
});

Deno.test("renderMarkdown() shows hostile text as text", () => {
  const markdown = renderMarkdown(hostileDocument());
  assert.doesNotMatch(markdown, /</);
  assert.doesNotMatch(markdown, /http:\/\//);
  assert.doesNotMatch(markdown, /(?<!\\)`/);
  assert.doesNotMatch(markdown, /(?<!\\)\]\(javascript/);
  assert.doesNotMatch(markdown, /\u202e/);
  assert.equal(markdown.match(/^# /gm)?.length, 1);
});

const markdown: [text: string, inert: string][] = [
  ["a|b", "a\\|b"],
  ["two\nlines", "two lines"],
  ["a_b_c", "a_b_c"],
  ["_b_", "\\_b\\_"],
  ["1. one", "1\\. one"],
  ["- one", "\\- one"],
  ["+27.9 %", "+27.9 %"],
  ["<b>&amp;", "&lt;b&gt;&amp;amp;"],
  ["www.example.org", "www&#46;example.org"],
];
for (const [text, inert] of markdown) {
  Deno.test(`inertMarkdown() of ${JSON.stringify(text)} is ${JSON.stringify(inert)}`, () => {
    assert.equal(inertMarkdown(text), inert);
  });
}

Deno.test("inertHtml() leaves no character that begins markup or ends an attribute", () => {
  assert.equal(inertHtml(`<a b="c" d='e'>&`), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
});

Deno.test("inertJson() is JSON of the same value, without what ends a script", () => {
  const value = { "</script>": ["<!--", "\u2028\u2029", "a & b"] };
  assert.deepEqual(JSON.parse(inertJson(value)), value);
  assert.doesNotMatch(inertJson(value), /[<>&\u2028\u2029]/);
});

Deno.test("writeReport() writes three files and every image, for the owner alone, over what was there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  try {
    await writeFile(join(folder, "report.md"), "old", { mode: 0o644 });
    const files = await writeReport(run, folder);
    const text = await readFile(files.markdown, "utf8");
    const images = [...text.matchAll(/\]\((charts\/[a-z-]+\.png)\)/g)].map(([, path]) => path);
    assert.equal(images.length, allCharts(reportContent(run)).length);
    assert.deepEqual(
      (await readdir(join(folder, "charts"))).map((name) => `charts/${name}`).toSorted(),
      images.toSorted(),
    );
    for (const path of [files.html, files.markdown, files.json, ...images.map((image) => join(folder, image))]) {
      assert.equal((await stat(path)).mode & 0o777, 0o600, path);
    }
    assert.equal(await readFile(files.markdown, "utf8"), renderMarkdown(run));
    assert.equal(await readFile(files.json, "utf8"), renderJson(run));
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("writeReport() with SVG charts writes those instead, without script, and the Markdown shows them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  try {
    const { markdown } = await writeReport(hostileDocument(), folder, { charts: "svg" });
    const shown = [...(await readFile(markdown, "utf8")).matchAll(/\]\(charts\/([a-z-]+\.svg)\)/g)].map(([, name]) =>
      name
    );
    assert.ok(shown.length > 8);
    assert.deepEqual((await readdir(join(folder, "charts"))).toSorted(), shown.toSorted());
    for (const name of shown) {
      const svg = await readFile(join(folder, "charts", name), "utf8");
      assert.match(svg, /^<svg/);
      const tags = [...svg.replace(/"[^"]*"/g, '""').matchAll(/<[^>]*>/g)].map(([tag]) => tag);
      assert.deepEqual(
        tags.filter((tag) => !/^<\/?(svg|g|path|line|rect|text|tspan|defs|clipPath)\b/.test(tag)),
        [],
        name,
      );
      assert.deepEqual(tags.filter((tag) => /\s(on\w+|style|href)=/.test(tag)), [], name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("writeReport() of hostile text writes every image", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  try {
    const document = hostileDocument();
    await writeReport(document, folder);
    assert.equal((await readdir(join(folder, "charts"))).length, allCharts(reportContent(document)).length);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("plimsoll report refuses an unknown format of charts before it reads or writes anything", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  try {
    await assert.rejects(
      reportCommand([join(folder, "no run"), "--charts", "gif", "--out", folder]),
      (error) => error instanceof InputError && error.message.includes("--charts") && error.message.includes("gif"),
    );
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("writeReport() of an invalid document writes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-report-"));
  try {
    const broken = simulatedDocument();
    broken.sizing.rows[0].estimate = Infinity;
    await assert.rejects(writeReport(broken, folder));
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
