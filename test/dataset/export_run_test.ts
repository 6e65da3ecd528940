import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { parse } from "csv-parse/sync";
import pl from "nodejs-polars";
import type { DataPackage, PackageField } from "../../src/dataset/data_package.ts";
import { type DataFrame, type Dataset, type ExportFormat, exportRun, load, summarise } from "../../src/dataset/mod.ts";
import { importRun } from "../../src/importers/mod.ts";
import { FLAGS } from "../../src/schema/levels.ts";
import { tempFolder } from "../temp_folder.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SAMPLES = ["streamer_http", "streamer_browser"].map((name) => path(`../../data/sample/${name}`));
const PROFILE = JSON.parse(readFileSync(path("../certified/frictionless/tabular-data-package.json"), "utf8"));
const FORMATS: ExportFormat[] = ["csv", "parquet", "ndjson"];
const HOSTILE = [
  ...[
    "=1+1",
    "'=1+1",
    "''=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "＝1",
    "'",
    "'plain",
    "plain",
    'a,"b"\nc',
  ],
  ...[" =1", " ", "</script><script>alert(1)</script>"],
];

type Cell = string | number | boolean | null;

/** An exported package, read by its own description, and by nothing of ours. */
function readBack(
  files: string[],
  format: ExportFormat,
): { descriptor: DataPackage; frames: Record<string, Record<string, Cell>[]> } {
  const folder = join(files.at(-1)!, "..");
  const descriptor: DataPackage = JSON.parse(readFileSync(files.at(-1)!, "utf8"));
  const frames = Object.fromEntries(descriptor.resources.map(({ name, path, schema: { fields } }) => {
    const file = join(folder, path);
    if (format === "parquet") return [name, recordsOf(pl.readParquet(file))];
    const text = readFileSync(file, "utf8");
    if (format === "ndjson") return [name, text.split("\n").filter(Boolean).map((line) => JSON.parse(line))];
    const rows: string[][] = parse(text, { relax_column_count: false });
    assert.deepEqual(rows[0], fields.map((field) => field.name));
    // An empty cell in quotes is a text.
    const quoted: boolean[][] = [];
    parse(text, {
      cast: (value, { quoting, index }) => {
        if (index === 0) quoted.push([]);
        quoted.at(-1)!.push(quoting);
        return value;
      },
    });
    return [
      name,
      rows.slice(1).map((row, line) =>
        Object.fromEntries(fields.map((field, index) => [
          field.name,
          row[index] === "" && !quoted[line + 1][index] ? null : cast(row[index], field),
        ]))
      ),
    ];
  }));
  return { descriptor, frames };
}

function cast(text: string, { type }: PackageField): Cell {
  if (type === "integer" || type === "number") return Number(text);
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : assert.fail(text);
  return text.replace(/^'('*[=+\-@\t\r\n＝＋－＠])/, "$1");
}

function recordsOf(frame: DataFrame): Record<string, Cell>[] {
  return frame.toRecords() as Record<string, Cell>[];
}

/** Every value is of its field's type, and keeps its constraints. */
function checkValues(rows: Record<string, Cell>[], fields: PackageField[]): void {
  for (const { name, type, constraints = {} } of fields) {
    for (const row of rows) {
      const value = row[name] ?? null;
      if (value === null) {
        assert(!constraints.required, `${name} is empty`);
        continue;
      }
      assert.equal(typeof value, type === "string" ? "string" : type === "boolean" ? "boolean" : "number", name);
      if (type === "integer") assert(Number.isInteger(value), name);
      if (constraints.minimum !== undefined) assert(Number(value) >= constraints.minimum, `${name} is ${value}`);
      if (constraints.maximum !== undefined) assert(Number(value) <= constraints.maximum, `${name} is ${value}`);
      if (constraints.enum) assert(constraints.enum.includes(value as string), `${name} is ${value}`);
    }
  }
}

const validate = (() => {
  const { $schema: _, ...profile } = PROFILE;
  return new Ajv({ strict: false, validateFormats: false }).compile(profile);
})();

