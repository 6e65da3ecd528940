import assert from "node:assert/strict";
import { compile } from "vega-lite";
import {
  type ChartSpec,
  compareDemands,
  compareModels,
  demandCurve,
  diskByRetention,
  latencyByLevel,
  residuals,
  resourcesOverTime,
  sizingBars,
  throughputCurve,
  whatIf,
} from "../../src/plot/mod.ts";
import { curveByName, evaluate, fitPoints } from "../../src/model/mod.ts";
import { palette } from "../../src/plot/theme.ts";
import { compileChart } from "../../src/render/mod.ts";
import { formatQuantity, size } from "../../src/size/mod.ts";
import * as vega from "vega";
import { simulatedDocument } from "../report/simulated_document.ts";

const run = simulatedDocument();
const { metrics } = run.fit;
const RETENTIONS = [7, 30, 90];
const kept = RETENTIONS.map((retention_days) => size(run.summary, run.fit, { targets: [10, 40], retention_days }));
const SAFETIES = [1.1, 1.3, 1.5];
const UTILISATIONS = [0.5, 0.65, 0.9];
const cases = SAFETIES.flatMap((safety) =>
  UTILISATIONS.map((utilisation) => size(run.summary, run.fit, { targets: [10, 1000], safety, utilisation }))
);

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
  ["models of a demand", compareModels(metrics.serving_cores)],
  ["models of throughput", compareModels(metrics.throughput)],
  ["residuals", residuals(metrics.serving_cores)],
  ["residuals over few levels", residuals(simulatedDocument({ levels: [4, 5, 6, 7, 8] }).fit.metrics.serving_cores)],
  ["disk by retention", diskByRetention(kept)],
  ["sizings to choose from", whatIf(cases)],
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

Deno.test("demandCurve() puts a label above a mark that is near the lower axis, and keeps it off the axis' labels elsewhere", () => {
  const points = [1, 2, 4, 8, 16, 32].map((n) => ({ level: n, replicate: 1, sessions: n, value: 0.01 * n ** 2 }));
  const spec = demandCurve(fitPoints(points, { metric: "target_cores" }), { targets: [2, 10, 31] });
  assert.deepEqual(rowsOf(spec, "labels").map(({ sessions, side }) => [sessions, side]), [
    [2, "low"],
    [10, "right"],
    [31, "left"],
  ]);
});

Deno.test("demandCurve() has no legend for a curve beyond the levels that is not drawn", () => {
  const curves = (upTo?: number) =>
    new Set(rowsOf(demandCurve(metrics.serving_cores, { upTo }), "curve").map(({ curve }) => curve)).size;
  const [, top] = metrics.serving_cores.range;
  assert.deepEqual([curves(top * 1.001), curves(1.5 * top)], [1, 2]);
});

Deno.test("compareDemands() gives groups the colours that they have everywhere, and tells two of one group apart", () => {
  const fit = (metric: string) => ({ ...metrics.serving_cores, metric });
  const colours = (names: string[]) => {
    const spec = compareDemands(names.map((name) => ({ name, fit: fit(name) })), { title: "Compared" });
    return JSON.stringify(spec.layer).match(/"range":\[[^\]]*\]/)?.[0];
  };
  assert.equal(colours(["browser_cores", "generator_cores"]), `"range":["${palette.browser}","${palette.generator}"]`);
  assert.equal(colours(["browser_cores", "browser_cores "]), `"range":["${palette.target}","${palette.browser}"]`);
});

Deno.test("compareModels() draws the corner of a knee, which steps would cut off", () => {
  const points = [1, 2, 4, 8, 16, 32].map((n) => ({ level: n, replicate: 1, sessions: n, value: Math.min(n, 9.37) }));
  const fit = fitPoints(points, { metric: "throughput", kind: "throughput" });
  const rows = rowsOf(compareModels(fit), "curves").filter(({ name }) => `${name}`.startsWith("knee"));
  const corner = rows.find(({ sessions }) => Math.abs(Number(sessions) - 9.37) < 1e-6);
  assert(corner !== undefined && Math.abs(Number(corner.value) - 9.37) < 1e-6);
});

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
  const mark = rowsOf(throughputCurve(steep), "marks").find(({ kind }) => kind === "peak of the curve")!;
  const step = steep.range[1] * 1.25 / 72;
  assert.ok(Math.abs(Number(mark.sessions) - Math.sqrt((1 - sigma.value) / kappa.value)) <= step);
});

