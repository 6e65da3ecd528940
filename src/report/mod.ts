/** Reports: one document as a page, as Markdown, as JSON. */
export { makeReport } from "./make_report.ts";
export { renderHtml } from "./render_html.ts";
export { renderJson } from "./render_json.ts";
export { type ChartFormat, renderMarkdown } from "./render_markdown.ts";
export { type ReportFiles, type ReportOptions, writeReport } from "./write_report.ts";