Deno.test("exportRun() writes what can be read back as it was, by its own description, which is a valid Data Package", async () => {
  await using folder = await tempFolder();
  const table = join(folder.path, "levels.csv");
  await Deno.writeTextFile(table, "sessions,target_cores,target_memory_bytes\n1,0.1,1e8\n2,0.2,1.1e8\n4,0.4,1.3e8\n");
  const sums = await importRun([table], { out: join(folder.path, "sums") });
  for (const run of [...SAMPLES, sums.path]) {
    const dataset = await load(run);
    const summary = summarise(dataset);
    for (const format of FORMATS) {
      const files = await exportRun(dataset, {
        summary,
        directory: join(folder.path, `${format}-${run.split("/").at(-1)}`),
        format,
      });
      const { descriptor, frames } = readBack(files, format);
      const whole = run !== sums.path;
      assert.deepEqual(
        descriptor.resources.map(({ name }) => name),
        whole ? ["levels", "resources", "requests", "cleaned_resources", "cleaned_requests"] : ["levels"],
      );
      // The tabular profile is the stricter one; only CSV may call itself so.
      const tabular = {
        ...descriptor,
        profile: "tabular-data-package",
        resources: descriptor.resources.map((resource) => ({ ...resource, profile: "tabular-data-resource" })),
      };
      assert(validate(tabular), JSON.stringify(validate.errors));
      for (const { name, path, schema, bytes, hash } of descriptor.resources) {
        checkValues(frames[name], schema.fields);
        for (const field of schema.fields) assert(field.description.length > 3, field.name);
        const file = join(files[0], "..", path);
        assert.equal(statSync(file).mode & 0o777, 0o600);
        if (format === "parquet") continue;
        assert.equal(bytes, statSync(file).size);
        assert.equal(hash, `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`);
      }
      if (whole) {
        assert.deepEqual(frames.requests, recordsOf(dataset.requests));
        assert.deepEqual(frames.resources, recordsOf(dataset.resources));
      }
      assert.equal(frames.levels.length, summary.levels.length);
      frames.levels.forEach((row, index) => {
        for (const [metric, value] of Object.entries(summary.levels[index].metrics)) assert.equal(row[metric], value);
        for (const flag of Object.keys(FLAGS)) {
          assert.equal(row[`flag_${flag}`], summary.levels[index].flags.some(({ name }) => name === flag));
        }
      });
    }
  }
});

Deno.test("exportRun() cleans: rows of the steady windows, without the run that is thrown away, with the flags of their replicate", async () => {
  await using folder = await tempFolder();
  for (const run of SAMPLES) {
    const dataset = await load(run);
    const summary = summarise(dataset);
    const { frames } = readBack(
      await exportRun(dataset, { summary, directory: folder.path, format: "ndjson" }),
      "ndjson",
    );
    const counted = dataset.attempts.filter(({ discarded }) => !discarded);
    const inside = counted.flatMap(({ requests, seal: { window } }) =>
      requests.filter((row) => {
        const ended_ms = row.started_ms + row.duration_ms;
        return ended_ms >= window.from_ms && ended_ms <= window.to_ms;
      })
    );
    assert(inside.length > 0 && inside.length < frames.requests.length);
    assert.deepEqual(frames.cleaned_requests.map(({ seq }) => seq), inside.map(({ seq }) => seq));
    assert.equal(frames.cleaned_requests.length, summary.levels.reduce((sum, { requests }) => sum + requests, 0));
    for (const row of [...frames.cleaned_requests, ...frames.cleaned_resources]) {
      const level = summary.levels.find((one) => one.level === row.level && one.replicate === row.replicate)!;
      assert.equal(row.excluded_from_demand, level.flags.some(({ excluded_from }) => excluded_from.includes("demand")));
    }
  }
});

Deno.test("exportRun() writes text that no spreadsheet runs, and that can be had back", async () => {
  await using folder = await tempFolder();
  const dataset = await load(SAMPLES[0]);
  const summary = summarise(dataset);
  const requests = dataset.requests.head(HOSTILE.length).withColumn(pl.Series("step", HOSTILE, pl.Utf8));
  const hostile: Dataset = { ...dataset, requests };
  for (const format of FORMATS) {
    const files = await exportRun(hostile, { summary, directory: join(folder.path, format), format });
    assert.deepEqual(readBack(files, format).frames.requests.map(({ step }) => step), HOSTILE, format);
  }
  const text = readFileSync(join(folder.path, "csv", "requests.csv"), "utf8");
  const cells = (parse(text, { columns: true }) as { step: string }[]).map(({ step }) => step);
  assert.equal(cells.length, HOSTILE.length);
  for (const cell of cells) assert(!/^[=+\-@\t\r\n＝＋－＠]/.test(cell), JSON.stringify(cell));
});

Deno.test("exportRun() of CSV replaces what a terminal would obey", async () => {
  await using folder = await tempFolder();
  const dataset = await load(SAMPLES[0]);
  const steps = ["\u001b[2J", "a\u0000b", "\u009b31m", "x\u202ey"];
  const requests = dataset.requests.head(steps.length).withColumn(pl.Series("step", steps, pl.Utf8));
  const options = { summary: summarise(dataset), directory: folder.path, format: "csv" } as const;
  const files = await exportRun({ ...dataset, requests }, options);
  assert.deepEqual(readBack(files, "csv").frames.requests.map(({ step }) => step), ["�[2J", "a�b", "�31m", "x�y"]);
});
