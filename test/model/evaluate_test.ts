import assert from "node:assert/strict";
import { evaluate, fitPoints } from "../../src/model/mod.ts";
import type { MetricFit } from "../../src/schema/mod.ts";
import { certified, matchingDigits } from "../stats/certified.ts";
import { simulate, SIX_LEVELS } from "./simulate.ts";

interface LogBands {
  n: number[];
  x: number[];
  points: { n0: number; fitUnconstrained: number; ci95Delta: [number, number]; pi95Delta: [number, number] }[];
}

const worked = certified<{ logFitBands: Record<string, LogBands> }>("worked/b8-starts-logbands-knee-averaging-bca");

for (const name of ["cisco", "specsdm91", "raytracer"]) {
  const { n, x, points } = worked.logFitBands[name];
  const fit = fitPoints(n.map((sessions, index) => ({ sessions, value: x[index], level: sessions, replicate: 1 })), {
    metric: "throughput",
    kind: "throughput",
  });
  const alone: MetricFit = { ...fit, accepted: "usl", models: fit.models.filter((model) => model.name === "usl") };

  Deno.test(`evaluate() of the USL of ${name} matches the delta method on ln X to 6 digits`, () => {
    for (const { n0, fitUnconstrained, ci95Delta } of points) {
      const { estimate, confidence } = evaluate(alone, n0);
      assert.ok(matchingDigits(estimate, fitUnconstrained) >= 6);
      confidence.forEach((edge, index) => assert.ok(matchingDigits(edge, ci95Delta[index]) >= 6, `${n0}: ${edge}`));
    }
  });

  Deno.test(`evaluate() of the USL of ${name} predicts within the levels as the reference does, to 6 digits`, () => {
    for (const { n0, pi95Delta } of points.filter((point) => point.n0 <= Math.max(...n))) {
      const { prediction } = evaluate(alone, n0);
      prediction.forEach((edge, index) => assert.ok(matchingDigits(edge, pi95Delta[index]) >= 6, `${n0}: ${edge}`));
    }
  });
}

const SHAPES: [string, (sessions: number) => number][] = [
  ["a line", (n) => 0.4 + 0.04 * n],
  ["a line on a large base", (n) => 2 + 0.04 * n],
  ["a square", (n) => 0.05 + 0.02 * (n + n * n / 50)],
  ["a power below the line", (n) => 0.1 + 0.1 * n ** 0.7],
  ["a break", (n) => 0.05 + 0.03 * (n + Math.max(0, n - 16))],
];

Deno.test("evaluate() holds the other good curves beyond the levels, and from two doublings on the accepted curve's own interval", () => {
  const points = simulate((n) => 10 * n / (1 + 0.03 * (n - 1)), { ...SIX_LEVELS, noise: 0.02, seed: 1 });
  const fit = fitPoints(points, { metric: "throughput", kind: "throughput" });
  const alone: MetricFit = { ...fit, models: fit.models.filter(({ name }) => name === fit.accepted) };
  const best = Math.min(...fit.models.map(({ score }) => score!));
  const others = fit.models.filter(({ score, name }) => score! <= 2.5 * best && name !== fit.accepted);
  assert.ok(others.length > 0);
  for (const sessions of [48, 64, 96, 128, 256]) {
    const { prediction, sizing_upper } = evaluate(fit, sessions);
    for (const { name } of others) {
      const { confidence } = evaluate({ ...alone, accepted: name, models: others }, sessions);
      const curve = Math.sqrt(confidence[0] * confidence[1]);
      assert.ok(prediction[0] <= curve && curve <= prediction[1], `${name} at ${sessions}`);
      assert.ok(sizing_upper >= curve);
    }
    const own = evaluate({ ...alone, models: alone.models.map((model) => ({ ...model, score: null })) }, sessions);
    if (sessions >= 128) assert.ok(prediction[0] <= own.prediction[0] && prediction[1] >= own.prediction[1]);
  }
});

Deno.test("evaluate() reads a knee that only the highest levels show, and none of the curves that they have refuted", () => {
  const design = { levels: [2, 4, 8, 16, 24, 32, 48, 64, 96], replicates: 2, noise: 0.002, seed: 1 };
  const fit = fitPoints(simulate((n) => Math.min(n, 55), design), { metric: "throughput", kind: "throughput" });
  assert.equal(fit.accepted, "knee");
  // As where nothing but the levels left out knows of the knee.
  const models = fit.models.map((model) => model.name === "knee" ? { ...model, score: null } : model);
  for (const read of [fit, { ...fit, models }]) {
    const { estimate, prediction } = evaluate(read, 192);
    assert.ok(Math.abs(estimate / 55 - 1) < 0.01, `${estimate}`);
    assert.ok(prediction[0] < 45 && prediction[1] > 65 && prediction[1] < 96, `${prediction}`);
  }
});

Deno.test("evaluate() passes from the levels into what lies beyond without a step", () => {
  const points = simulate((n) => 10 * n / (1 + 0.03 * (n - 1)), { ...SIX_LEVELS, noise: 0.02, seed: 1 });
  const fit = fitPoints(points, { metric: "throughput", kind: "throughput" });
  for (const sessions of [32, 64, 128]) {
    const [below, above] = [sessions - 1e-6, sessions + 1e-6].map((n) => evaluate(fit, n));
    const edges = ({ estimate, prediction, sizing_upper }: typeof above) => [estimate, ...prediction, sizing_upper];
    edges(below).forEach((edge, index) => assert.ok(Math.abs(edges(above)[index] / edge - 1) < 1e-5, `${sessions}`));
  }
});

