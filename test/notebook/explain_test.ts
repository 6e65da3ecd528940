import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { compareRuns, fitAll, load, makeReport, nextLevel, summarise } from "../../src/mod.ts";
import { explain } from "../../src/notebook/mod.ts";
import type { MetricFit, Sizing, Verdict } from "../../src/schema/mod.ts";

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const verdict: Verdict = { kind: "linear", effect_percent: 1.2, text: "Linear: within 1.2 % at 100 sessions." };
const parameter = (value: number, interval: [number, number] | null) => ({ value, standard_error: null, interval });
const fit: MetricFit = {
  metric: "target_cores",
  kind: "demand",
  level: 0.95,
  points: [1, 2, 4, 8, 16].map((sessions) => ({ sessions, value: 0.04 * sessions, replicate: 1, level: sessions }))
    .concat({ sessions: 32, value: 1, replicate: 1, level: 32, excluded: "target_saturated" } as never),
  range: [1, 16],
  models: [{
    name: "linear",
    parameters: { intercept: parameter(0, null), slope: parameter(0.0412, [0.0398, 0.0427]) },
    aicc: -20,
    weight: 1,
    holdout: { sessions: 16, predicted: 0.65, observed: 0.66, relative_error: -0.015 },
    covariance: [[1]],
    free: ["slope"],
    residual_error: 0.01,
    degrees_of_freedom: 4,
    score: 0.02,
  }],
  accepted: "linear",
  verdict,
  at: [{
    sessions: 50,
    estimate: 2.06,
    confidence: [2, 2.1],
    prediction: [1.9, 2.3],
    sizing_upper: 2.25,
    extrapolation: "4x",
  }],
};

Deno.test("explain() reads a fit with numbers, intervals, units, and what was left out", () => {
  const text = String(explain(fit));
  for (
    const part of [
      verdict.text,
      "linear curve is read (95 % intervals)",
      "intercept 0 cores (at its bound)",
      "slope 0.0412 cores a session (0.0398–0.0427 cores)",
      "from 5 levels between 1 and 16 sessions, 1 of 6 points left out",
      "predicts 0.65 cores at 16 sessions, where 0.66 cores were measured (1.5 % off)",
      "At 50 sessions: 2.06 cores, a new run 1.9–2.3 cores; size for 2.25 cores (two to four times the top level",
    ]
  ) assert.ok(text.includes(part), `${part} must be in: ${text}`);
});

Deno.test("explain() writes an interval across zero so that it can be read", () => {
  const [model] = fit.models;
  const parameters = { intercept: parameter(0.1, [-0.2, 0.4]), exponent: parameter(1.1, [1, 1.2]) };
  const text = String(explain({ ...fit, models: [{ ...model, parameters }] }));
  assert.ok(text.includes("intercept 0.1 cores (-0.2 to 0.4 cores), exponent 1.1 (1–1.2)"), text);
});

Deno.test("explain() says why there is no curve", () => {
  const none: MetricFit = {
    ...fit,
    models: [],
    accepted: null,
    at: [],
    verdict: { ...verdict, text: "Run 3 levels." },
  };
  assert.equal(String(explain(none)), "No curve for target_cores. Run 3 levels.");
});

Deno.test("explain() gives the answer of a sizing, then each target", () => {
  const sizing = {
    schema: "plimsoll.sizing/1",
    source: "run",
    answer: "100 sessions: 6 workers.",
    rows: [{
      target_sessions: 100,
      metric: "memory_bytes",
      basis: "extrapolated",
      textbook: null,
      estimate: 2 ** 30,
      interval: [2 ** 29, 2 ** 31],
      upper: 2 ** 31,
      recommended: 3 * 2 ** 30,
      model: "linear",
      extrapolation: "2x",
      notes: [],
    }],
    fleet: [],
    shapes: [],
    generators: [],
    artifacts: [],
    screenshots: [],
    binding: [{ target_sessions: 100, metric: "memory_bytes", share: 0.5 }],
    assumptions: {} as Sizing["assumptions"],
    sensitivity: [],
  } satisfies Sizing;
  assert.equal(
    String(explain(sizing)),
    "100 sessions: 6 workers.\n\n" +
      "**100 sessions**: memory 3 GiB (expected use 1 GiB, 512 MiB – 2 GiB; extrapolated). What binds is memory.",
  );
});

Deno.test("explain() says why more is to be bought than the band of a new run holds", () => {
  const far = { ...fit.at[0], sizing_upper: 2.6 };
  const parabola = { ...fit.models[0], name: "quadratic" as const, residual_error: 0.009 };
  const bends = String(explain({ ...fit, models: [...fit.models, parabola], at: [far] }));
  assert.match(
    bends,
    /1\.9–2\.3 cores; size for 2\.6 cores, more than that band, as a parabola fits .* bends upward \(two/,
  );
  const worse = { ...parabola, residual_error: 0.02 };
  assert.match(String(explain({ ...fit, models: [...fit.models, worse], at: [far] })), /as the highest curve that/);
  assert.doesNotMatch(String(explain(fit)), /more than that band/);
});

Deno.test("explain() reads what committed runs give: all fits, a comparison, the next level, a report", async () => {
  const before = summarise(await load(sample("streamer_http")));
  const after = summarise(await load(sample("streamer_saturated")));
  const fits = fitAll(before);
  assert.equal(String(explain(fits)).split("\n\n").length, Object.keys(fits.metrics).length);

  const comparison = compareRuns(before, after);
  const lines = String(explain(comparison)).split("\n\n");
  assert.equal(lines[0], comparison.text);
  assert.equal(lines.length, 1 + comparison.rows.length + comparison.left_out.length + comparison.notes.length);
  assert.match(
    lines[1],
    /^\w+ (a session|at rest|at the top level): [\d.]+ .* before, .* after.*: (a regression|an improvement|no)/,
  );

  const next = nextLevel(fits, 250, before);
  assert.equal(String(explain(next)), next.reason);
  const report = makeReport(await load(sample("streamer_http")), { targets: [10] });
  assert.equal(String(explain(report)), String(explain(report.sizing)));
});

Deno.test("explain() refuses what it cannot read, and says what it was given", () => {
  const cases: [value: unknown, says: RegExp][] = [
    [undefined, /current value is undefined/],
    [Promise.resolve(1), /a promise: write await before it/],
    [[fit], /an array of 1/],
    [{ run: "a", levels: [] }, /an object with run, levels/],
    ["fit", /string "fit"/],
    [explain, /the function explain: call it/],
  ];
  for (const [value, says] of cases) {
    assert.throws(() => explain(value as never), { name: "TypeError", message: says });
  }
});

Deno.test("explain() shows itself in a kernel and in console.log as text", () => {
  const explanation = explain(verdict) as unknown as Record<symbol, () => unknown>;
  assert.deepEqual(explanation[Symbol.for("Jupyter.display")](), {
    "text/markdown": verdict.text,
    "text/plain": verdict.text,
  });
  assert.equal(Deno.inspect(explanation), verdict.text);
});
