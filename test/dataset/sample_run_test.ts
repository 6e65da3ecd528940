import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pl from "nodejs-polars";
import { exportRun, levelFrame, load, summarise, timeline } from "../../src/dataset/mod.ts";
import { fitDemand } from "../../src/model/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const SAMPLE = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));
const BROWSER = fileURLToPath(new URL("../../data/sample/streamer_browser", import.meta.url));

Deno.test("load() reads every row that the seals of a run count", async () => {
  const { attempts, idle, requests, resources, warnings } = await load(SAMPLE);
  assert.deepEqual(warnings, []);
  assert.equal(attempts.length, 13);
  assert.equal(attempts.filter(({ discarded }) => discarded).length, 1);
  assert.equal(idle.length, 2);
  const sealed = (name: string) => attempts.reduce((sum, { seal }) => sum + seal.files[name].rows, 0);
  assert.equal(requests.height, sealed("requests.jsonl"));
  assert.equal(resources.height, sealed("resources.jsonl"));
  for (const name of ["level", "replicate", "discarded", "latency_ms", "steady", "outcome", "bytes_in"]) {
    assert(requests.columns.includes(name), name);
  }
});

Deno.test("load() leaves out what is torn, and says so", async () => {
  await using folder = await tempFolder();
  cpSync(SAMPLE, folder.path, { recursive: true });
  const whole = await load(SAMPLE);
  const rows = join(folder.path, "levels", "4", "r1", "a1", "requests.jsonl");
  await Deno.writeTextFile(rows, '{"seq":9999,"session":1,"iter', { append: true });
  const resources = join(folder.path, "levels", "8", "r2", "a1", "resources.jsonl");
  await Deno.writeTextFile(resources, "\0\0\0\0\0\0\n", { append: true });
  await Deno.remove(join(folder.path, "levels", "2", "r1", "a1", "COMPLETE.json"));
  const torn = await load(folder.path);
  assert.equal(torn.attempts.length, whole.attempts.length - 1);
  for (
    const what of [
      /levels\/4\/r1\/a1\/requests\.jsonl/,
      /levels\/8\/r2\/a1\/resources\.jsonl/,
      /levels\/2\/r1\/a1 did not complete/,
    ]
  ) {
    assert(torn.warnings.some((text) => what.test(text)), `${what} in ${torn.warnings.join("; ")}`);
  }
  const level = (levels: ReturnType<typeof summarise>["levels"]) =>
    levels.find((one) => one.level === 4 && one.replicate === 1);
  assert.deepEqual(level(summarise(torn).levels), level(summarise(whole).levels));
});

Deno.test("a run of the Streamer shows its quadratic network and its linear CPU", async () => {
  const { levels, baseline, capacity } = summarise(await load(SAMPLE));
  assert.equal(levels.length, 12);
  assert.equal(capacity.cores, 2);
  assert(baseline.os_memory_bytes > 50e6, `${baseline.os_memory_bytes} bytes at rest`);
  assert.equal(fitDemand(levels, "network_bytes_per_s").verdict.kind, "superlinear");
  const cores = fitDemand(levels, "serving_cores");
  assert.equal(cores.verdict.kind, "linear");
  // Three requests a second and session, of which each burns 3 ms.
  const { slope } = cores.models.find(({ name }) => name === "linear")!.parameters;
  assert(slope.value > 0.009 && slope.value < 0.0125, `${slope.value} cores a session`);
});

Deno.test("a browser run charges memory as PSS, and disk by its screenshots", async () => {
  const { levels, warnings } = summarise(await load(BROWSER));
  assert.deepEqual(warnings, []);
  for (const { metrics } of levels) {
    assert(metrics.serving_cores >= metrics.browser_cores);
    assert(metrics.artifact_bytes_per_hour > 0 && metrics.bytes_per_snapshot > 0);
  }
});

Deno.test("timeline() is in order, and free of the spikes that a sample at the very end would make", async () => {
  const points = timeline(await load(SAMPLE));
  const target = points.filter(({ group }) => group === "target");
  assert(target.length > 150);
  for (const [index, point] of target.entries()) {
    assert(point.cores >= 0 && point.cores <= 2, `${point.cores} cores`);
    if (index > 0) assert(point.t_s > target[index - 1].t_s);
  }
  const few = timeline(await load(SAMPLE), 200);
  assert(few.length < 400 && few.length > 50, `${few.length} points`);
});

Deno.test("exportRun() writes frames that can be read again, and text that no spreadsheet runs", async () => {
  await using folder = await tempFolder();
  const dataset = await load(SAMPLE);
  const summary = summarise(dataset);
  const hostile = { ...dataset, requests: dataset.requests.head(3).withColumn(pl.lit("=1+1").alias("step")) };
  for (const format of ["csv", "parquet"] as const) {
    const paths = await exportRun(dataset, { summary, directory: join(folder.path, format), format });
    assert.deepEqual(
      paths.map((path) => path.split("/").at(-1)),
      [
        ...["levels", "resources", "requests", "cleaned_resources", "cleaned_requests"].map((name) =>
          `${name}.${format}`
        ),
        "datapackage.json",
      ],
    );
    const read = (path: string) =>
      format === "csv" ? pl.readCSV(path, { inferSchemaLength: 10_000 }) : pl.readParquet(path);
    for (
      const [path, frame] of [[paths[0], levelFrame(summary.levels)], [paths[1], dataset.resources], [
        paths[2],
        dataset.requests,
      ]] as const
    ) {
      const back = read(path);
      assert.deepEqual([back.height, back.columns.slice(0, frame.width)], [frame.height, frame.columns], path);
    }
    const back = read(paths[2]);
    const total = (frame: pl.DataFrame) => frame.getColumn("latency_ms").sum();
    assert(Math.abs(total(back) - total(dataset.requests)) < 1e-3);
  }
  const [, , csv] = await exportRun(hostile, { summary, directory: join(folder.path, "hostile"), format: "csv" });
  const text = await Deno.readTextFile(csv);
  assert(text.includes("'=1+1") && !/(^|,)=1\+1/m.test(text), text);
});
