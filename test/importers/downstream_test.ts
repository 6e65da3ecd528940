import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.ts";
import { exportEndSchema, fitReportSchema, importEndSchema, reportSchema, sizingSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const FILES = fileURLToPath(new URL("files/", import.meta.url));

/** What a command prints. */
async function printed(...args: string[]): Promise<string> {
  const { log, error } = console;
  const lines: string[] = [];
  console.log = console.error = (text: string) => lines.push(text);
  try {
    assert.equal(await main(args), 0, lines.join("\n"));
    return lines.join("\n");
  } finally {
    Object.assign(console, { log, error });
  }
}

/** A JTL file of five levels, whose samples are named so. */
function jtl(labels: readonly string[]): string {
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = ["timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes,sentBytes,allThreads"];
  let at_ms = Date.UTC(2026, 0, 1);
  for (const threads of [1, 2, 4, 8, 16]) {
    for (let k = 0; k < 9 * threads; k++) {
      const label = cell(labels[k % labels.length]);
      const started_ms = at_ms + Math.floor(1000 * k / threads);
      lines.push([started_ms, 20 + threads, label, 200, "OK", `t ${k % threads}`, true, 1000, 100, threads].join(","));
    }
    at_ms += 10_000;
  }
  return lines.join("\n") + "\n";
}

Deno.test("fit, size, report, export and list work on an imported run, and say what is not known", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "shop.jtl");
  await Deno.writeTextFile(file, jtl(["login", "buy"]));
  const inputs = { raw: file, sums: join(FILES, "locust/viewers_stats_history.csv") };
  for (const [name, input] of Object.entries(inputs)) {
    const run = join(folder.path, "runs", name);
    const end = importEndSchema.parse(JSON.parse(await printed("import", input, "--out", run, "--json")));
    assert.deepEqual([...new Set(end.replicates.map(({ level }) => level))].toSorted((a, b) => a - b), [
      1,
      2,
      4,
      8,
      16,
    ]);
    const fit = fitReportSchema.parse(JSON.parse(await printed("fit", run, "--json")));
    assert.equal(fit.metrics.throughput.verdict.kind, "linear");
    const sizing = sizingSchema.parse(JSON.parse(await printed("size", run, "--json")));
    assert.deepEqual(sizing.rows, []);
    const spoken = await printed("size", run, "--target", "10");
    assert.match(spoken, /^Nothing can be sized: .*\nMind: Imported from (JMeter|Locust): nothing watched how/);
    assert.match(spoken, /Mind: These files say nothing of what the target used: cores and memory cannot be sized\./);
    assert(!/RAM includes/.test(spoken), spoken);
    await printed("report", run);
    const report = reportSchema.parse(JSON.parse(await Deno.readTextFile(join(run, "report/report.json"))));
    const [{ sha256 }] = report.provenance.imported!.files;
    const markdown = await Deno.readTextFile(join(run, "report/report.md"));
    for (const words of [sha256, "a machine that is not known", "cores and memory cannot be sized"]) {
      assert(markdown.includes(words), words);
    }
    const exported = exportEndSchema.parse(JSON.parse(await printed("export", run, "--format", "csv", "--json")));
    assert.equal(exported.files.length, name === "raw" ? 4 : 2, exported.files.join());
  }
  const listed = JSON.parse(await printed("list", join(folder.path, "runs"), "--json"));
  assert.deepEqual(
    listed.runs.map((one: Record<string, unknown>) => [one.mode, one.attempts, one.state]),
    [["command", 5, "complete"], ["command", 6, "complete"]],
  );
});

Deno.test("plimsoll schema has what import and export print, and the rows of aggregates", async () => {
  for (const [name, field] of [["import", "replicates"], ["export", "files"], ["aggregate", "metric"]]) {
    assert(field in JSON.parse(await printed("schema", name)).properties, name);
  }
});

Deno.test("levels that were exported are a table that can be imported, and are sized the same", async () => {
  await using folder = await tempFolder();
  const sample = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));
  await printed("export", sample, "--format", "csv", "--out", join(folder.path, "csv"));
  const run = join(folder.path, "run");
  await printed("import", join(folder.path, "csv/levels.csv"), "--out", run);
  const fitted = async (one: string) => {
    const { metrics } = fitReportSchema.parse(JSON.parse(await printed("fit", one, "--json")));
    return metrics.network_bytes_per_s.models[0].parameters;
  };
  const before = await fitted(sample);
  assert.deepEqual(await fitted(run), before);
});

Deno.test("text of a file is text everywhere: formulas, markup, NUL and escape sequences do nothing", async () => {
  await using folder = await tempFolder();
  const labels = [
    "=cmd|' /C calc'!A0",
    "</script><script>alert(1)</script>",
    "a\u0000b",
    "\u001b[2J\u001b]0;x\u0007",
    "| x |\n# y",
  ];
  const file = join(folder.path, "=1+1\u001b[31m<b>.jtl");
  await Deno.writeTextFile(file, jtl(labels));
  const run = join(folder.path, "run");
  const texts = [
    await printed("import", file, "--out", run),
    await printed("fit", run),
    await printed("size", run),
    await printed("report", run),
    await printed("export", run, "--format", "csv"),
    ...["report.html", "report.md", "report.json"].map((name) => Deno.readTextFileSync(join(run, "report", name))),
    ...["requests", "cleaned_requests"].map((name) => Deno.readTextFileSync(join(run, "derived", `${name}.csv`))),
    Deno.readTextFileSync(join(run, "derived/datapackage.json")),
  ];
  for (const text of texts) {
    // deno-lint-ignore no-control-regex -- control characters are the point
    const found = /.{0,40}[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f].{0,40}/.exec(text);
    assert.equal(found, null, JSON.stringify(found?.[0]));
  }
  const [html, markdown] = texts.slice(5);
  assert(!html.includes("<script>alert") && !html.includes("<b>.jtl"));
  assert(!markdown.includes("<script>") && !markdown.includes("<b>"));
  const csv = texts[8];
  assert(csv.includes("'=cmd|") && !/(^|,)"?=cmd/m.test(csv));
});
