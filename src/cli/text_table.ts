/**
 * Sets rows as a plain-text table: the first column to the left, `right` columns to the right.
 *
 * @param header column names.
 * @param rows cells, as many as there are columns.
 * @param right indexes of columns that hold numbers.
 * @returns lines, without a newline at the end.
 *
 * @example A metric and its value
 * ```ts
 * import { textTable } from "./text_table.ts";
 * import assert from "node:assert/strict";
 *
 * const lines = textTable(["metric", "value"], [["cores", "4"]], [1]).split("\n");
 * assert.deepEqual(lines, ["metric  value", "──────  ─────", "cores       4"]);
 * ```
 */
export function textTable(header: string[], rows: string[][], right: number[] = []): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const line = (cells: string[]) =>
    cells.map((cell, column) => right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))
      .join("  ").trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
