import { firstBytes } from "./first_bytes.ts";
import { readJmeterCsv } from "./jmeter_csv.ts";
import { JMETER_NO_CONCURRENCY, JMETER_NOTES } from "./jmeter_sample.ts";
import { readJmeterXml } from "./jmeter_xml.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";
import type { ToolReader } from "./tool_reader.ts";

/** What JMeter's listeners write, `jmeter -n -t PLAN.jmx -l FILE.jtl`: CSV, or XML. */
export const jmeter: ToolReader = {
  kind: "raw",
  format: "jmeter",
  tool: "JMeter",
  notes: JMETER_NOTES,
  no_concurrency: JMETER_NO_CONCURRENCY,
  read,
};

async function* read(file: SourceFile, tap: Tap): AsyncGenerator<ToolEvent> {
  const isXml = (await firstBytes(file)).startsWith("<");
  yield* isXml ? readJmeterXml(file, tap) : readJmeterCsv(file, tap);
}
