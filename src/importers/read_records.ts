import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { InputError } from "../schema/input_error.ts";
import { readBytes, type SourceFile, type Tap } from "./source_file.ts";

/** One row of a CSV file, by column. */
export interface CsvRecord {
  cells: Record<string, string>;
  /** Line that it ends on, from 1. */
  line: number;
}

/** What a CSV file holds. */
export interface CsvRecords {
  columns: string[];
  rows: AsyncGenerator<CsvRecord>;
  /** Whether its last row is cut off; known once the rows are read. */
  torn: () => boolean;
}

/** More than a row of any tool [bytes]. */
const LARGEST = 1_000_000;

/**
 * Reads a CSV file with a header row by row, however large it is. A last row that is cut off is left out.
 *
 * @param file Where it is.
 * @param tap Sees all bytes.
 * @throws {InputError} If it cannot be read, has no header, a column twice, or a row with more or fewer cells than columns.
 */
export async function readRecords(file: SourceFile, tap: Tap): Promise<CsvRecords> {
  let torn = false;
  const parser = Readable.from(readBytes(file, tap)).compose(parse({
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LARGEST,
  })) as AsyncIterable<{ record: string[]; info: { lines: number } }>;
  const records = parser[Symbol.asyncIterator]();
  const wrong = (why: string) => new InputError("FILE", file.path, `a CSV file with a header (${why})`);
  const next = async () => {
    try {
      const { value, done } = await records.next();
      return done ? undefined : value;
    } catch (error) {
      // A quote that the end of the file left open.
      if (error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED") {
        torn = true;
        return undefined;
      }
      if (error instanceof CsvError) throw wrong(error.message.split("\n")[0]);
      throw error;
    }
  };
  const header = await next();
  if (header === undefined) throw wrong("it has none");
  const columns = header.record.map((name) => name.trim());
  const twice = columns.find((name, index) => name !== "" && columns.indexOf(name) < index);
  if (twice !== undefined) throw wrong(`column ${JSON.stringify(twice)} stands twice`);
  async function* rows(): AsyncGenerator<CsvRecord> {
    try {
      let before = await next();
      while (before !== undefined) {
        const { record, info: { lines } } = before;
        const after = await next();
        if (record.length === columns.length) {
          yield { cells: Object.fromEntries(columns.map((name, index) => [name, record[index]])), line: lines };
        } else if (after === undefined && record.length < columns.length) torn = true;
        else throw wrong(`line ${lines} has ${record.length} cells, the header ${columns.length}`);
        before = after;
      }
    } finally {
      await records.return?.();
    }
  }
  return { columns, rows: rows(), torn: () => torn };
}
