import { type CsvError, parse } from "csv-parse/sync";

/** A fault of a CSV file, told without quoting what is in it: it may hold passwords. */
export class UsersError extends Error {
  override name = "UsersError";
}

/**
 * Reads the users of a plan: CSV as RFC 4180 has it, UTF-8, names of columns in the first line.
 *
 * @param bytes the file.
 * @returns one object a user, by column; `lines` are where each row ends in the file, from 1.
 * @throws {UsersError} If it is not that; the message names the line.
 *
 * @example
 * ```ts
 * import { readUsers } from "./read_users.ts";
 * import assert from "node:assert/strict";
 *
 * const { users } = readUsers(new TextEncoder().encode("name,password\nada,\"a,b\"\n"));
 * assert.deepEqual(users, [{ name: "ada", password: "a,b" }]);
 * ```
 */
export function readUsers(bytes: Uint8Array): { users: Record<string, string>[]; lines: number[] } {
  let rows: { record: string[]; info: { lines: number } }[];
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    rows = parse(text, { bom: true, skip_empty_lines: true, info: true }) as unknown as typeof rows;
  } catch (error) {
    throw new UsersError(faultOf(error as Error));
  }
  const [header, ...rest] = rows;
  if (!header) throw new UsersError("it is empty");
  const columns = header.record.map((column) => column.trim());
  for (const [index, column] of columns.entries()) {
    if (!/^[^{}]+$/.test(column)) throw new UsersError(`column ${index + 1} has no name, or one with braces`);
    if (columns.indexOf(column) < index) throw new UsersError(`two columns are named ${column}`);
  }
  if (rest.length === 0) throw new UsersError("there is no row after the header");
  return {
    users: rest.map(({ record }) => Object.fromEntries(columns.map((column, index) => [column, record[index]]))),
    lines: rest.map(({ info }) => info.lines),
  };
}

function faultOf(error: Error): string {
  if (error instanceof TypeError) return "it is not UTF-8";
  const { code, lines, record } = error as CsvError & Record<string, unknown>;
  if (code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
    const found = (record as string[]).length;
    return `line ${lines} has ${found} ${found === 1 ? "value" : "values"}, the header another number`;
  }
  if (code === "CSV_QUOTE_NOT_CLOSED") return `the quote that opens in line ${lines} is never closed`;
  return `line ${lines} has a quote inside a value: put the value in quotes, and write the quote twice`;
}
