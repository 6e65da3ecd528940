import assert from "node:assert/strict";
import { aicc, akaikeWeights } from "../../src/model/aicc.ts";
import type { Curve } from "../../src/model/curve.ts";
import { fitCurve } from "../../src/model/fit_curve.ts";
import { curveByName, fitPoints } from "../../src/model/mod.ts";
import { fAgainst } from "../../src/model/f_against.ts";
import { uslPeak } from "../../src/model/usl_peak.ts";
import type { ModelName } from "../../src/schema/mod.ts";
import { fCdf, leastSquares, type LeastSquaresFit, linearLeastSquares, tQuantile } from "../../src/stats/mod.ts";
import { certified, certifiedNames, matchingDigits } from "../stats/certified.ts";

// Published fits are least squares on the metric itself; ours are on its logarithm. The curves, their gradients, the
// solver, its errors and the tests are the same, and are compared here with the error model that each reference uses.

interface UslSet {
  n: number[];
  x: number[];
  unconstrained: {
    lambda: number;
    sigma: number;
    kappa: number;
    se: Record<string, number>;
    rss: number;
    df: number;
    cov: number[][];
    fitted: number[];
    peak?: { n: number; x: number; nSeDelta: number };
  };
  bounded?: { lambda: number; sigma: number; kappa: number; rss: number; seOfFree: Record<string, number> };
}

interface Sweep {
  n: number[];
  x: number[];
}

function near(value: number | null, expected: number, what: string, digits = 6): void {
  assert.ok(value !== null && matchingDigits(value, expected) >= digits, `${what}: ${value} instead of ${expected}`);
}

/** On the metric itself, unbounded unless said. */
function additive(curve: Curve, { n, x }: Sweep, options: { bounds?: Curve["bounds"]; start?: number[] } = {}) {
  const points = n.map((sessions, index) => ({ sessions, value: x[index] }));
  const fit = leastSquares({
    model: curve.value,
    gradient: curve.gradient,
    x: n,
    y: x,
    start: options.start ?? curve.start(points),
    ...(options.bounds ? { bounds: options.bounds } : {}),
  });
  assert.ok(fit.converged);
  return fit;
}

function valuesOf(fit: LeastSquaresFit): number[] {
  return fit.parameters.map(({ value }) => value);
}

for (const name of certifiedNames("usl")) {
  const sweep = certified<UslSet>(`usl/${name}`);

  Deno.test(`USL of ${name}: parameters, errors, covariance, curve and peak as R has them, to 6 digits`, () => {
    const { unconstrained } = sweep;
    const fit = additive(curveByName("usl"), sweep);
    // The exact set was rounded to four digits; what is left of it is 1e-5 of the values.
    const digits = name === "exact-synthetic" ? 4 : 6;
    ["lambda", "sigma", "kappa"].forEach((parameter, index) => {
      near(fit.parameters[index].value, unconstrained[parameter as "lambda"], parameter);
      near(fit.parameters[index].standardError, unconstrained.se[parameter], `error of ${parameter}`, digits);
      unconstrained.cov[index].forEach((value, other) => near(fit.covariance[index][other], value, "covariance", 4));
    });
    near(fit.residualSumOfSquares, unconstrained.rss, "residual sum of squares", digits);
    assert.equal(fit.degreesOfFreedom, unconstrained.df);
    unconstrained.fitted.forEach((value, index) =>
      near(curveByName("usl").value(sweep.n[index], valuesOf(fit)), value, `at ${sweep.n[index]}`)
    );
    const peak = uslPeak(valuesOf(fit), fit.covariance);
    assert.equal(peak === undefined, unconstrained.peak === undefined);
    if (peak && unconstrained.peak) {
      near(peak.sessions, unconstrained.peak.n, "peak");
      near(peak.value, unconstrained.peak.x, "throughput at the peak");
      near(peak.standardError!, unconstrained.peak.nSeDelta, "error of the peak", digits);
    }
  });
}

