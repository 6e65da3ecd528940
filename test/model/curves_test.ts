import assert from "node:assert/strict";
import { curveByName } from "../../src/model/mod.ts";
import { fitCurve } from "../../src/model/fit_curve.ts";
import type { ModelName } from "../../src/schema/mod.ts";
import { certified, matchingDigits } from "../stats/certified.ts";

const AT: [ModelName, number[]][] = [
  ["linear", [0.3, 0.05]],
  ["power", [0.3, 0.05, 1.4]],
  ["amdahl", [50, 0.03]],
  ["usl", [50, 0.03, 0.001]],
  ["exponential_saturation", [500, 40]],
  ["knee", [50, 800]],
  ["quadratic", [0.3, 0.05, 0.001]],
  ["broken_stick", [0.3, 0.05, 0.2, 20]],
];

for (const [name, parameters] of AT) {
  Deno.test(`${name}.gradient() is the derivative of its value`, () => {
    const curve = curveByName(name);
    for (const sessions of [0.5, 1, 7, 300]) {
      curve.gradient(sessions, parameters).forEach((slope, index) => {
        const width = 1e-6 * parameters[index];
        const above = curve.value(sessions, parameters.with(index, parameters[index] + width));
        const below = curve.value(sessions, parameters.with(index, parameters[index] - width));
        const difference = (above - below) / (2 * width);
        assert.ok(Math.abs(slope - difference) <= 1e-6 * Math.max(1, Math.abs(slope)), `${sessions}: ${slope}`);
      });
    }
  });
}

interface Sweep {
  n: number[];
  x: number[];
}

const worked = certified<{
  linearisedStart: { cases: Record<string, { weightedXoverN2: { lambda_: number; kappa: number; sigma: number } }> };
  logFitBands: Record<string, { unconstrained: Record<string, number> } & Sweep>;
}>("worked/b8-starts-logbands-knee-averaging-bca");

for (const name of ["cisco", "specsdm91", "raytracer"]) {
  const sweep = certified<Sweep>(`usl/${name}`);
  const points = sweep.n.map((sessions, index) => ({ sessions, value: sweep.x[index] }));

  Deno.test(`usl.start() of ${name} is the weighted regression of N/X to 9 digits`, () => {
    const [lambda, sigma, kappa] = curveByName("usl").start(points);
    const reference = worked.linearisedStart.cases[name].weightedXoverN2;
    assert.ok(matchingDigits(lambda, reference.lambda_) >= 9);
    assert.ok(matchingDigits(sigma, reference.sigma) >= 9);
    assert.ok(matchingDigits(kappa, reference.kappa) >= 7);
  });

  Deno.test(`fitCurve(usl) of ${name} on ln X matches R in parameters and errors to 6 digits`, () => {
    const fit = fitCurve(curveByName("usl"), points)!;
    const reference = worked.logFitBands[name].unconstrained;
    const { lambda, sigma, kappa } = fit.parameters;
    const pairs = [
      [lambda.value, reference.lambda_],
      [sigma.value, reference.sigma],
      [kappa.value, reference.kappa],
      [lambda.standard_error!, reference.seLogLambda],
      [sigma.standard_error!, reference.seSigma],
      [kappa.standard_error!, reference.seKappa],
      [fit.residualSumOfSquares, reference.rssLog],
    ];
    pairs.forEach(([value, expected]) => assert.ok(matchingDigits(value, expected) >= 6, `${value} ${expected}`));
    assert.equal(fit.degreesOfFreedom, reference.df);
  });
}

Deno.test("fitCurve() finds a knee, a saturation and a broken stick that are there", () => {
  const truths: [ModelName, number[]][] = [
    ["knee", [50, 800]],
    ["exponential_saturation", [500, 40]],
    ["broken_stick", [0.3, 0.05, 0.2, 20]],
    ["quadratic", [0.3, 0.05, 0.001]],
  ];
  for (const [name, parameters] of truths) {
    const curve = curveByName(name);
    const points = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64].map((sessions) => ({
      sessions,
      value: curve.value(sessions, parameters),
    }));
    const fit = fitCurve(curve, points);
    assert.ok(fit, name);
    fit.values.forEach((value, index) => {
      assert.ok(Math.abs(value / parameters[index] - 1) < 1e-5, `${name}: ${fit.values} instead of ${parameters}`);
    });
  }
});

Deno.test("fitCurve() keeps the band's variance of a parameter that ended at its bound", () => {
  // Proportion with alternating errors: the best line has an intercept under zero, so zero it is.
  const points = [1, 2, 4, 8, 16].map((sessions, index) => ({
    sessions,
    value: sessions * [0.9, 1, 1.02, 1, 1][index],
  }));
  const fit = fitCurve(curveByName("linear"), points)!;
  assert.deepEqual(fit.parameters.intercept, { value: 0, standard_error: null, interval: null });
  assert.ok(fit.covariance[0][0] > 0);
});

Deno.test("fitCurve() says when the points do not determine the curve", () => {
  const flat = [1, 2, 4, 8, 16].map((sessions) => ({ sessions, value: 3 }));
  assert.equal(fitCurve(curveByName("power"), flat), undefined);
  assert.equal(fitCurve(curveByName("usl"), flat.slice(0, 2)), undefined);
});

Deno.test("curveByName() names what there is when asked for what there is not", () => {
  assert.throws(() => curveByName("cubic" as ModelName), /one of linear, power, .*, knee: current value is cubic/);
});
