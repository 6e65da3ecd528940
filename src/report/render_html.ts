import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ColourRole, darkPalette, palette } from "../plot/mod.ts";
import type { ReportDocument } from "../schema/mod.ts";
import { inertHtml, inertJson } from "./inert.ts";
import { pageScript } from "./page_script.ts";
import { answerHtml, bareSpec, figureHtml, SIZING_TABLES, sizingTableHtml, tableHtml } from "./page_parts.ts";
import { allCharts, reportContent } from "./report_content.ts";
import type { ReportChart } from "./report_parts.ts";
import { whatIfForm } from "./what_if_form.ts";

/**
 * Writes a report as one HTML page that needs nothing else: no network, no server, and script only for tooltips and for
 * the what-if panel, which sizes anew with the same `size`.
 *
 * Its content security policy allows its own script and style by hash, and nothing more. Text of the document is shown
 * as text, whatever it holds. Charts are drawings that the script replaces with interactive ones.
 *
 * @param document A run, its fits, its sizing.
 * @returns The page.
 */
export async function renderHtml(document: ReportDocument): Promise<string> {
  const content = reportContent(document);
  const { sizingChart, diskChart, demands, evidence, charts } = content;
  const drawn = allCharts(content);
  const [script, sheet, ...figures] = await Promise.all([
    pageScript(),
    readFile(new URL("page/page.css", import.meta.url), "utf8"),
    ...drawn.map(figure),
  ]);
  const drawings = new Map(drawn.map((chart, index) => [chart, figures[index]]));
  const all = (charts: readonly ReportChart[]) => charts.map((chart) => drawings.get(chart)).join("\n");
  /** A place for a chart that the what-if panel draws anew, or takes away. */
  const slot = (id: string, chart: ReportChart | undefined) =>
    `<div id="${id}-slot"${chart === undefined ? " hidden" : ""}>${
      chart === undefined ? "" : drawings.get(chart)
    }</div>`;
  const style = sheet + darkCharts();
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const specs = Object.fromEntries(drawn.map((chart) => [chart.id, bareSpec(chart)]));
  const { summary, fit, sizing } = document;
  const run = { summary, fit, sizing };
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
<p id="changed" hidden></p>
<div class="answer" id="answer">${answerHtml(content.answers)}</div>
<p class="measured">${inertHtml(content.measured)}</p>
${navigation(charts.length > 0)}
${caveats(content.caveats, content.reach)}
</header>
<main>
<section aria-labelledby="sizing-heading">
<h2 id="sizing-heading">Sizing</h2>
${sizing.rows.length === 0 ? "" : whatIfForm(run)}
<div id="sizing-table">${sizingTableHtml(content, "sizing")}</div>
${
    SIZING_TABLES.slice(1, -2).map((name) => `<div id="${name}-table">${sizingTableHtml(content, name)}</div>`).join(
      "\n",
    )
  }
<div class="figures">
${slot("sizing", sizingChart)}
${slot("disk-by-retention", diskChart)}
</div>
</section>
<section aria-labelledby="growth-heading">
<h2 id="growth-heading">How cost grows</h2>
${tableHtml(content.verdicts, "verdicts", ["Verdict"])}
${content.workers === undefined ? "" : tableHtml(content.workers, "workers")}
<div class="figures">
${demands.map((chart) => slot(chart.id, chart)).join("\n")}
${all(evidence)}
</div>
</section>
${
    charts.length === 0 ? "" : `<section aria-labelledby="charts-heading">
<h2 id="charts-heading">What was measured</h2>
<div class="figures">
${all(charts)}
</div>
</section>`
  }
<section aria-labelledby="levels-heading">
<h2 id="levels-heading">Levels</h2>
${tableHtml(content.levels, "levels")}
</section>
<section aria-labelledby="assumptions-heading">
<h2 id="assumptions-heading">Assumptions</h2>
<div id="assumptions-table">${sizingTableHtml(content, "assumptions")}</div>
<div id="sensitivity-table">${sizingTableHtml(content, "sensitivity")}</div>
</section>
<section aria-labelledby="provenance-heading">
<h2 id="provenance-heading">Provenance</h2>
${tableHtml(content.provenance, "facts")}
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
<script type="application/json" id="run">${inertJson(run)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function navigation(charted: boolean): string {
  const links = [
    ["sizing", "Sizing"],
    ["growth", "How cost grows"],
    ...(charted ? [["charts", "What was measured"]] : []),
    ["levels", "Levels"],
    ["assumptions", "Assumptions"],
    ["provenance", "Provenance"],
    ["guide", "How to read this"],
  ];
  return `<nav aria-label="Sections">${
    links.map(([id, name]) => `<a href="#${id}-heading">${name}</a>`).join(" ")
  }</nav>`;
}

function caveats(lines: readonly string[], reach: readonly string[]): string {
  const items = (texts: readonly string[]) => texts.map((line) => `<li>${inertHtml(line)}</li>`).join("");
  return `<aside class="caveats" id="caveats" aria-labelledby="caveats-heading"${
    lines.length + reach.length === 0 ? " hidden" : ""
  }>
<h2 id="caveats-heading">Before you rely on this</h2>
<ul>${items(lines)}</ul>
<ul id="reach"${reach.length === 0 ? " hidden" : ""}>${items(reach)}</ul>
</aside>`;
}

async function figure(chart: ReportChart): Promise<string> {
  try {
    const { toSvg } = await import("../render/mod.ts");
    return figureHtml(chart, drawing(await toSvg(bareSpec(chart)), chart.id));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const { id, title, text } = chart;
    return `<figure id="${id}"><figcaption><h3>${inertHtml(title)}</h3><p>${inertHtml(text)}</p></figcaption>
<p>This chart could not be drawn: ${inertHtml(reason)}</p></figure>`;
  }
}

/** A drawing for a page that holds several, and that says in one label what each shows. */
function drawing(svg: string, id: string): string {
  return svg
    // Marks that nobody sees answer to the pointer, and a drawing does not.
    .replace(/<(path|line)\b[^<>]*\sopacity="0"[^<>]*(?:\/>|><\/\1>)/g, "")
    .replace(/ (?:aria-[a-z]+|role)="[^"]*"/g, "")
    .replace(
      / (?:d|transform|[xy][12]?)="[^"]*"/g,
      (place) => place.replace(/\d+\.\d{3,}/g, (n) => String(Number(Number(n).toFixed(2)))),
    )
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