Deno.test("USL of raytracer within its bounds: κ is zero exactly, without a Wald error, and its face is the best", () => {
  const sweep = certified<UslSet>("usl/raytracer");
  const usl = curveByName("usl");
  const fit = additive(usl, sweep, { bounds: usl.bounds });
  const { lambda, sigma, rss, seOfFree } = sweep.bounded!;
  near(fit.parameters[0].value, lambda, "lambda");
  near(fit.parameters[1].value, sigma, "sigma");
  near(fit.parameters[0].standardError, seOfFree.lambda, "error of lambda");
  near(fit.parameters[1].standardError, seOfFree.sigma, "error of sigma");
  near(fit.residualSumOfSquares, rss, "residual sum of squares");
  assert.deepEqual(fit.parameters[2], { value: 0, standardError: null, interval: null });
  assert.equal(uslPeak(valuesOf(fit)), undefined);
});

const B2 = certified<
  {
    fits: Record<
      string,
      {
        coef: number[];
        se: number[];
        rss: number;
        residualSe: number;
        df: number;
        predict64: number;
        seOfMean64: number;
      }
    >;
    brokenStick: { psi: number; coef: number[]; rss: number; slopeBefore: number; slopeAfter: number };
    selection: { model: string; k: number; rss: number; aicc: number; weight: number }[];
  } & Sweep
>("worked/b2-curves-cisco");

const CURVES: [string, ModelName, number[]?][] = [
  ["linear", "linear"],
  ["quadratic", "quadratic"],
  ["amdahl", "amdahl"],
  ["usl", "usl"],
  ["power", "power", [-12000, 12000, 0.25]],
  ["expSat", "exponential_saturation"],
];

for (const [key, name, start] of CURVES) {
  Deno.test(`${name} of cisco: parameters, errors, and the mean at 64 with its error, to 6 digits`, () => {
    const curve = curveByName(name);
    const reference = B2.fits[key];
    const fit = additive(curve, B2, { start });
    reference.coef.forEach((value, index) => near(fit.parameters[index].value, value, curve.parameters[index]));
    reference.se.forEach((value, index) => near(fit.parameters[index].standardError, value, "standard error"));
    near(fit.residualSumOfSquares, reference.rss, "residual sum of squares");
    near(Math.sqrt(fit.residualSumOfSquares / fit.degreesOfFreedom), reference.residualSe, "residual error");
    assert.equal(fit.degreesOfFreedom, reference.df);
    near(curve.value(64, valuesOf(fit)), reference.predict64, "at 64");
    near(errorAt(curve, fit, 64), reference.seOfMean64, "error at 64");
  });
}

function errorAt(curve: Curve, fit: LeastSquaresFit, sessions: number): number {
  const gradient = curve.gradient(sessions, valuesOf(fit));
  return Math.sqrt(gradient.reduce(
    (sum, left, i) => sum + gradient.reduce((row, right, j) => row + left * fit.covariance[i][j] * right, 0),
    0,
  ));
}

Deno.test("broken_stick of cisco: break, slopes and residual as R's segmented has them, to 6 digits", () => {
  const fit = additive(curveByName("broken_stick"), B2, { start: [600, 700, 170, 12.5] });
  const [intercept, slope, beyond, knee] = valuesOf(fit);
  near(knee, B2.brokenStick.psi, "break");
  near(intercept, B2.brokenStick.coef[0], "intercept");
  near(slope, B2.brokenStick.slopeBefore, "slope before");
  near(beyond, B2.brokenStick.slopeAfter, "slope after");
  near(fit.residualSumOfSquares, B2.brokenStick.rss, "residual sum of squares");
});

Deno.test("aicc() and its weights rank the curves of cisco as R does, to 9 digits", () => {
  const found = B2.selection.map(({ rss, k }) =>
    aicc({ residualSumOfSquares: rss, points: B2.n.length, parameters: k })
  );
  const weights = akaikeWeights(found);
  B2.selection.forEach((row, index) => {
    near(found[index], row.aicc, row.model, 9);
    near(weights[index], row.weight, `weight of ${row.model}`, 9);
  });
});

const B34 = certified<{
  looCv: Record<string, { rmse: number; errors: number[] }>;
  extrapolationHoldOut: { models: Record<string, { coefFrom1to16: number[]; predAt32: number; relErrAt32: number }> };
  cisco_kappaTest: KappaTest;
  "bootstrapLR_raytracer-first6": KappaTest;
  bootstrapLR_specsdm91: KappaTest;
  bands: Record<string, {
    p: number[];
    s: number;
    t: number;
    points: { n0: number; fit: number; seDelta: number; ci95Delta: number[]; pi95Delta: number[] }[];
  }>;
}>("worked/b3-b4-selection-bands");

