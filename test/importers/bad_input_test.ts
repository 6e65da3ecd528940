import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { main } from "../../src/cli/main.ts";
import { tempFolder } from "../temp_folder.ts";
import { k6File } from "./k6_file.ts";

const JTL_HEADER = "timeStamp,elapsed,label,responseCode,success,threadName,allThreads";
const CSV_OK = "sessions,throughput\n1,10\n2,20\n4,40\n";
const LOCUST_HEADER = "Timestamp,User Count,Type,Name,50%,95%,99%,Total Request Count,Total Failure Count";
const ARTILLERY_OK = {
  counters: { "http.requests": 4 },
  summaries: {},
  firstCounterAt: 1e12,
  lastCounterAt: 1e12 + 5000,
};

/** Files, by name. */
const FILES: Record<string, string | Uint8Array> = {
  "ok.csv": CSV_OK,
  "ok.json": k6File([{ vus: 1, seconds: 8 }], { format: "json" }),
  "cut.json.gz": gzipSync(k6File([{ vus: 1, seconds: 8 }], { format: "json" })).subarray(0, -20),
  "empty.csv": "",
  "text.txt": "what is this\n",
  "random.bin": Uint8Array.from({ length: 5000 }, (_, index) => (index * index * 31 + 7) % 251),
  "nul.csv": "\0\0\0\0",
  "list.json": "[1, 2]",
  "ramp.json": k6File([1, 2, 3, 4].map((vus) => ({ vus, seconds: 3 })), { format: "json" }),
  "novus.json": k6File([{ vus: 1, seconds: 8 }], { format: "json" }).split("\n").filter((line) =>
    !line.includes('"vus"')
  ).join("\n"),
  "onlyvus.json": k6File([{ vus: 1, seconds: 8 }], { format: "json" }).split("\n").filter((line) =>
    line.includes('"vus"')
  ).join("\n"),
  "broken.json": '{"type":"Metric","data":{},"metric":"vus"}\n{broken\n{"type":"Metric","data":{},"metric":"vus"}\n',
  "shape.json":
    '{"type":"Metric","data":{},"metric":"vus"}\n{"type":"Point","metric":"vus","data":{"time":"yesterday","value":1}}\n\n',
  "negative.json": '{"type":"Point","metric":"vus","data":{"time":"2026-01-01T00:00:00Z","value":-1}}\n',
  "future.json": '{"type":"Point","metric":"vus","data":{"time":"+020000-01-01T00:00:00Z","value":1}}\n',
  "long.json": `{"type":"Point","metric":"vus","data":{"time":"${"x".repeat(1_100_000)}`,
  "time.csv": "metric_name,timestamp,metric_value\nvus,noon,1\n",
  "value.csv": "metric_name,timestamp,metric_value\nvus,1767225600,\n",
  "cells.csv": "metric_name,timestamp,metric_value\nvus,1767225600,1,2\nvus,1767225601,1\n",
  "twice.csv": "sessions,throughput,throughput\n1,2,3\n",
  "nometric.csv": "sessions,comment\n1,a\n",
  "nosessions.csv": "throughput,latency_ms_p95\n1,2\n",
  "cell.csv": "sessions,throughput\n1,10\n2,many\n",
  "minus.csv": "sessions,throughput\n1,-10\n",
  "ratio.csv": "sessions,error_ratio\n1,2\n",
  "zero.csv": "sessions,throughput\n0,1\n",
  "replicate.csv": "sessions,replicate,throughput\n1,0,1\n",
  "same.csv": "sessions,replicate,throughput\n1,1,1\n1,1,1\n",
  "machines.csv": "sessions,target_cores,machine_cores\n1,1,4\n2,2,8\n",
  "huge.csv": "sessions,throughput\n200000,1\n",
  "norows.csv": "sessions,throughput\n",
  "locust.csv": `${LOCUST_HEADER}\n${
    Array.from({ length: 9 }, (_, k) => `${1e9 + k},${k},,Aggregated,1,2,3,${k},0`).join("\n")
  }\n`,
  "locustless.csv": "Timestamp,User Count,Name\n1,2,Aggregated\n",
  "locustcell.csv": `${LOCUST_HEADER}\n1,2,,Aggregated,1,2,3,many,0\n1,2,,Aggregated,1,2,3,1,0\n`,
  "artillery.json": JSON.stringify({ aggregate: ARTILLERY_OK }),
  "artilleryless.json": '{"aggregate": {}}',
  "artillerycut.json": '{"aggregate": {"counters": {',
  "artillerycount.json": JSON.stringify({ aggregate: { ...ARTILLERY_OK, counters: { a: "b" } } }),
  "date.jtl": `${JTL_HEADER}\n2026/01/01 00:00:00,5,a,200,true,t 1-1,1\n2026/01/01 00:00:01,5,a,200,true,t 1-1,1\n`,
  "nothreads.jtl": "timeStamp,elapsed,label\n1767225600000,5,a\n1767225601000,5,a\n",
  "short.jtl": "timeStamp,elapsed,label\n1767225600000,5,a\n1767225600500,5,a\n",
  "entity.jtl":
    '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaa">]>\n<testResults><sample ts="1" t="1" lb="&a;"/></testResults>',
  "html.jtl": '<?xml version="1.0"?>\n<testResults><sample ts="1" t="soon"/></testResults>',
  "other.jtl": '<?xml version="1.0"?>\n<html/>',
};

