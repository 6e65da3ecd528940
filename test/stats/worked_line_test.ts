import assert from "node:assert/strict";
import {
  breuschPagan,
  chiSquaredTail,
  fitLine,
  fQuantile,
  type LinearFit,
  linearLeastSquares,
  nestedF,
  predictLinear,
  sandwich,
  tCdf,
  tQuantile,
} from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "./certified.ts";

type Row = number[];

/** R's answers about a line through 24 runs: 8 levels, 3 runs each. */
const worked = certified<{
  data: { N: number; y: number }[];
  ols: { coef: Row; se: Row; t: Row; p: Row; residualSe: number; df: number; r2: number; rss: number } & {
    vcov: Row[];
    ci95: Row[];
  };
  predict: Record<string, Row> & { workingHotellingMultiplier: number };
  naive: {
    levels: Row;
    avgOverN: Row;
    pooledMeanYOverMeanN: number;
    meanOfRatios: number;
    extrapolatedTo100: Record<string, number>;
  };
  wls: Record<"invN" | "invN2", { coef: Row; se: Row; sigma: number; n0: Row; predict: Row[] }>;
  replicateMeans: { N: Row; mean: Row; sd: Row; coef: Row; se: Row; residualSe: number; df: number };
  lackOfFit: Record<string, number>;
  nestedF: Record<string, number> & { quadCoef: Row; quadSe: Row };
  breuschPaganKoenker: { stat: number; df: number; p: number };
  vcovHC3: Row[];
  vcovHC2: Row[];
  vcovClusterByLevelCR1: Row[];
  critical: Record<string, number>;
}>("worked/b1-linear");

const x = worked.data.map(({ N }) => N);
const y = worked.data.map(({ y }) => y);
const design = x.map((n) => [1, n]);
const line = fitLine(x, y);

/** R prints 15 digits; sums of squares that it takes differently cost it, or us, the last ones. */
function agree(value: number | Row, reference: number | Row, digits = 11): void {
  const [values, references] = [[value].flat(), [reference].flat()];
  assert.equal(values.length, references.length);
  values.forEach((one, index) => {
    assert.ok(matchingDigits(one, references[index]) >= digits, `${one} for ${references[index]}`);
  });
}

function deviation({ residualSumOfSquares, degreesOfFreedom }: LinearFit): number {
  return Math.sqrt(residualSumOfSquares / degreesOfFreedom);
}

Deno.test("fitLine() is R's lm: coefficients, errors, covariance, residual error, R²", () => {
  agree(line.coefficients, worked.ols.coef);
  agree(line.standardErrors!, worked.ols.se);
  line.covariance.forEach((row, i) => agree(row, worked.ols.vcov[i]));
  agree(deviation(line), worked.ols.residualSe);
  agree(line.residualSumOfSquares, worked.ols.rss);
  assert.equal(line.degreesOfFreedom, worked.ols.df);
  const flat = linearLeastSquares(x.map(() => [1]), y);
  agree(1 - line.residualSumOfSquares / flat.residualSumOfSquares, worked.ols.r2);
});

Deno.test("t, p and interval of each coefficient are R's summary and confint", () => {
  line.coefficients.forEach((value, index) => {
    const t = value / line.standardErrors![index];
    agree(t, worked.ols.t[index]);
    agree(2 * tCdf(-t, line.degreesOfFreedom), worked.ols.p[index], 10);
    const half = worked.critical.t22_975 * line.standardErrors![index];
    agree([value - half, value + half], worked.ols.ci95[index]);
  });
});

Deno.test("critical values are R's qt and qf", () => {
  agree(tQuantile(0.975, 22), worked.critical.t22_975, 12);
  agree(tQuantile(0.95, 22), worked.critical.t22_95, 12);
  agree(fQuantile(0.95, [2, 22]), worked.critical.F_2_22_95, 12);
  agree(fQuantile(0.95, [6, 16]), worked.critical.F_6_16_95, 12);
});