interface KappaTest {
  rssAmdahl: number;
  rssUsl: number;
  F: number;
  pF: number;
}

for (const [key, name, start] of CURVES) {
  Deno.test(`${name} of cisco, each level left out in turn, misses it as in R, to 5 digits`, () => {
    const curve = curveByName(name);
    const errors = B2.n.map((sessions, left) => {
      const rest = { n: B2.n.toSpliced(left, 1), x: B2.x.toSpliced(left, 1) };
      return B2.x[left] - curve.value(sessions, valuesOf(additive(curve, rest, { start })));
    });
    const reference = B34.looCv[key];
    errors.forEach((error, index) =>
      // An error that is nearly nothing keeps fewer digits than the value that it is the rest of.
      assert.ok(Math.abs(error - reference.errors[index]) < 1e-6 * B2.x[index], `${error} ${reference.errors[index]}`)
    );
    near(Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length), reference.rmse, "rmse", 5);
  });

  Deno.test(`${name} of cisco up to 16 predicts 32 as in R, to 6 digits`, () => {
    const curve = curveByName(name);
    const reference = B34.extrapolationHoldOut.models[key];
    const half = { n: B2.n.slice(0, 16), x: B2.x.slice(0, 16) };
    const fit = additive(curve, half, name === "power" ? { start: [-2000, 2900, 0.5] } : {});
    reference.coefFrom1to16.forEach((value, index) => near(fit.parameters[index].value, value, "parameter"));
    near(curve.value(32, valuesOf(fit)), reference.predAt32, "at 32");
    near(curve.value(32, valuesOf(fit)) / 12074.39 - 1, reference.relErrAt32, "relative error", 5);
  });
}

for (
  const [name, key] of [
    ["cisco", "cisco_kappaTest"],
    ...["raytracer-first6", "specsdm91"].map((set) => [set, `bootstrapLR_${set}`]),
  ]
) {
  Deno.test(`fAgainst() tests κ = 0 of ${name} as R does, to 6 digits`, () => {
    const reference = B34[key as "cisco_kappaTest"];
    const sweep = certified<Sweep>(`usl/${name}`);
    const [restricted, full] = (["amdahl", "usl"] as const).map((curve) => additive(curveByName(curve), sweep));
    near(restricted.residualSumOfSquares, reference.rssAmdahl, "Amdahl");
    near(full.residualSumOfSquares, reference.rssUsl, "USL");
    const { f, p } = fAgainst(restricted, full);
    near(f, reference.F, "F");
    near(p, reference.pF, "p");
  });
}

for (const [name, { p, s, t, points }] of Object.entries(B34.bands)) {
  Deno.test(`USL of ${name}: delta-method bands of the mean and of a new run as R has them, to 6 digits`, () => {
    const usl = curveByName("usl");
    const fit = additive(usl, certified<Sweep>(`usl/${name}`));
    p.forEach((value, index) => near(fit.parameters[index].value, value, usl.parameters[index]));
    near(Math.sqrt(fit.residualSumOfSquares / fit.degreesOfFreedom), s, "residual error");
    near(tQuantile(0.975, fit.degreesOfFreedom), t, "t");
    for (const { n0, fit: mean, seDelta, ci95Delta, pi95Delta } of points) {
      const estimate = usl.value(n0, valuesOf(fit));
      const error = errorAt(usl, fit, n0);
      near(estimate, mean, `at ${n0}`);
      near(error, seDelta, `error at ${n0}`);
      near(estimate - t * error, ci95Delta[0], `mean at ${n0}`);
      near(estimate + t * Math.hypot(error, s), pi95Delta[1], `new run at ${n0}`);
    }
  });
}

const B8 = certified<{
  linearisedStart: { cases: Record<string, { weightedXoverN2: { lambda_: number; kappa: number; sigma: number } }> };
  logFitBands: Record<string, Sweep & { unconstrained: Record<string, number> }>;
  cpuNonLinearity: {
    server: string;
    n: number[];
    cores: number[];
    linear: number[];
    rssLinear: number;
    quadratic: number[];
    rssQuadratic: number;
    F: number;
    p: number;
    logLogSlope: number;
    logLogSlopeSe: number;
    logLogCi95: number[];
  }[];
}>("worked/b8-starts-logbands-knee-averaging-bca");