Deno.test("throughputCurve() marks the knee where the first sessions' line reaches the most that the curve gives", () => {
  const steep = simulatedDocument({ levels: [1, 4, 8, 16, 32, 64], mode: "http" }).fit.metrics.throughput;
  const { lambda, sigma, kappa } = steep.models.find((model) => model.name === "usl")!.parameters;
  const most = curveByName("usl").value(
    Math.sqrt((1 - sigma.value) / kappa.value),
    [lambda.value, sigma.value, kappa.value],
  );
  const mark = rowsOf(throughputCurve(steep), "marks").find(({ kind }) => kind === "knee of the curve")!;
  assert.ok(Math.abs(Number(mark.sessions) * lambda.value / most - 1) < 1e-9);
  assert.equal(mark.value, evaluate(steep, Number(mark.sessions)).estimate);
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

Deno.test("latencyByLevel() draws flagged replicates hollow, with their interval", () => {
  const points = rowsOf(latencyByLevel(run.summary.levels), "points");
  assert.deepEqual([...new Set(points.filter((row) => row.kind === "flagged").map((row) => row.level))], [24]);
  const [level] = run.summary.levels;
  const metrics = { ...level.metrics, latency_ms_p50_low: 17, latency_ms_p50_high: 20.5, latency_ms_p99_low: 31 };
  const intervals = rowsOf(latencyByLevel([{ ...level, metrics }]), "points").map((row) => row.interval);
  assert.deepEqual(intervals, ["at least 31", "unknown", "17 – 20.5"]);
});

Deno.test("resourcesOverTime() does not draw what comes after the steady window", () => {
  const points = [0, 1, 2, 3].map((t_s) => ({
    t_s,
    group: "generator",
    cores: t_s === 3 ? 60 : 0.5,
    memory_bytes: 2 ** 28,
    level: 4,
    replicate: 1,
    steady: t_s === 1 || t_s === 2,
  }));
  assert.deepEqual(rowsOf(resourcesOverTime(points), "rows").map((row) => row.cores), [0.5, 0.5, 0.5]);
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

Deno.test("compareModels() draws every curve of its own, and what each said of the level that it had not seen", () => {
  const fit = metrics.throughput;
  const spec = compareModels(fit);
  const curves = Map.groupBy(rowsOf(spec, "curves"), (row) => row.name);
  assert.equal(curves.size, fit.models.length);
  const usl = fit.models.find(({ name }) => name === "usl")!;
  const [name, rows] = [...curves].find(([name]) => String(name).startsWith("USL"))!;
  const values = curveByName("usl").parameters.map((parameter) => usl.parameters[parameter].value);
  for (const row of rows) assert.equal(row.value, curveByName("usl").value(Number(row.sessions), values));
  const cross = rowsOf(spec, "heldOut").find((row) => row.name === name)!;
  assert.equal(cross.value, usl.holdout!.predicted);
  assert.match(String(name), new RegExp(`${Math.abs(100 * usl.holdout!.relative_error).toFixed(1)} %`));
});

Deno.test("compareModels() and residuals() refuse a fit without a curve", () => {
  const nothing = { ...metrics.serving_cores, models: [], accepted: null };
  assert.throws(() => compareModels(nothing), RangeError);
  assert.throws(() => residuals(nothing), RangeError);
});

Deno.test("residuals() are shares of the curve, every replicate, and the title names the largest of those used", () => {
  const fit = metrics.serving_cores;
  const spec = residuals(fit);
  const rows = rowsOf(spec, "points");
  assert.equal(rows.length, fit.points.length);
  for (const [index, point] of fit.points.entries()) {
    const share = 100 * (point.value / evaluate(fit, point.sessions).estimate - 1);
    assert.ok(Math.abs(Number(rows[index].residual) - share) < 1e-9);
  }
  const used = rows.filter((row) => row.kind === "measured").map((row) => Math.abs(Number(row.residual)));
  const largest = Math.max(...used).toLocaleString("en-US", { maximumSignificantDigits: 3 });
  assert.ok((spec.title as { text: string }).text.includes(`at most ${largest} % off`));
});

Deno.test("residuals() of a curve that hits every point are not blown up", () => {
  const points = [1, 2, 4, 8, 16].map((n) => ({ sessions: n, value: 2 * n, level: n, replicate: 1 }));
  const spec = residuals(fitPoints(points, { metric: "target_cores" }));
  assert.match((spec.title as { text: string }).text, /less than 0\.01 % off/);
  const [low, high] = (spec.encoding as { y: { scale: { domain: number[] } } }).y.scale.domain;
  assert.ok(low <= -1 && high >= 1);
});

Deno.test("diskByRetention() draws what size() computed", () => {
  const rows = rowsOf(diskByRetention(kept.toReversed()), "rows");
  const wanted = kept.flatMap(({ rows }) => rows.filter((row) => row.metric === "disk_bytes"));
  assert.deepEqual(rows.map((row) => row.buy), wanted.map((row) => formatQuantity(row.recommended, "disk_bytes")));
  assert.deepEqual([...new Set(rows.map((row) => row.days))], RETENTIONS);
});

Deno.test("diskByRetention() refuses one retention, or no disk", () => {
  assert.throws(() => diskByRetention(kept.slice(0, 1)), RangeError);
  const { summary, fit } = simulatedDocument({ mode: "http" });
  assert.throws(
    () => diskByRetention(RETENTIONS.map((retention_days) => size(summary, fit, { retention_days }))),
    RangeError,
  );
});

for (const [safety, utilisation] of [[1.1, 0.5], [1.3, 0.9], [1.5, 0.65]]) {
  Deno.test(`whatIf() with its controls at ${safety} and ${utilisation} shows what size() computed for them, and no more`, async () => {
    const view = new vega.View(vega.parse(compileChart(whatIf(cases))), { renderer: "none" });
    await view.signal("if_safety", safety).signal("if_utilisation", utilisation).runAsync();
    const svg = await view.toSVG();
    view.finalize();
    const { rows } = cases.find(({ assumptions }) =>
      assumptions.safety === safety && assumptions.utilisation === utilisation
    )!;
    const bought = rows.filter((row) => row.recommended > 0).map((row) => formatQuantity(row.recommended, row.metric));
    const shown = [...svg.matchAll(/font-weight="bold"[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text)
      .filter((text) => text !== "What to buy, if");
    assert.deepEqual(shown.toSorted(), bought.toSorted());
  });
}

Deno.test("whatIf() gives even steps a slider, others a list, and begins with the first sizing", () => {
  const [safety, utilisation] = whatIf(cases.toReversed()).params as { value: number; bind: Row }[];
  assert.deepEqual([safety.value, utilisation.value], [1.5, 0.9]);
  assert.deepEqual([safety.bind.input, safety.bind.step], ["range", 0.2]);
  assert.deepEqual([utilisation.bind.input, utilisation.bind.options], ["select", UTILISATIONS]);
});

Deno.test("whatIf() takes what follows from another assumption for no choice of its own", () => {
  const hours = [4, 8, 12].map((session_hours_per_day) => size(run.summary, run.fit, { session_hours_per_day }));
  assert.notEqual(hours[0].assumptions.snapshots_per_session, hours[1].assumptions.snapshots_per_session);
  assert.deepEqual((whatIf(hours).params as { name: string }[]).map(({ name }) => name), ["if_session_hours_per_day"]);
});

Deno.test("whatIf() refuses a grid with a hole, and one without a choice", () => {
  assert.throws(() => whatIf(cases.slice(1)), RangeError);
  assert.throws(() => whatIf(cases.slice(0, 1)), RangeError);
});