Deno.test("predictLinear() is R's predict: mean, one new run, the mean of three", () => {
  const { n0, fit, se, ...bands } = worked.predict;
  n0.forEach((n, index) => {
    const at = predictLinear(line, [1, n]);
    agree(at.value, fit[index]);
    agree(at.standardError, se[index]);
    agree(at.confidence, [bands.ci95Lo[index], bands.ci95Hi[index]]);
    agree(at.prediction, [bands.pi95Lo[index], bands.pi95Hi[index]]);
    agree(predictLinear(line, [1, n], { level: 0.9 }).confidence, [bands.ci90Lo[index], bands.ci90Hi[index]]);
    const ofThree = predictLinear(line, [1, n], { runs: 3 }).prediction;
    agree(ofThree, [bands.piMeanOf3Lo[index], bands.piMeanOf3Hi[index]]);
  });
});

Deno.test("a band for the whole line at once is Working and Hotelling's, by an F quantile", () => {
  const multiple = Math.sqrt(2 * fQuantile(0.95, [2, 22]));
  agree(multiple, worked.predict.workingHotellingMultiplier, 12);
  worked.predict.n0.forEach((n, index) => {
    const { value, standardError } = predictLinear(line, [1, n]);
    agree(value - multiple * standardError, worked.predict.whLo[index]);
    agree(value + multiple * standardError, worked.predict.whHi[index]);
  });
});

for (const [name, power] of [["invN", 1], ["invN2", 2]] as const) {
  Deno.test(`fitLine() with weights 1/N^${power} is R's lm, errors and both intervals at new levels included`, () => {
    const reference = worked.wls[name];
    const weighted = fitLine(x, y, { weights: x.map((n) => n ** -power) });
    agree(weighted.coefficients, reference.coef);
    agree(weighted.standardErrors!, reference.se);
    agree(deviation(weighted), reference.sigma);
    reference.n0.forEach((n, index) => {
      const at = predictLinear(weighted, [1, n], { weight: n ** -power });
      agree([at.value, ...at.confidence, ...at.prediction], reference.predict[index]);
    });
  });
}

Deno.test("fitLine() with proportional errors is where weighting by the line no longer moves it", () => {
  const fit = fitLine(x, y, { errors: "proportional" });
  const weights = x.map((n) => (fit.coefficients[0] + fit.coefficients[1] * n) ** -2);
  agree(fitLine(x, y, { weights }).coefficients, fit.coefficients, 12);
  // Three runs a level, so that the ordinary line is 26.6 at 100 and the truth 26.8.
  assert.ok(Math.abs(predictLinear(fit, [1, 100]).value - worked.naive.extrapolatedTo100.truth) < 1);
});

Deno.test("the line at 100 is what the worked example says, and the average per session 2.7 times as much", () => {
  const { levels, avgOverN, pooledMeanYOverMeanN, meanOfRatios, extrapolatedTo100 } = worked.naive;
  const averages = levels.map((n) => mean(worked.data.filter(({ N }) => N === n).map((point) => point.y / n)));
  agree(averages, avgOverN);
  agree(mean(y) / mean(x), pooledMeanYOverMeanN);
  agree(mean(averages), meanOfRatios);
  agree(predictLinear(line, [1, 100]).value, extrapolatedTo100.ols);
  agree(100 * mean(averages), extrapolatedTo100.meanOfRatiosTimes100);
  agree(100 * averages[levels.indexOf(8)], extrapolatedTo100.ratioAtN8Times100);
});

Deno.test("a line through the level means has the same coefficients, and errors of its own", () => {
  const reference = worked.replicateMeans;
  const groups = reference.N.map((n) => worked.data.filter(({ N }) => N === n).map((point) => point.y));
  agree(groups.map(mean), reference.mean);
  const spreads = groups.map((group) => {
    const fit = linearLeastSquares(group.map(() => [1]), group);
    return deviation(fit);
  });
  agree(spreads, reference.sd);
  const fit = fitLine(reference.N, groups.map(mean));
  agree(fit.coefficients, reference.coef);
  agree(fit.coefficients, line.coefficients);
  agree(fit.standardErrors!, reference.se);
  agree(deviation(fit), reference.residualSe);
  assert.equal(fit.degreesOfFreedom, reference.df);
});