for (const [sentence, truth] of SHAPES) {
  Deno.test(`evaluate() bounds what to buy without a step at the top level, rising, and not under the estimate: ${sentence}`, () => {
    for (let seed = 0; seed < 60; seed++) {
      const fit = fitPoints(simulate(truth, { ...SIX_LEVELS, noise: 0.03, seed }), { metric: "target_cores", at: [] });
      const reads = [0.8, 0.9, 0.99, 1 - 1e-9, 1 + 1e-9, 1.01, 1.05, 1.1, 1.2, 1.25, 1.3, 1.5, 2, 3, 4, 6]
        .map((times) => evaluate(fit, times * 32));
      reads.forEach(({ sizing_upper, estimate, sessions }, index) => {
        assert.ok(sizing_upper >= estimate, `${seed}, ${sessions}`);
        if (index > 0) assert.ok(sizing_upper >= reads[index - 1].sizing_upper * (1 - 1e-6), `${seed}, ${sessions}`);
      });
      assert.ok(Math.abs(reads[4].sizing_upper / reads[3].sizing_upper - 1) < 1e-6, `${seed}`);
    }
  });
}

Deno.test("evaluate() sizes by the prediction's upper edge where the hold-out refuted the accepted curve, or too few levels tell", () => {
  const points = simulate((n) => 1 + 0.05 * n, { ...SIX_LEVELS, noise: 0.03, seed: 2 });
  // A two-sided 90 % band ends where a one-sided 95 % bound does.
  const fit = fitPoints(points, { metric: "target_cores", level: 0.9, at: [] });
  const score = (name: string) => name === fit.accepted ? 0.5 : 0.04;
  const refuted = { ...fit, models: fit.models.map((m) => m.score === null ? m : { ...m, score: score(m.name) }) };
  const few = fitPoints(points.filter(({ level }) => level <= 8), { metric: "target_cores", level: 0.9, at: [] });
  for (const [one, sessions] of [[refuted, 64], [refuted, 128], [few, 16]] as const) {
    const { sizing_upper, prediction, estimate } = evaluate(one, sessions);
    assert.equal(sizing_upper, Math.max(prediction[1], estimate));
  }
});

Deno.test("evaluate() labels how far it reads: a little over the top level is still the top level", () => {
  const fit = fitPoints(simulate((n) => 0.1 + 0.05 * n, { ...SIX_LEVELS, noise: 0.02, seed: 1 }), {
    metric: "target_cores",
  });
  const labels = [0.5, 32, 32.6, 33, 64, 65, 66, 128, 131].map((sessions) => evaluate(fit, sessions).extrapolation);
  assert.deepEqual(labels, ["none", "none", "none", "2x", "2x", "2x", "4x", "4x", "beyond"]);
});

Deno.test("evaluate() gives the same numbers after a fit went through JSON", () => {
  const fit = fitPoints(simulate((n) => n + 0.05 * n * n, { ...SIX_LEVELS, noise: 0.02, seed: 1 }), {
    metric: "network_bytes_per_s",
  });
  assert.deepEqual(evaluate(JSON.parse(JSON.stringify(fit)), 100), evaluate(fit, 100));
});

Deno.test("evaluate() stays finite where the band explodes", () => {
  const points = [1, 2, 3].map((n, index) => ({ sessions: n, level: n, replicate: 1, value: [1, 9, 2][index] }));
  const at = evaluate(fitPoints(points, { metric: "target_cores" }), 1e6);
  for (const value of [at.estimate, ...at.confidence, ...at.prediction, at.sizing_upper]) {
    assert.ok(Number.isFinite(value), String(value));
  }
});

Deno.test("evaluate() counts the scatter between replicates into a new run, not only that of means", () => {
  // Level means lie exactly on the line; the two runs of a level differ by 20 %.
  const points = [1, 2, 4, 8, 16].flatMap((n) =>
    [1.1, 1 / 1.1].map((error, index) => ({ sessions: n, level: n, replicate: index + 1, value: (1 + n) * error }))
  );
  const { confidence, prediction } = evaluate(fitPoints(points, { metric: "target_cores" }), 8);
  assert.ok(confidence[1] / confidence[0] < 1.0001);
  assert.ok(prediction[0] < 9 / 1.1 && prediction[1] > 9 * 1.1);
});

Deno.test("evaluate() refuses what it cannot read", () => {
  const empty = fitPoints([{ sessions: 1, level: 1, replicate: 1, value: 1 }], { metric: "target_cores" });
  assert.throws(() => evaluate(empty, 1), /Cannot evaluate target_cores as a curve must have been accepted/);
  const fit = fitPoints(simulate((n) => n, { ...SIX_LEVELS, noise: 0.02, seed: 1 }), { metric: "target_cores" });
  assert.throws(() => evaluate(fit, 0), /positive and finite: current value is 0/);
});