Deno.test("usl.start() of raytracer-first6 is the weighted regression of N/X to 7 digits", () => {
  const { n, x } = certified<Sweep>("usl/raytracer-first6");
  const start = curveByName("usl").start(n.map((sessions, index) => ({ sessions, value: x[index] })));
  const { lambda_, sigma, kappa } = B8.linearisedStart.cases["raytracer-first6"].weightedXoverN2;
  [lambda_, sigma, kappa].forEach((value, index) => near(start[index], value, "start", 7));
});

Deno.test("fitCurve(usl) of MySQL up to 256 on ln X matches R in parameters and errors to 6 digits", () => {
  const { n, x, unconstrained } = B8.logFitBands["mariadb-res01-to256"];
  const fit = fitCurve(curveByName("usl"), n.map((sessions, index) => ({ sessions, value: x[index] })))!;
  const { lambda, sigma, kappa } = fit.parameters;
  near(lambda.value, unconstrained.lambda_, "lambda");
  near(sigma.value, unconstrained.sigma, "sigma");
  near(kappa.value, unconstrained.kappa, "kappa");
  near(kappa.standard_error, unconstrained.seKappa, "error of kappa");
  near(fit.residualSumOfSquares, unconstrained.rssLog, "residual sum of squares");
});

for (const reference of B8.cpuNonLinearity) {
  const { server, n, cores } = reference;

  Deno.test(`cores of ${server}: line, parabola, F test and log–log slope as R has them, to 6 digits`, () => {
    const line = linearLeastSquares(n.map((sessions) => [1, sessions]), cores);
    const parabola = linearLeastSquares(n.map((sessions) => [1, sessions, sessions ** 2]), cores);
    reference.linear.forEach((value, index) => near(line.coefficients[index], value, "line"));
    reference.quadratic.forEach((value, index) => near(parabola.coefficients[index], value, "parabola"));
    const { f, p } = fAgainst(line, parabola);
    near(f, reference.F, "F");
    near(p, reference.p, "p");
    near(1 - fCdf(f, [1, parabola.degreesOfFreedom]), reference.p, "p");
    const slope = linearLeastSquares(n.map((sessions) => [1, Math.log(sessions)]), cores.map(Math.log));
    near(slope.coefficients[1], reference.logLogSlope, "log–log slope");
    near(slope.standardErrors![1], reference.logLogSlopeSe, "its error");
    const half = tQuantile(0.975, slope.degreesOfFreedom) * slope.standardErrors![1];
    near(slope.coefficients[1] + half, reference.logLogCi95[1], "its interval");
  });

  Deno.test(`cores of ${server} are linear: a curve of a per cent is real, but makes no difference`, () => {
    const points = n.map((sessions, index) => ({ sessions, level: sessions, replicate: 1, value: cores[index] }));
    assert.equal(fitPoints(points, { metric: "target_cores" }).verdict.kind, "linear");
  });
}

Deno.test("the knee that Kneedle finds moves with the levels that are there: why no size is read from it", () => {
  const { kneedle } = certified<{ kneedle: { difference: number[]; kneeN: number; kneeNIfOnlyLevelsTo20: number } }>(
    "worked/b8-starts-logbands-knee-averaging-bca",
  );
  const { n, x } = certified<Sweep>("usl/cisco");
  const differences = (levels: number) => {
    const share = (values: number[]) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return values.map((value) => (value - low) / (high - low));
    };
    const across = share(n.slice(0, levels));
    return share(x.slice(0, levels)).map((height, index) => height - across[index]);
  };
  const knee = (levels: number) =>
    n[differences(levels).reduce((best, value, at, all) => value > all[best] ? at : best, 0)];
  differences(n.length).forEach((value, index) => assert.ok(Math.abs(value - kneedle.difference[index]) < 1e-12));
  assert.equal(knee(n.length), kneedle.kneeN);
  assert.equal(knee(n.findIndex((sessions) => sessions > 20)), kneedle.kneeNIfOnlyLevelsTo20);
});
