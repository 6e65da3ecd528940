import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportDocument } from "../schema/mod.ts";
import { renderHtml } from "./render_html.ts";
import { renderJson } from "./render_json.ts";
import { type ChartFormat, renderMarkdown } from "./render_markdown.ts";
import { allCharts, reportContent } from "./report_content.ts";

/** Where a report's files are. */
export interface ReportFiles {
  /** Path of `report.html`. */
  html: string;
  /** Path of `report.md`. */
  markdown: string;
  /** Path of `report.json`. */
  json: string;
}

/** Options of {@linkcode writeReport}. */
export interface ReportOptions {
  /**
   * Format of the charts beside the report: SVG stays sharp and may be edited, PNG shows everywhere.
   * @default "png"
   */
  charts?: ChartFormat;
}

/**
 * Writes a report in all formats: `report.html`, `report.md` with its images in `charts/`, `report.json`.
 *
 * @param document A run, its fits, its sizing.
 * @param directory Where to write; made if it does not exist. Files are for the owner alone (0600), and replaced.
 * @param options Format of the charts.
 * @returns Paths of the three files.
 * @throws {ZodError} If the document is not what `reportSchema` describes; nothing is written then.
 */
export async function writeReport(
  document: ReportDocument,
  directory: string,
  options: ReportOptions = {},
): Promise<ReportFiles> {
  const { charts = "png" } = options;
  const json = renderJson(document);
  // Rendering is heavy: who only fits or sizes does not load it.
  const { toPng, toSvg } = await import("../render/mod.ts");
  const html = await renderHtml(document);
  const files = {
    html: join(directory, "report.html"),
    markdown: join(directory, "report.md"),
    json: join(directory, "report.json"),
  };
  await mkdir(join(directory, "charts"), { recursive: true, mode: 0o700 });
  await write(files.html, html);
  await write(files.markdown, renderMarkdown(document, { charts }));
  await write(files.json, json);
  for (const { id, spec } of allCharts(reportContent(document))) {
    const image = charts === "svg" ? await toSvg(spec) : await toPng(spec);
    await write(join(directory, "charts", `${id}.${charts}`), image);
  }
  return files;
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  // The mode above counts only where the file is new.
  await chmod(path, 0o600);
}
