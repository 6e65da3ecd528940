import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ColourRole, darkPalette, palette } from "../plot/mod.ts";
import type { ReportDocument } from "../schema/mod.ts";
import { inertHtml, inertJson } from "./inert.ts";
import { pageScript } from "./page_script.ts";
import { type ReportChart, reportContent, type ReportTable } from "./report_content.ts";

/**
 * Writes a report as one HTML page that needs nothing else: no network, no server, and script only for tooltips.
 *
 * Its content security policy allows its own script and style by hash, and nothing more. Text of the document is shown
 * as text, whatever it holds. Charts are drawings that the script replaces with interactive ones.
 *
 * @param document A run, its fits, its sizing.
 * @returns The page.
 */
export async function renderHtml(document: ReportDocument): Promise<string> {
  const content = reportContent(document);
  const [script, sheet, sizingFigure, figures] = await Promise.all([
    pageScript(),
    readFile(new URL("page/page.css", import.meta.url), "utf8"),
    content.sizingChart === undefined ? undefined : figure(content.sizingChart),
    Promise.all(content.charts.map(figure)),
  ]);
  const style = sheet + darkCharts();
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const drawn = [...(sizingFigure === undefined ? [] : [sizingFigure]), ...figures];
  const specs = Object.fromEntries(drawn.flatMap(({ id, spec }) => spec === undefined ? [] : [[id, spec]]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${inertHtml(content.title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${inertHtml(content.title)}</h1>
${answer(content.answers)}
<p class="measured">${inertHtml(content.measured)}</p>
${navigation(figures.length > 0)}
${caveats(content.caveats)}
</header>
<main>
<section aria-labelledby="sizing-heading">
<h2 id="sizing-heading">Sizing</h2>
${table(content.sizing, "sizing", ["Recommended"])}
${content.fleet === undefined ? "" : table(content.fleet, "fleet", ["Workers"])}
${sizingFigure?.html ?? ""}
</section>
<section aria-labelledby="growth-heading">
<h2 id="growth-heading">How cost grows</h2>
${table(content.verdicts, "verdicts", ["Verdict"])}
</section>
${
    figures.length === 0 ? "" : `<section aria-labelledby="charts-heading">
<h2 id="charts-heading">Charts</h2>
<div class="figures">
${figures.map(({ html }) => html).join("\n")}
</div>
</section>`
  }
<section aria-labelledby="levels-heading">
<h2 id="levels-heading">Levels</h2>
${table(content.levels, "levels")}
</section>
<section aria-labelledby="assumptions-heading">
<h2 id="assumptions-heading">Assumptions</h2>
${table(content.assumptions, "facts")}
${content.sensitivity === undefined ? "" : table(content.sensitivity, "sensitivity")}
</section>
<section aria-labelledby="provenance-heading">
<h2 id="provenance-heading">Provenance</h2>
${table(content.provenance, "facts")}
</section>
<section aria-labelledby="guide-heading">
<h2 id="guide-heading">How to read this</h2>
<dl class="guide">
${content.guide.map(({ term, text }) => `<dt>${inertHtml(term)}</dt><dd>${inertHtml(text)}</dd>`).join("\n")}
</dl>
</section>
</main>
<div id="tip" role="presentation" hidden></div>
<script type="application/json" id="charts">${inertJson(specs)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function navigation(charted: boolean): string {
  const links = [
    ["sizing", "Sizing"],
    ["growth", "How cost grows"],
    ...(charted ? [["charts", "Charts"]] : []),
    ["levels", "Levels"],
    ["assumptions", "Assumptions"],
    ["provenance", "Provenance"],
    ["guide", "How to read this"],
  ];
  return `<nav aria-label="Sections">${
    links.map(([id, name]) => `<a href="#${id}-heading">${name}</a>`).join(" ")
  }</nav>`;
}

function answer(sentences: readonly string[]): string {
  const lines = sentences.map((sentence) => {
    const [, head, rest] = /^([^:]{1,40}:)?([^]*)$/.exec(sentence)!;
    return `<p>${head === undefined ? "" : `<strong>${inertHtml(head)}</strong>`}${inertHtml(rest)}</p>`;
  });
  return `<div class="answer">${lines.join("\n")}</div>`;
}

function caveats(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<aside class="caveats" aria-labelledby="caveats-heading">
<h2 id="caveats-heading">Before you rely on this</h2>
<ul>${lines.map((line) => `<li>${inertHtml(line)}</li>`).join("")}</ul>
</aside>`;
}

function table(data: ReportTable, name: string, strong: readonly string[] = []): string {
  const classOf = (index: number) => {
    const { title, kind } = data.columns[index];
    return ` class="${kind}${strong.includes(title) ? " strong" : ""}"`;
  };
  const head = data.columns.map(({ title }, index) => `<th scope="col"${classOf(index)}>${inertHtml(title)}</th>`);
  const body = data.rows.map(({ cells, continued, flagged }) => {
    const [first, ...rest] = cells.map(inertHtml);
    const row = rest.map((cell, index) => `<td${classOf(index + 1)}>${cell}</td>`).join("");
    const names = [...(continued ? ["continued"] : []), ...(flagged ? ["flagged"] : [])];
    const kind = names.length === 0 ? "" : ` class="${names.join(" ")}"`;
    return `<tr${kind}><th scope="row"${classOf(0)}><span>${first}</span></th>${row}</tr>`;
  });
  const notes = data.notes === undefined
    ? ""
    : `\n<ol class="notes">${data.notes.map((note) => `<li>${inertHtml(note)}</li>`).join("")}</ol>`;
  return `<div class="scroll" role="region" tabindex="0" aria-label="${inertHtml(data.caption)}">
<table class="${name}${data.rows.some((row) => row.continued) ? " grouped" : ""}">
<caption><span>${inertHtml(data.caption)}</span></caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>${notes}`;
}

async function figure(chart: ReportChart): Promise<{ id: string; html: string; spec?: unknown }> {
  const caption = `<figcaption><h3>${inertHtml(chart.title)}</h3><p>${inertHtml(chart.text)}</p></figcaption>`;
  const bare = { ...chart.spec, title: undefined, background: null, padding: 2 };
  try {
    const { compileChart, toSvg } = await import("../render/mod.ts");
    const [spec, svg] = [compileChart(bare), await toSvg(bare)];
    const still = drawing(svg, chart.id);
    const label = inertHtml(`${chart.title}. ${chart.text}`);
    const html = `<figure id="${chart.id}">
${caption}
<div class="chart" role="img" aria-label="${label}" data-chart="${chart.id}"><div class="still">${still}</div></div>
</figure>`;
    return { id: chart.id, html, spec };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      id: chart.id,
      html: `<figure id="${chart.id}">${caption}<p>This chart could not be drawn: ${inertHtml(reason)}</p></figure>`,
    };
  }
}

/** A drawing for a page that holds several, and that says in one label what each shows. */
function drawing(svg: string, id: string): string {
  return svg
    // Marks that nobody sees answer to the pointer, and a drawing does not.
    .replace(/<(path|line)\b[^<>]*\sopacity="0"[^<>]*(?:\/>|><\/\1>)/g, "")
    .replace(/ (?:aria-[a-z]+|role)="[^"]*"/g, "")
    // Each drawing counts its clip paths from 0.
    .replaceAll('id="clip', `id="${id}-clip`)
    .replaceAll("url(#clip", `url(#${id}-clip`);
}

/** Charts carry the colours of a light page in attributes; a dark page sets others over them, one by one. */
function darkCharts(): string {
  const rules = (Object.keys(palette) as ColourRole[]).map((role) => {
    const [light, dark] = [palette[role], darkPalette[role]];
    return `.chart [fill="${light}"]{fill:${dark}}.chart [stroke="${light}"]{stroke:${dark}}`;
  });
  return `@media screen and (prefers-color-scheme: dark){${rules.join("")}}\n`;
}

function sha256(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
