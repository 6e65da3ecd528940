import assert from "node:assert/strict";
import { compile } from "vega-lite";
import {
  type ChartSpec,
  compareDemands,
  demandCurve,
  latencyByLevel,
  resourcesOverTime,
  sizingBars,
  throughputCurve,
} from "../../src/plot/mod.ts";
import { evaluate } from "../../src/model/mod.ts";
import { simulatedDocument } from "../report/simulated_document.ts";

const run = simulatedDocument();
const { metrics } = run.fit;

type Row = Record<string, unknown>;
const rowsOf = (spec: ChartSpec, name: string) => (spec.datasets as Record<string, Row[]>)[name];

/** What Vega-Lite has to say against a specification. */
function complaints(spec: ChartSpec): string[] {
  const heard: string[] = [];
  const note = (...words: unknown[]) => (heard.push(words.join(" ")), logger);
  // deno-lint-ignore no-explicit-any -- vega-lite's logger is typed by a package that is not imported here
  const logger: any = { level: () => logger, warn: note, error: note, info: () => logger, debug: () => logger };
  // deno-lint-ignore no-explicit-any -- a specification is data to the charts, and a type to Vega-Lite
  compile(spec as any, { logger });
  return heard;
}

const charts: [name: string, spec: ChartSpec][] = [
  ["demand within the levels", demandCurve(metrics.serving_cores)],
  ["demand with targets", demandCurve(metrics.serving_cores, { targets: [10, 40, 1000] })],
  ["demand on a line", demandCurve(metrics.serving_memory_bytes, { targets: [10] })],
  ["demand with nothing fitted", demandCurve({ ...metrics.serving_cores, models: [], accepted: null })],
  [
    "two demands",
    compareDemands(["one", "other"].map((name) => ({ name, fit: metrics.serving_cores })), { title: "Two of them" }),
  ],
  ["throughput", throughputCurve(metrics.throughput)],
  ["latency", latencyByLevel(run.summary.levels)],
  ["resources", resourcesOverTime(run.timeline)],
  ["sizing", sizingBars(run.sizing)],
  ["sizing of one target", sizingBars({ rows: run.sizing.rows.filter((row) => row.target_sessions === 10) })],
];

for (const [name, spec] of charts) {
  Deno.test(`chart of ${name} compiles without a complaint`, () => {
    assert.deepEqual(complaints(spec), []);
  });

  Deno.test(`chart of ${name} is plain JSON, titled, and in version 6`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
    assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
    assert.ok((spec.title as { text: string }).text.length > 0);
  });
}

Deno.test("demandCurve() leaves its argument as it was", () => {
  const before = structuredClone(metrics.serving_cores);
  demandCurve(metrics.serving_cores, { targets: [10, 40] });
  assert.deepEqual(metrics.serving_cores, before);
});

Deno.test("demandCurve() draws every replicate, those left out with their reason", () => {
  const rows = rowsOf(demandCurve(metrics.serving_cores), "points");
  assert.equal(rows.length, run.summary.levels.length);
  const hollow = rows.filter((row) => row.kind === "left out: target saturated");
  assert.deepEqual(hollow.map((row) => row.level), [24, 24, 24]);
  for (const row of hollow) assert.match(String(row.reason), /7 % of the planned iterations late/);
});

Deno.test("demandCurve() draws the accepted curve and its bands as evaluate() reads them", () => {
  const fit = metrics.serving_memory_bytes;
  const GIB = 2 ** 30;
  const spec = demandCurve(fit, { targets: [40] });
  const end = rowsOf(spec, "curve").find((row) => row.sessions === 40)!;
  const at = evaluate(fit, 40);
  assert.equal(end.estimate, at.estimate / GIB);
  assert.deepEqual([end.prediction_lower, end.prediction_upper], at.prediction.map((edge) => edge / GIB));
  assert.deepEqual(rowsOf(spec, "marks").map((row) => row.value), [at.sizing_upper / GIB]);
});

Deno.test("demandCurve() parts the curve at the highest level that was used, without a gap", () => {
  const rows = rowsOf(demandCurve(metrics.serving_cores, { targets: [40] }), "curve");
  const top = metrics.serving_cores.range[1];
  const beyond = rows.filter((row) => row.curve === "beyond the measured levels").map((row) => Number(row.sessions));
  const within = rows.filter((row) => row.curve !== "beyond the measured levels").map((row) => Number(row.sessions));
  assert.equal(Math.min(...beyond), top);
  assert.equal(Math.max(...within), top);
});

