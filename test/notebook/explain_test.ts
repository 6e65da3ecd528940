import assert from "node:assert/strict";
import { explain } from "../../src/notebook/mod.ts";
import type { MetricFit, Sizing, Verdict } from "../../src/schema/mod.ts";

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

Deno.test("explain() shows itself in a kernel and in console.log as text", () => {
  const explanation = explain(verdict) as unknown as Record<symbol, () => unknown>;
  assert.deepEqual(explanation[Symbol.for("Jupyter.display")](), {
    "text/markdown": verdict.text,
    "text/plain": verdict.text,
  });
  assert.equal(Deno.inspect(explanation), verdict.text);
});
