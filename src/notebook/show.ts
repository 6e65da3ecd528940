import { described } from "./described.ts";
import { escapeHtml, kernel } from "./kernel.ts";

/** A Polars DataFrame, as far as showing it goes. */
export interface FrameLike {
  /** Names, from the left. */
  readonly columns: string[];
  /** Polars types, one a column. */
  readonly dtypes: { variant: string }[];
  /** Rows. */
  readonly height: number;
  /** The first rows. */
  head(length?: number): FrameLike;
  /** Values of one column, from the top. */
  getColumn(name: string): { toArray(): unknown[] };
}

/** Rows of a table that a page still scrolls well with. */
const MOST_ROWS = 1000;
/** Characters of a cell. */
const MOST_CHARACTERS = 200;

/** Settings of {@linkcode show}. */
export interface ShowOptions {
  /**
   * Rows to show, from the top: at most 1000, more is for files.
   * @default 20
   */
  rows?: number;
}

interface Table {
  columns: { name: string; type: string; numeric: boolean; cells: string[] }[];
  height: number;
  shown: number;
}

/**
 * Shows a table: a Polars frame or plain rows, with shape and types, as HTML and as text.
 *
 * @param table A frame, or an array of plain objects; the columns are those of all rows together.
 * @param options How much of it.
 * @throws {TypeError} If it is neither a frame nor an array of objects.
 * @throws {RangeError} If the rows are no whole number up to 1000.
 * @returns Nothing in a notebook, where the table appears at once; elsewhere its text, for `console.log`.
 *
 * @example Two rows
 * ```ts
 * import { show } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const text = await show([{ sessions: 1, target_cores: 0.05 }, { sessions: 2, target_cores: 0.09 }]);
 * assert.match(text ?? "", /2 rows × 2 columns/);
 * ```
 */
export async function show(
  table: FrameLike | readonly object[],
  options: ShowOptions = {},
): Promise<string | undefined> {
  const { rows = 20 } = options;
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST_ROWS) {
    throw new RangeError(`Cannot show this many rows as they must be 1–${MOST_ROWS}: current value is ${rows}`);
  }
  const isRows = Array.isArray(table) && table.every((row) => typeof row === "object" && row !== null);
  if (!isRows && typeof (table as FrameLike | undefined)?.getColumn !== "function") {
    const wanted = "a frame or an array of objects, a row each";
    throw new TypeError(`Cannot show this as it must be ${wanted}: current value is ${described(table)}`);
  }
  const content = tableOf(table, rows);
  const text = textOf(content);
  const jupyter = kernel();
  if (jupyter === undefined) return text;
  await jupyter.display({ "text/html": htmlOf(content), "text/plain": text }, { raw: true });
}

function tableOf(table: FrameLike | readonly object[], limit: number): Table {
  if (Array.isArray(table)) {
    const head = table.slice(0, limit);
    const names = [...new Set(head.flatMap((row) => Object.keys(row)))];
    const columns = names.map((name) => {
      const values = head.map((row) => row[name]);
      return columnOf(name, typeOf(values), values);
    });
    return { columns, height: table.length, shown: head.length };
  }
  const frame = table as FrameLike;
  const head = frame.head(limit);
  const columns = frame.columns.map((name, i) => {
    return columnOf(name, frame.dtypes[i].variant, head.getColumn(name).toArray());
  });
  return { columns, height: frame.height, shown: head.height };
}

function columnOf(name: string, type: string, values: unknown[]): Table["columns"][number] {
  const present = values.filter((value) => value !== null && value !== undefined);
  const numeric = present.length > 0 &&
    present.every((value) => typeof value === "number" || typeof value === "bigint");
  return { name, type, numeric, cells: values.map(cellOf) };
}

function typeOf(values: unknown[]): string {
  const types = new Set(values.filter((value) => value !== null && value !== undefined).map((value) => typeof value));
  return types.size === 0 ? "empty" : types.size === 1 ? [...types][0] : "mixed";
}

function cellOf(value: unknown): string {
  const text = wholeText(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

function wholeText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") {
    return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(6)));
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (typeof value === "object") {
    try {
      return JSON.stringify(value, (_, part) => typeof part === "bigint" ? String(part) : part);
    } catch {
      return String(value);
    }
  }
  return String(value);
}

function shapeOf({ columns, height, shown }: Table): string {
  const shape = `${height} ${height === 1 ? "row" : "rows"} × ${columns.length} ${
    columns.length === 1 ? "column" : "columns"
  }`;
  return shown < height ? `${shape}, the first ${shown} shown` : shape;
}

function htmlOf(table: Table): string {
  const align = (numeric: boolean) => `style="text-align: ${numeric ? "right" : "left"}"`;
  const muted = `style="font-weight: normal; opacity: 0.65"`;
  const head = table.columns.map(({ name, type, numeric }) =>
    `<th ${align(numeric)}>${escapeHtml(name)}<br><span ${muted}>${escapeHtml(type)}</span></th>`
  ).join("");
  const body = Array.from({ length: table.shown }, (_, i) => {
    const cells = table.columns.map(({ cells, numeric }) => `<td ${align(numeric)}>${escapeHtml(cells[i])}</td>`);
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>` +
    `<p ${muted}>${shapeOf(table)}</p>`;
}

function textOf(table: Table): string {
  const columns = table.columns.map(({ name, type, numeric, cells }) => {
    const lines = [name, type, ...cells].map((cell) => cell.replaceAll("\n", "⏎"));
    const width = Math.max(...lines.map((line) => line.length));
    return lines.map((line) => numeric ? line.padStart(width) : line.padEnd(width));
  });
  const lines = Array.from(
    { length: table.shown + 2 },
    (_, i) => columns.map((column) => column[i]).join("  ").trimEnd(),
  );
  return [...lines, shapeOf(table)].join("\n");
}
