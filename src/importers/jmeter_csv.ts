import { InputError } from "../schema/input_error.ts";
import { isTransaction, JmeterThreads, transactionNote } from "./jmeter_sample.ts";
import { readRecords } from "./read_records.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";

/** Reads a JTL file of JMeter that is CSV. */
export async function* readJmeterCsv(file: SourceFile, tap: Tap): AsyncGenerator<ToolEvent> {
  const { columns, rows, torn } = await readRecords(file, tap);
  const missing = ["timeStamp", "elapsed"].find((name) => !columns.includes(name));
  if (missing) {
    throw wrong(file, 1, `no column ${missing}: run JMeter with -Jjmeter.save.saveservice.print_field_names=true`);
  }
  const threads = new JmeterThreads();
  let transactions = 0;
  let url: string | undefined;
  for await (const { cells, line } of rows) {
    if (isTransaction(cells.responseMessage)) {
      transactions++;
      continue;
    }
    const events = threads.events({
      started: cells.timeStamp,
      elapsed: cells.elapsed,
      label: cells.label,
      code: cells.responseCode,
      success: cells.success,
      thread: cells.threadName,
      bytes: cells.bytes,
      sent: cells.sentBytes,
      threads: cells.allThreads,
    });
    if (events === undefined) {
      const { timeStamp, elapsed } = cells;
      throw wrong(
        file,
        line,
        `timeStamp ${JSON.stringify(timeStamp)} and elapsed ${JSON.stringify(elapsed)} must be ms`,
      );
    }
    if (url === undefined && /^https?:/.test(cells.URL ?? "")) yield { kind: "url", url: url = cells.URL };
    yield* events;
  }
  if (transactions > 0) yield { kind: "note", text: transactionNote(file.name, transactions) };
  if (torn()) yield { kind: "note", text: `The last row of ${file.name} is cut off, and was left out` };
}

function wrong(file: SourceFile, line: number, why: string): InputError {
  return new InputError("FILE", file.path, `a JTL file of JMeter (line ${line}: ${why})`);
}