const K6 = "what k6 run --out json=FILE writes";
const K6_CSV = "what k6 run --out csv=FILE writes";
const LOCUST = "what locust --csv writes as NAME_stats_history.csv";
const ARTILLERY = "what artillery run --output FILE.json writes, version 2 or later";
const ANY = "a file of one of k6-json, k6-csv, locust, jmeter, artillery, csv, or say which with --format";
const METRICS =
  "a table with a column of a metric, for example target_cores, target_memory_bytes, throughput, network_bytes_per_s, latency_ms_p95, error_ratio";

/** Arguments, and the field, the value and the remedy that the message names; `IN/` is the folder of the files. */
const IMPORT: [args: string[], field: string, value: string, remedy: string][] = [
  [[], "FILE", "nothing", "the files that a load tool wrote, for example results.jtl"],
  [["IN/cut.json.gz"], "FILE", "IN/cut.json.gz", "a file that can be read (Z_BUF_ERROR)"],
  [["IN/ok.csv", "--out", ""], "--out", "nothing", "the folder of the new run, for example data/runs/imported"],
  [["IN/ok.csv", "--out", "a,b"], "--out", "a,b", "a path without commas"],
  [["IN/ok.csv", "--out", "IN/ok.csv"], "--out", "IN/ok.csv", "a folder: this is a file"],
  [["IN/ok.csv", "--out", "IN"], "--out", "IN", "a new or empty folder: this one holds other files"],
  [
    ["IN/ok.csv", "--format", "gatling"],
    "--format",
    "gatling",
    "one of k6-json, k6-csv, locust, jmeter, artillery, csv, or leave it out",
  ],
  [["IN/none.csv"], "FILE", "IN/none.csv", "a file that can be read (ENOENT)"],
  [["IN/none.csv", "--format", "csv"], "FILE", "IN/none.csv", "a file that can be read (ENOENT)"],
  [["IN"], "FILE", "IN", "a file"],
  [["a\0b"], "FILE", "a\0b", "a path without NUL"],
  [["IN/empty.csv"], "FILE", "IN/empty.csv", "a file that is not empty"],
  [["IN/empty.csv", "--format", "csv"], "FILE", "IN/empty.csv", "a file that is not empty"],
  [["IN/text.txt"], "FILE", "IN/text.txt", ANY],
  [["IN/random.bin"], "FILE", "IN/random.bin", ANY],
  [["IN/nul.csv"], "FILE", "IN/nul.csv", ANY],
  [["IN/list.json"], "FILE", "IN/list.json", ANY],
  [["IN/ok.csv", "IN/ok.json"], "FILE", "IN/ok.json", "files of one format: this one is k6-json, IN/ok.csv csv"],
  [["IN/ok.csv@0"], "FILE@N", "IN/ok.csv@0", "a whole number of sessions from 1 to 100000 behind the @"],
  [["IN/ok.csv@many"], "FILE@N", "IN/ok.csv@many", "a whole number of sessions from 1 to 100000 behind the @"],
  [
    ["IN/ramp.json"],
    "FILE",
    "IN/ramp.json",
    "a file with a level that was held for 5 s: this one has 1 to 4 sessions, never as many for 5 s",
  ],
  [["IN/novus.json"], "FILE", "IN/novus.json", "one file a level, as FILE@N: it has no points of the metric vus"],
  [["IN/onlyvus.json"], "FILE", "IN/onlyvus.json", "a file with requests: this one has none"],
  [["IN/broken.json"], "FILE", "IN/broken.json", `${K6} (line 2: it is no JSON)`],
  [
    ["IN/shape.json"],
    "FILE",
    "IN/shape.json",
    `${K6} (line 2: it is neither a Metric nor a Point with time and value)`,
  ],
  [["IN/negative.json"], "FILE", "IN/negative.json", `${K6} (line 1: its value is -1)`],
  [
    ["IN/future.json"],
    "FILE",
    "IN/future.json",
    "a file whose times are between 1970 and 2100: one is 568971820800000 ms after 1970",
  ],
  [["IN/long.json"], "FILE", "IN/long.json", "a file of lines: line 1 is longer than 1000000 characters"],
  [["IN/time.csv"], "FILE", "IN/time.csv", `${K6_CSV} (line 2: its timestamp is "noon")`],
  [["IN/value.csv"], "FILE", "IN/value.csv", `${K6_CSV} (line 2: its metric_value is "")`],
  [["IN/cells.csv"], "FILE", "IN/cells.csv", "a CSV file with a header (line 2 has 4 cells, the header 3)"],
  [["IN/ok.csv", "--format", "k6-csv"], "FILE", "IN/ok.csv", `${K6_CSV} (line 1: no column metric_name)`],
  [["IN/twice.csv"], "FILE", "IN/twice.csv", 'a CSV file with a header (column "throughput" stands twice)'],
  [["IN/nometric.csv"], "FILE", "IN/nometric.csv", METRICS],
  [
    ["IN/nosessions.csv", "--format", "csv"],
    "FILE",
    "IN/nosessions.csv",
    "a table with a column sessions, or its sessions as FILE@N",
  ],
  [["IN/cell.csv"], "throughput, line 3 of IN/cell.csv", "many", "a number that is not negative"],
  [["IN/minus.csv"], "throughput, line 2 of IN/minus.csv", "-10", "a number that is not negative"],
  [["IN/ratio.csv"], "error_ratio, line 2 of IN/ratio.csv", "2", "a number from 0 to 1"],
  [["IN/zero.csv"], "sessions, line 2 of IN/zero.csv", "0", "a positive number"],
  [["IN/replicate.csv"], "replicate, line 2 of IN/replicate.csv", "0", "a whole number from 1"],
  [["IN/same.csv"], "replicate", "1", "each replicate of a level once: level 1 has it twice"],
  [["IN/machines.csv"], "machine_cores, line 3 of IN/machines.csv", "8", "the same positive number in every row"],
  [["IN/huge.csv"], "FILE", "200000", "files of sessions up to 100000"],
  [["IN/norows.csv"], "FILE", "IN/norows.csv", "a file with at least one level: this one has none"],
  [
    ["IN/locust.csv"],
    "FILE",
    "IN/locust.csv",
    "a file with a level that was held for 5 s: this one has 0 to 8 users, never as many for 5 s",
  ],
  [["IN/locustless.csv"], "FILE", "IN/locustless.csv", `${LOCUST} (line 1: no column Total Request Count)`],
  [["IN/locustcell.csv"], "FILE", "IN/locustcell.csv", `${LOCUST} (line 2: Total Request Count is "many")`],
  [
    ["IN/artillery.json"],
    "FILE",
    "IN/artillery.json",
    `${ARTILLERY} (no virtual user completed its scenario, so that nothing says how many there were: give FILE@N)`,
  ],
  [
    ["IN/artilleryless.json"],
    "FILE",
    "IN/artilleryless.json",
    `${ARTILLERY} (no aggregate with counters and summaries)`,
  ],
  [["IN/artillerycount.json"], "FILE", "IN/artillerycount.json", `${ARTILLERY} (counter "a" is "b")`],
  [
    ["IN/artillerycut.json"],
    "FILE",
    "IN/artillerycut.json",
    `${ARTILLERY} (Expected property name or '}' in JSON at position 28 (line 1 column 29))`,
  ],
  [
    ["IN/date.jtl"],
    "FILE",
    "IN/date.jtl",
    'a JTL file of JMeter (line 2: timeStamp "2026/01/01 00:00:00" and elapsed "5" must be ms)',
  ],
  [
    ["IN/nothreads.jtl"],
    "FILE",
    "IN/nothreads.jtl",
    "one file a level, as FILE@N: it does not say how many threads were alive: run JMeter with -Jjmeter.save.saveservice.thread_counts=true",
  ],
  [["IN/short.jtl@4"], "FILE", "IN/short.jtl", "a file of more than 2 s: this one has 0.5 s"],
  [
    ["IN/entity.jtl", "--format", "jmeter"],
    "FILE",
    "IN/entity.jtl",
    "a JTL file of JMeter (line 3: undefined entity.)",
  ],
  [
    ["IN/ok.csv", "--format", "jmeter"],
    "FILE",
    "IN/ok.csv",
    "a JTL file of JMeter (line 1: no column timeStamp: run JMeter with -Jjmeter.save.saveservice.print_field_names=true)",
  ],
  [["/dev/zero", "--format", "csv"], "FILE", "/dev/zero", "a file"],
  [["IN/html.jtl"], "FILE", "IN/html.jtl", 'a JTL file of JMeter (line 2: ts "1" and t "soon" must be ms)'],
  [
    ["IN/other.jtl", "--format", "jmeter"],
    "FILE",
    "IN/other.jtl",
    "a JTL file of JMeter (line 2: <html> instead of <testResults>)",
  ],
];

