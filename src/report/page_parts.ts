import { visibleText } from "../render/visible_text.ts";
import { inertHtml } from "./inert.ts";
import type { ChartSpec } from "../plot/mod.ts";
import type { ReportChart, ReportTable } from "./report_parts.ts";
import type { SizingTables } from "./sizing_content.ts";

/** The answer, a paragraph a sentence, what it is about in bold. HTML; every text in it is inert. */
export function answerHtml(sentences: readonly string[]): string {
  const lines = sentences.map((sentence) => {
    const [, head, rest] = /^([^:]{1,40}:)?([^]*)$/.exec(sentence)!;
    return `<p>${head === undefined ? "" : `<strong>${inertHtml(head)}</strong>`}${inertHtml(rest)}</p>`;
  });
  return lines.join("\n");
}

/** A table with its caption and notes. A table wider than the page scrolls by itself, also by keyboard. */
export function tableHtml(data: ReportTable, name: string, strong: readonly string[] = []): string {
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

/** A figure: words, and a box that holds a drawing for where no script runs. */
export function figureHtml({ id, title, text }: ReportChart, still: string): string {
  return `<figure id="${id}">
<figcaption><h3>${inertHtml(title)}</h3><p>${inertHtml(text)}</p></figcaption>
<div class="chart" role="img" aria-label="${
    inertHtml(`${title}. ${text}`)
  }" data-chart="${id}"><div class="still" aria-hidden="true">${still}</div></div>
</figure>`;
}

/**
 * A chart's specification without what the page says itself: its title, and in one label what it shows. Numbers of six
 * digits are more than a chart can show, and half of what they else weigh.
 */
export function bareSpec({ spec }: ReportChart): ChartSpec {
  const { title: _, config, ...rest } = spec;
  const bare = { ...rest, background: null, padding: 2, config: { ...config as ChartSpec, aria: false } };
  return JSON.parse(JSON.stringify(bare, (_, part) => {
    if (typeof part === "number") return Number(part.toPrecision(6));
    return typeof part === "string" ? visibleText(part) : part;
  }));
}

/** Tables that follow from the sizing. */
export const SIZING_TABLES = [
  "sizing",
  "fleet",
  "shapes",
  "slo",
  "artifacts",
  "screenshots",
  "generators",
  "assumptions",
  "sensitivity",
] as const;

const STRONG: Partial<Record<typeof SIZING_TABLES[number], string[]>> = {
  sizing: ["Recommended"],
  fleet: ["Workers"],
};

/** One of them, set as the page sets it; nothing where there is none. */
export function sizingTableHtml(content: SizingTables, name: typeof SIZING_TABLES[number]): string {
  const table = content[name];
  return table === undefined ? "" : tableHtml(table, name === "assumptions" ? "facts" : name, STRONG[name]);
}