Deno.test("nestedF() against one coefficient a level is R's test of lack of fit", () => {
  const levels = [...new Set(x)];
  const saturated = linearLeastSquares(x.map((n) => levels.map((level) => level === n ? 1 : 0)), y);
  const reference = worked.lackOfFit;
  agree(saturated.residualSumOfSquares, reference.ssPureError);
  assert.equal(saturated.degreesOfFreedom, reference.dfPureError);
  agree(line.residualSumOfSquares - saturated.residualSumOfSquares, reference.ssLackOfFit);
  const { f, degrees, p } = nestedF(line, saturated);
  agree(f, reference.F);
  assert.deepEqual(degrees, [reference.dfLackOfFit, reference.dfPureError]);
  agree(p, reference.p);
});

Deno.test("nestedF() of line and parabola is R's anova", () => {
  const reference = worked.nestedF;
  const parabola = linearLeastSquares(x.map((n) => [1, n, n * n]), y);
  agree(parabola.coefficients, reference.quadCoef);
  agree(parabola.standardErrors!, reference.quadSe);
  agree(parabola.residualSumOfSquares, reference.rssQuadratic);
  agree(line.residualSumOfSquares, reference.rssLinear);
  const { f, degrees, p } = nestedF(line, parabola);
  agree(f, reference.F);
  assert.deepEqual(degrees, [reference.df1, reference.df2]);
  agree(p, reference.p);
});

Deno.test("breuschPagan() is R's bptest: these errors grow with N", () => {
  const { statistic, degreesOfFreedom, p } = breuschPagan(design, y);
  agree(statistic, worked.breuschPaganKoenker.stat);
  assert.equal(degreesOfFreedom, worked.breuschPaganKoenker.df);
  agree(p, worked.breuschPaganKoenker.p);
  agree(chiSquaredTail(statistic, 1), worked.breuschPaganKoenker.p);
});

Deno.test("sandwich() is R's vcovHC and vcovCL", () => {
  const kinds: [Row[], Row[]][] = [
    [sandwich(design, y), worked.vcovHC3],
    [sandwich(design, y, { kind: "HC2" }), worked.vcovHC2],
    [sandwich(design, y, { kind: "cluster", clusters: x }), worked.vcovClusterByLevelCR1],
  ];
  for (const [matrix, reference] of kinds) matrix.forEach((row, i) => agree(row, reference[i]));
});

Deno.test("line, prediction and tests refuse what they cannot do", () => {
  assert.throws(() => fitLine([1, 1, 1], [1, 2, 3]), /linearly independent/);
  assert.throws(() => fitLine([1, 2, 3], [1, NaN, 3]), /finite: current value is NaN at position 1/);
  assert.throws(() => fitLine([1, 2, 3], [1, 0, 3], { errors: "proportional" }), /positive: current value is 0/);
  assert.throws(() => fitLine([1, 2, 3], [1, 2, 3], { weights: [1, -1, 1] }), /not be negative: current value is -1/);
  assert.throws(() => predictLinear(fitLine([1, 2], [1, 2]), [1, 3]), /more points than coefficients/);
  assert.throws(() => predictLinear(line, [1]), /one finite entry a coefficient/);
  assert.throws(() => nestedF(line, line), /fewer degrees of freedom/);
  assert.throws(() => sandwich(design, y, { kind: "cluster" }), /label a point/);
  assert.throws(() => sandwich([[1, 1], [1, 2]], [1, 2]), /more points than coefficients/);
});

Deno.test("an exact line leaves nothing to test", () => {
  const [at, exact] = [[1, 2, 3, 4].map((n) => [1, n]), [3, 5, 7, 9]];
  const fit = linearLeastSquares(at, exact);
  const curve = linearLeastSquares(at.map(([, n]) => [1, n, n * n]), exact);
  assert.ok(nestedF({ ...fit, residualSumOfSquares: 0 }, { ...curve, residualSumOfSquares: 0 }).p === 1);
  assert.ok(nestedF({ ...fit, residualSumOfSquares: 1 }, { ...curve, residualSumOfSquares: 0 }).p === 0);
});

function mean(values: Row): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