const EXPORT: typeof IMPORT = [
  [[], "RUN", "nothing", "the folder of a run, for example data/runs/first"],
  [["IN/run", "--format", "xlsx"], "--format", "xlsx", "parquet, csv or ndjson"],
  [["IN/run", "--out", "IN/ok.csv"], "--out", "IN/ok.csv", "a folder: this is a file"],
  [["IN/run", "--out", "IN/ok.csv/deep"], "--out", "IN/ok.csv/deep", "a folder: IN/ok.csv is a file"],
  [["IN/run", "--out", "a\0b"], "--out", "a\0b", "a path of a folder, without NUL"],
  [["IN/run", "--out", " "], "--out", " ", "a path of a folder, without NUL"],
  [["IN/run", "IN/run"], "argument", "IN/run", "at most 1: RUN"],
];

/** What a command says on standard error, and its exit code. */
async function failed(args: string[]): Promise<{ code: number; stderr: string; stdout: string }> {
  const [{ error, log }, lines, out] = [console, [] as string[], [] as string[]];
  console.error = (text: string) => lines.push(text);
  console.log = (text: string) => out.push(text);
  try {
    return { code: await main(args), stderr: lines.join("\n"), stdout: out.join("\n") };
  } finally {
    Object.assign(console, { error, log });
  }
}

function tree(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => [
    join(folder, name),
    ...(isDirectory ? tree(join(folder, name)) : []),
  ]).toSorted();
}

for (const [command, rows] of [["import", IMPORT], ["export", EXPORT]] as const) {
  Deno.test(`plimsoll ${command} ends with 2 on bad input, names field, value and remedy, and leaves nothing behind`, async () => {
    await using folder = await tempFolder();
    const here = (text: string) => text.replace(/^IN(?=\/|$)|(?<= )IN(?=\/)/g, folder.path);
    for (const [name, content] of Object.entries(FILES)) {
      const path = join(folder.path, name);
      await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    }
    const before = tree(folder.path);
    for (const [args, field, value, remedy] of rows) {
      const out = command === "export" || args.includes("--out") ? [] : ["--out", join(folder.path, "out")];
      const { code, stderr, stdout } = await failed([command, ...args.map(here), ...out]);
      const message = `Cannot use ${here(field)}: current value is ${JSON.stringify(here(value))}. Give ${
        here(remedy)
      }.`;
      assert.equal(stderr, `plimsoll ${command}: ${message}`);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.deepEqual(tree(folder.path), before, args.join(" "));
    }
  });
}
