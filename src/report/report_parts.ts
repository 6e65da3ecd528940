import type { ChartSpec } from "../plot/mod.ts";

/** A table of text, the same in every format. Cells are raw text: each format escapes for itself. */
export interface ReportTable {
  caption: string;
  columns: {
    title: string;
    /** `prose` may take several lines. */
    kind: "text" | "number" | "prose";
  }[];
  rows: {
    cells: string[];
    /** The first cell says the same as that of the row above. */
    continued?: true;
    flagged?: true;
  }[];
  /** Numbered from 1, as a column of notes refers to them. */
  notes?: string[];
}

/** A chart and its words. */
export interface ReportChart {
  /** File name without extension, and anchor. */
  id: string;
  title: string;
  text: string;
  /** With its title, which a page that carries `title` and `text` leaves out. */
  spec: ChartSpec;
}

/** A chart with its words taken from its title. */
export function chart(id: string, spec: ChartSpec): ReportChart {
  const { text, subtitle } = spec.title as { text: string; subtitle: string | string[] };
  return { id, title: text, text: unbroken([subtitle].flat().join(" ")), spec };
}

/** A number as a reader writes it: 1000, but 10,000. */
export function count(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: "min2" });
}

/** `1 session`, `40 sessions`. */
export function sessions(value: number): string {
  return `${count(value)} ${value === 1 ? "session" : "sessions"}`;
}

/** Numbers of notes in a list of all. */
export function references(own: readonly string[], all: readonly string[]): string {
  return unique(own).map((note) => all.indexOf(note) + 1).join(", ");
}

/** Marks a row that continues the one above. */
export function continuing(same: boolean): { continued?: true } {
  return same ? { continued: true } : {};
}

/** Keeps an interval on one line. */
export function unbroken(text: string): string {
  return text.replace(/\[[^\]]*\]/g, (interval) => interval.replaceAll(" ", "\u00a0"));
}

/** A share as `65 %`. */
export function percent(share: number): string {
  return `${(100 * share).toLocaleString("en-US", { maximumSignificantDigits: 3 })} %`;
}

/** With a capital. */
export function capital(words: string): string {
  return words[0].toUpperCase() + words.slice(1);
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Without repetitions, in order. */
export function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}

/** One column's head. */
export type Column = ReportTable["columns"][number];

/** A column of words. */
export function text(title: string): Column {
  return { title, kind: "text" };
}

/** A column of numbers. */
export function number(title: string): Column {
  return { title, kind: "number" };
}

/** A column of sentences. */
export function prose(title: string): Column {
  return { title, kind: "prose" };
}
