import { type Cell, type Notebook, text } from "./notebook_file.ts";

/** What prose says of outputs: a paragraph, and the text that its numbers have to be found in. */
export interface Reading {
  paragraph: string;
  evidence: string;
}

/** A number of prose that no output has. */
export interface Uncited {
  number: string;
  paragraph: string;
}

/** Datasets of charts that hold what a reader sees as points and labels; those of curves have a number for everything. */
const SEEN = new Set(["windows", "points", "marks", "labels", "heldOut", "medians", "end"]);
/** Numbers that stand for a method, not for a result: the confidence of all intervals. */
const METHOD = /\b95 %/g;
/** Not within words, such as the 95 of `p95`. */
const NUMBER = /(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?/g;

/**
 * The paragraphs that read outputs: the first of each Markdown cell that follows outputs, and the answer below the title.
 *
 * Of a notebook on committed data the outputs are the same in every run, so numbers are found in those of the same section, and
 * those of the answer anywhere. One that measures says them itself (`explain`), and its prose has only what its code has.
 */
export function readings({ cells }: Notebook, { live = false } = {}): Reading[] {
  const all = cells.map((cell) => live ? text(cell.source) : evidenceOf(cell));
  const found = [{ paragraph: paragraphs(cells[0])[1], evidence: all.slice(1).join("\n") }];
  let section = 0;
  for (const [index, cell] of cells.entries()) {
    if (cell.cell_type !== "markdown") continue;
    const [first] = paragraphs(cell);
    if (hasOutputs(cells[index - 1]) && !first.startsWith("#")) {
      found.push({ paragraph: first, evidence: all.slice(live ? 1 : section, index).join("\n") });
    }
    if (/^#+ /m.test(text(cell.source))) section = index;
  }
  return found;
}

/** Outputs that nothing reads: the cell after them begins a new section, or is not there. The closing check reads itself. */
export function unread({ cells }: Notebook): string[] {
  return cells.flatMap((cell, index) => {
    const next = cells[index + 1];
    if (!hasOutputs(cell) || next === undefined) return [];
    return next.cell_type === "markdown" && !text(next.source).startsWith("#") ? [] : [text(cell.source)];
  });
}

/** Numbers of a reading, as they are written. */
export function numbersIn(paragraph: string): string[] {
  return paragraph.replace(/`[^`]*`/g, "").replace(/\bnotebook \d+/g, "").replace(METHOD, "").match(NUMBER) ?? [];
}

/** Numbers that are not among the evidence, rounded as they are. */
export function uncited(read: readonly Reading[]): Uncited[] {
  return read.flatMap(({ paragraph, evidence }) => {
    const seen = (evidence.match(/(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?/g) ?? []).map(valueOf);
    return numbersIn(paragraph).filter((number) => !seen.some((value) => rounds(value, number)))
      .map((number) => ({ number, paragraph }));
  });
}

function rounds(value: number, number: string): boolean {
  const decimals = number.split(".")[1]?.length ?? 0;
  return Math.abs(value - valueOf(number)) <= 0.5001 * 10 ** -decimals;
}

function valueOf(number: string): number {
  return Number(number.replaceAll(",", ""));
}

function paragraphs({ source }: Cell): string[] {
  return text(source).split(/\n{2,}/);
}

function hasOutputs(cell?: Cell): boolean {
  return (cell?.outputs ?? []).length > 0;
}

/** What a reader sees of a cell: its code, its texts, and of its charts the words and the points. */
function evidenceOf({ cell_type, source, outputs = [] }: Cell): string {
  if (cell_type === "markdown") return "";
  return [
    text(source),
    ...outputs.flatMap(({ text: stream, data = {} }) => {
      const spec = data["application/vnd.vegalite.v5+json"] as { title?: unknown; datasets?: object } | undefined;
      const shown = Object.entries(spec?.datasets ?? {}).filter(([name]) => SEEN.has(name)).map(([, rows]) => rows);
      return [
        text(stream),
        text(data["text/markdown"] ?? data["text/plain"]),
        JSON.stringify([spec?.title, legends(spec), shown]),
      ];
    }),
  ].join("\n");
}

/** Names in the legends of a chart. */
function legends(part: unknown): unknown[] {
  if (typeof part !== "object" || part === null) return [];
  const { scale } = part as { scale?: { domain?: unknown[] } };
  const names = Array.isArray(scale?.domain) ? scale.domain.filter((name) => typeof name === "string") : [];
  return [...names, ...Object.values(part).flatMap(legends)];
}
