import assert from "node:assert/strict";
import { bootstrapFit, curveByName, fitPoints } from "../../src/model/mod.ts";
import { fitCurve } from "../../src/model/fit_curve.ts";
import { LOG_KERNELS } from "../../src/model/log_kernels.ts";
import type { ModelName } from "../../src/schema/mod.ts";
import { leastSquares } from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "../stats/certified.ts";
import { simulate } from "./simulate.ts";

const PARAMETERS: Partial<Record<ModelName, number[]>> = { usl: [50, 0.03, 0.001] };

for (const [name, kernel] of Object.entries(LOG_KERNELS)) {
  Deno.test(`the kernel of ${name} is ln of its curve, and derivatives of that`, () => {
    const curve = curveByName(name as ModelName);
    const parameters = PARAMETERS[curve.name]!;
    const sessions = Float64Array.of(0.5, 1, 7, 300);
    const logs = Float64Array.of(1, 2, 3, 4);
    const [residuals, jacobian] = [new Float64Array(4), new Float64Array(8)];
    kernel.residuals(sessions, logs, Float64Array.from(parameters), residuals);
    kernel.jacobian(sessions, Float64Array.from(parameters), [2, 0], jacobian);
    sessions.forEach((at, i) => {
      const value = curve.value(at, parameters);
      const slopes = curve.gradient(at, parameters);
      assert.ok(Math.abs(residuals[i] - (logs[i] - Math.log(value))) < 1e-14);
      assert.ok(Math.abs(jacobian[i] - slopes[2] / value) <= 1e-14 * Math.abs(slopes[2] / value));
      assert.ok(Math.abs(jacobian[4 + i] - slopes[0] / value) < 1e-14);
    });
    kernel.residuals(sessions, logs, Float64Array.from(parameters, (value) => -value), residuals);
    assert.ok(residuals.some(Number.isNaN), "what is not allowed is not a number");
  });
}

for (const name of ["cisco", "specsdm91", "oracledb", "redis-ycsb"]) {
  Deno.test(`fitCurve(usl) of ${name} is leastSquares() of ln X, to 1e-7 of its errors, which are the same`, () => {
    const { n, x } = certified<{ n: number[]; x: number[] }>(`usl/${name}`);
    const usl = curveByName("usl");
    const points = n.map((sessions, index) => ({ sessions, value: x[index] }));
    const fit = fitCurve(usl, points)!;
    const slow = leastSquares({
      model: (at, parameters) => Math.log(usl.value(at, parameters)),
      x: n,
      y: x.map(Math.log),
      start: usl.start(points),
      bounds: usl.bounds,
    });
    assert.ok(slow.converged);
    slow.parameters.forEach(({ value, standardError }, index) => {
      const off = Math.abs(fit.values[index] - value);
      if (standardError === null) return assert.equal(off, 0);
      assert.ok(off <= 1e-7 * standardError, `${fit.values} for ${value}`);
      assert.ok(matchingDigits(Math.sqrt(fit.covariance[index][index]), standardError) >= 7);
    });
    assert.ok(matchingDigits(fit.residualSumOfSquares, slow.residualSumOfSquares) >= 9);
  });
}

Deno.test("fitCurve() of one curve after the other leaves nothing of the one in the other", () => {
  const runs = simulate((n) => 0.5 + 0.1 * n, { levels: [1, 2, 4, 8, 16], replicates: 1, noise: 0.02, seed: 1 });
  const points = runs.map(({ sessions, value }) => ({ sessions, value }));
  const half = points.slice(0, 4);
  const names: ModelName[] = ["linear", "usl", "power"];
  const alone = names.map((name) => fitCurve(curveByName(name), points)?.values);
  for (const name of names) fitCurve(curveByName(name), half);
  assert.deepEqual(names.map((name) => fitCurve(curveByName(name), points)?.values), alone);
});

Deno.test("bootstrapFit() agrees with the delta method where that is right, reproduces, and ends at bounds", () => {
  const { n, x } = certified<{ n: number[]; x: number[] }>("usl/cisco");
  const points = n.map((sessions, index) => ({ sessions, value: x[index], level: sessions, replicate: 1 }));
  const fit = { ...fitPoints(points, { metric: "throughput", kind: "throughput" }), accepted: "usl" as const };
  const boot = bootstrapFit(fit, { at: [32, 64], replicates: 1000, seed: 3 });
  assert.deepEqual(bootstrapFit(fit, { at: [32, 64], replicates: 1000, seed: 3 }), boot);
  assert.notDeepEqual(bootstrapFit(fit, { at: [32, 64], replicates: 1000, seed: 4 }), boot);
  assert.equal(boot.failed, 0);
  const model = fit.models.find(({ name }) => name === "usl")!;
  for (const [name, [lower, upper]] of Object.entries(boot.parameters)) {
    const [low, high] = model.parameters[name].interval!;
    const ratio = (upper - lower) / (high - low);
    assert.ok(ratio > 0.85 && ratio < 1.05, `${name}: ${ratio} of the width`);
    assert.ok(lower >= 0 && lower < model.parameters[name].value && upper > model.parameters[name].value);
  }
  const [at32, at64] = boot.at.map(({ interval: [lower, upper] }) => upper / lower);
  assert.ok(at64 > at32 && at32 > 1);
  assert.throws(() => bootstrapFit({ ...fit, accepted: null }), /curve must have been accepted/);
});

Deno.test("bootstrapFit() of a sweep whose κ is 0 gives an interval that begins at 0", () => {
  const runs = simulate((n) => 20 * n / (1 + 0.05 * (n - 1)), {
    levels: [1, 2, 4, 8, 16, 32, 64],
    replicates: 1,
    noise: 0.03,
    seed: 2,
  });
  const fit = { ...fitPoints(runs, { metric: "throughput", kind: "throughput" }), accepted: "usl" as const };
  const { parameters: { kappa }, failed } = bootstrapFit(fit, { replicates: 500 });
  assert.equal(kappa[0], 0);
  assert.ok(kappa[1] > 0 && failed < 5);
});
