import { SaxesParser } from "saxes";
import { InputError } from "../schema/input_error.ts";
import { isTransaction, JmeterThreads, transactionNote } from "./jmeter_sample.ts";
import { readBytes, type SourceFile, type Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";

/** An element that is open: a sample that counts, a transaction, whose samples count instead, or anything else. */
type Open = "sample" | "transaction" | "other";

/**
 * Reads a JTL file of JMeter that is XML. Samples within a sample (redirects, embedded resources) are parts of it. A file without its
 * end, as a test that was killed leaves it, is read as far as it goes. Entities of its own, and what they would open, are refused.
 */
export async function* readJmeterXml(file: SourceFile, tap: Tap): AsyncGenerator<ToolEvent> {
  const threads = new JmeterThreads();
  const parser = new SaxesParser();
  const open: Open[] = [];
  let events: ToolEvent[] = [];
  let [transactions, finished] = [0, false];
  const wrong = (why: string) =>
    new InputError("FILE", file.path, `a JTL file of JMeter (line ${parser.line}: ${why})`);
  parser.on("error", ({ message }) => {
    if (!finished) throw wrong(message.replace(/^\d+:\d+: /, ""));
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (open.length === 0 && name !== "testResults") throw wrong(`<${name}> instead of <testResults>`);
    const { ts, t, lb, rc, rm, s, tn, by, sby, na } = attributes as Record<string, string>;
    const isSample = (name === "httpSample" || name === "sample") && !open.includes("sample");
    if (isSample && isTransaction(rm)) {
      transactions++;
      open.push("transaction");
      return;
    }
    open.push(isSample ? "sample" : "other");
    if (!isSample) return;
    const found = threads.events({
      ...{ started: ts ?? "", elapsed: t ?? "", label: lb, code: rc, success: s },
      ...{ thread: tn, bytes: by, sent: sby, threads: na },
    });
    if (!found) throw wrong(`ts ${JSON.stringify(ts ?? "")} and t ${JSON.stringify(t ?? "")} must be ms`);
    events.push(...found);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  const decoder = new TextDecoder();
  for await (const chunk of readBytes(file, tap)) {
    parser.write(decoder.decode(chunk, { stream: true }));
    yield* events;
    events = [];
  }
  const whole = open.length === 0;
  finished = true;
  parser.close();
  yield* events;
  if (transactions > 0) yield { kind: "note", text: transactionNote(file.name, transactions) };
  if (!whole) yield { kind: "note", text: `${file.name} is cut off: what there is was read` };
}
