/** One sample of a metrics page. */
export interface ExpositionSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Settings of {@linkcode parseExposition}. */
export interface ExpositionOptions {
  /**
   * Names of the metrics to read; lines of others are passed over unread.
   * @default all
   */
  wanted?: ReadonlySet<string>;
  /**
   * More samples than this are an error.
   * @default 100_000
   */
  most_samples?: number;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*/y;
// A timestamp may follow, and after that whatever a newer format adds as a comment.
const VALUE = /[ \t]*([^\s#]+)(?:[ \t]+-?\d+(?:\.\d+)?)?[ \t\r]*(?:#.*)?$/y;
const DECIMAL = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** Names and labels are words: what is longer is no line of metrics. */
const LONGEST_LINE = 65_536;
const ESCAPES: Record<string, string> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };
/** The parts of a histogram or a summary. */
const PARTS = ["", "_bucket", "_sum", "_count"];

/**
 * Reads a page of metrics in the text format of Prometheus, version 0.0.4: counters, gauges and untyped ones. Histograms and summaries
 * are left out, with their sums and counts.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 *
 * @param text the page.
 * @returns samples in the order of the page; values may be NaN or infinite.
 * @throws {SyntaxError} If a line that is wanted cannot be read; the message has its number.
 * @throws {RangeError} If there are too many samples.
 *
 * @example A counter
 * ```ts
 * import { parseExposition } from "./parse_exposition.ts";
 * import assert from "node:assert/strict";
 *
 * const page = '# TYPE jobs_total counter\njobs_total{kind="a b"} 12 1395066363000\n';
 * assert.deepEqual(parseExposition(page), [{ name: "jobs_total", labels: { kind: "a b" }, value: 12 }]);
 * ```
 */
export function parseExposition(text: string, options: ExpositionOptions = {}): ExpositionSample[] {
  const { wanted, most_samples = 100_000 } = options;
  const samples: ExpositionSample[] = [];
  const left = new Set<string>();
  let number = 0;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    number++;
    const from = afterBlanks(text, start, end);
    if (from === end) continue;
    if (text[from] === "#") {
      const [, family, type] = /^#\s+TYPE\s+(\S+)\s+(\S+)/.exec(text.slice(from, end)) ?? [];
      if (type === "histogram" || type === "summary") PARTS.forEach((part) => left.add(family + part));
      continue;
    }
    NAME.lastIndex = from;
    const name = NAME.exec(text)?.[0];
    if (name === undefined) throw unreadable(number, "a metric's name");
    if (left.has(name) || (wanted && !wanted.has(name))) continue;
    if (end - from > LONGEST_LINE) throw unreadable(number, `at most ${LONGEST_LINE} characters`);
    if (samples.length === most_samples) {
      throw new RangeError(`Cannot read a page of metrics: it has more than ${most_samples} samples`);
    }
    samples.push({ name, ...labelsAndValue(text.slice(from + name.length, end), number) });
  }
  return samples;
}

function afterBlanks(text: string, start: number, end: number): number {
  while (start < end && /\s/.test(text[start])) start++;
  return start;
}

function labelsAndValue(line: string, number: number): Omit<ExpositionSample, "name"> {
  const labels: Record<string, string> = {};
  let at = /^[ \t]*/.exec(line)![0].length;
  if (line[at] === "{") {
    at++;
    for (LABEL.lastIndex = at;; LABEL.lastIndex = at) {
      const match = LABEL.exec(line);
      if (!match) break;
      labels[match[1]] = match[2].replace(/\\["\\n]/g, (escape) => ESCAPES[escape]);
      at += match[0].length;
      if (line[at] !== ",") break;
      at++;
    }
    at += /^\s*/.exec(line.slice(at))![0].length;
    if (line[at] !== "}") throw unreadable(number, 'labels as {name="value"}');
    at++;
  } else if (at === 0) throw unreadable(number, "a blank or labels after the name");
  VALUE.lastIndex = at;
  const written = VALUE.exec(line)?.[1];
  const value = written === undefined ? undefined : readValue(written);
  if (value === undefined) throw unreadable(number, "a number after the name");
  return { labels, value };
}

function readValue(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return NaN;
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text) ?? [];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

function unreadable(number: number, wanted: string): SyntaxError {
  return new SyntaxError(`Cannot read line ${number} of a page of metrics: there must be ${wanted}`);
}
