import type { ReportDocument } from "../schema/mod.ts";
import { inertMarkdown } from "./inert.ts";
import { reportContent } from "./report_content.ts";
import type { ReportChart, ReportTable } from "./report_parts.ts";

/** A format of the charts beside a report. */
export type ChartFormat = "png" | "svg";

/**
 * Writes a report as GitHub-flavoured Markdown. Charts are images in `charts/`, which `writeReport` puts beside it.
 *
 * @param document A run, its fits, its sizing.
 * @param options `charts`: the format that the images have, PNG by default.
 * @returns Markdown; text of the document is shown as text, whatever it holds.
 */
export function renderMarkdown(document: ReportDocument, options: { charts?: ChartFormat } = {}): string {
  const { charts = "png" } = options;
  const content = reportContent(document);
  const image = (chart: ReportChart) => [
    `![${inertMarkdown(chart.title)}](charts/${chart.id}.${charts})`,
    "",
  ];
  return [
    `# ${inertMarkdown(content.title)}`,
    "",
    ...content.answers.flatMap((sentence) => [`**${inertMarkdown(sentence)}**`, ""]),
    inertMarkdown(content.measured),
    "",
    ...(content.caveats.length + content.reach.length === 0 ? [] : [
      "## Before you rely on this",
      "",
      ...[...content.caveats, ...content.reach].map((line) => `- ${inertMarkdown(line)}`),
      "",
    ]),
    "## Sizing",
    "",
    ...table(content.sizing),
    ...[content.fleet, content.shapes, content.slo, content.artifacts, content.screenshots, content.generators]
      .flatMap((one) => one === undefined ? [] : table(one)),
    ...[content.sizingChart, content.diskChart].flatMap((chart) => chart === undefined ? [] : image(chart)),
    "## How cost grows",
    "",
    ...table(content.verdicts),
    ...(content.workers === undefined ? [] : table(content.workers)),
    ...[...content.demands, ...content.evidence].flatMap(image),
    ...(content.charts.length === 0 ? [] : ["## What was measured", "", ...content.charts.flatMap(image)]),
    "## Levels",
    "",
    ...table(content.levels),
    "## Assumptions",
    "",
    ...table(content.assumptions),
    ...(content.sensitivity === undefined ? [] : table(content.sensitivity)),
    "## Provenance",
    "",
    ...table(content.provenance),
    "## How to read this",
    "",
    ...content.guide.map(({ term, text }) => `- **${inertMarkdown(term)}**: ${inertMarkdown(text)}`),
    "",
  ].join("\n");
}

function table({ caption, columns, rows, notes = [] }: ReportTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(inertMarkdown).join(" | ")} |`;
  return [
    `*${inertMarkdown(caption)}*`,
    "",
    line(columns.map((column) => column.title)),
    `| ${columns.map((column) => column.kind === "number" ? "---:" : "---").join(" | ")} |`,
    ...rows.map((row) => line(row.cells)),
    "",
    ...(notes.length === 0 ? [] : [...notes.map((note, index) => `${index + 1}. ${inertMarkdown(note)}`), ""]),
  ];
}
