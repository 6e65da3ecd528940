import type { ImportFormat } from "../schema/imported.ts";
import { artillery } from "./artillery.ts";
import { jmeter } from "./jmeter.ts";
import { k6Csv } from "./k6_csv.ts";
import { k6Json } from "./k6_json.ts";
import { levelCsv } from "./level_csv.ts";
import { locust } from "./locust.ts";
import type { ToolReader } from "./tool_reader.ts";

/** By the format that they read. */
export const READERS: Readonly<Record<ImportFormat, ToolReader>> = {
  "k6-json": k6Json,
  "k6-csv": k6Csv,
  locust,
  jmeter,
  artillery,
  csv: levelCsv,
};