const HIGHEST = Math.max(...metrics.serving_cores.points.map((point) => point.sessions));
const reaches: [sentence: string, targets: number[], upTo: number | undefined, last: number][] = [
  ["without targets the curve ends at the highest level run, used or left out", [], undefined, HIGHEST],
  ["a target within four times the levels extends it", [40], undefined, 40],
  ["a target beyond four times the levels does not", [1000], undefined, HIGHEST],
  ["upTo decides where it is given", [40], 20, 20],
];
for (const [sentence, targets, upTo, last] of reaches) {
  Deno.test(`demandCurve() reach: ${sentence}`, () => {
    const rows = rowsOf(
      demandCurve(metrics.serving_cores, { targets, ...(upTo === undefined ? {} : { upTo }) }),
      "curve",
    );
    assert.equal(rows.at(-1)!.sessions, last);
  });
}

Deno.test("demandCurve() compares with the straight line only where another curve was accepted", () => {
  assert.notEqual(metrics.serving_cores.accepted, "linear");
  assert.equal(metrics.serving_memory_bytes.accepted, "linear");
  assert.ok(rowsOf(demandCurve(metrics.serving_cores), "references").length > 0);
  assert.equal(rowsOf(demandCurve(metrics.serving_memory_bytes), "references").length, 0);
});

Deno.test("throughputCurve() draws the ideal line through the lowest level", () => {
  const first = metrics.throughput.points.filter((point) => point.level === 1);
  const slope = first.reduce((sum, point) => sum + point.value / point.sessions, 0) / first.length;
  const end = rowsOf(throughputCurve(metrics.throughput), "references").at(-1)!;
  assert.ok(Math.abs(Number(end.estimate) / Number(end.sessions) - slope) < 1e-9);
});

Deno.test("throughputCurve() marks the peak of a curve that falls after it, within a step of √((1 − σ)/κ)", () => {
  const levels = [1, 4, 8, 16, 32, 64];
  const steep = simulatedDocument({ levels, mode: "http" }).fit.metrics.throughput;
  assert.equal(steep.accepted, "usl");
  const { sigma, kappa } = steep.models.find((model) => model.name === "usl")!.parameters;
  const [mark] = rowsOf(throughputCurve(steep), "marks");
  const step = steep.range[1] * 1.25 / 72;
  assert.ok(Math.abs(Number(mark.sessions) - Math.sqrt((1 - sigma.value) / kappa.value)) <= step);
});

Deno.test("throughputCurve() marks no peak where the curve still rises", () => {
  assert.deepEqual(
    rowsOf(throughputCurve(simulatedDocument({ levels: [1, 2, 3, 4, 6] }).fit.metrics.throughput), "marks"),
    [],
  );
});

Deno.test("latencyByLevel() turns logarithmic where values span more than a factor of 20", () => {
  const scale = (spec: ChartSpec) => (spec.encoding as { y: { scale: Row } }).y.scale.type;
  const wide = run.summary.levels.map((level) => ({
    ...level,
    metrics: { ...level.metrics, latency_ms_p99: level.metrics.latency_ms_p99 * 10 },
  }));
  assert.equal(scale(latencyByLevel(run.summary.levels)), undefined);
  assert.equal(scale(latencyByLevel(wide)), "log");
});

Deno.test("resourcesOverTime() shades one steady window an attempt, labelled with its sessions", () => {
  const windows = rowsOf(resourcesOverTime(run.timeline), "windows");
  assert.equal(windows.length, run.summary.levels.length);
  assert.deepEqual(
    windows.map((row) => Number(row.sessions)).toSorted((a, b) => a - b),
    run.summary.levels.map((level) => level.level).toSorted((a, b) => a - b),
  );
});

Deno.test("resourcesOverTime() thins a long sweep and keeps the peak of memory", () => {
  const long = Array.from({ length: 20_000 }, (_, index) => ({
    t_s: index,
    group: "target",
    cores: 1,
    memory_bytes: index === 12_345 ? 3 * 2 ** 30 : 2 ** 30,
    level: 1,
    replicate: 1,
    steady: true,
  }));
  const rows = rowsOf(resourcesOverTime(long), "rows");
  assert.ok(rows.length <= 400, `${rows.length} rows`);
  assert.equal(Math.max(...rows.map((row) => Number(row.memory))), 3);
});

Deno.test("sizingBars() is logarithmic only where targets are far apart", () => {
  const titles = (spec: ChartSpec) => (spec.vconcat as { title: { text: string } }[]).map((panel) => panel.title.text);
  assert.match(titles(sizingBars(run.sizing))[0], /logarithmic/);
  const near = { rows: run.sizing.rows.filter((row) => row.target_sessions === 10) };
  assert.doesNotMatch(titles(sizingBars(near)).join(), /logarithmic/);
});

Deno.test("sizingBars() leaves out a resource of which nothing is needed", () => {
  const { sizing } = simulatedDocument({ mode: "http", levels: [1, 2, 4, 8, 16], targets: [10] });
  assert.equal(sizing.rows.find((row) => row.metric === "disk_bytes")!.recommended, 0);
  const titles = (sizingBars(sizing).vconcat as { title: { text: string } }[]).map((panel) => panel.title.text);
  assert.deepEqual(titles.map((title) => title.split(" ")[0]), ["CPU", "Memory", "Network"]);
});
