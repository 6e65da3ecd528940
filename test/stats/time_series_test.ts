import assert from "node:assert/strict";
import { median } from "simple-statistics";
import {
  batchMeans,
  effectiveSize,
  fitLine,
  hampel,
  mannKendall,
  mser5,
  quantileRanks,
  samplesForQuantile,
  seededRandom,
  theilSen,
} from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "./certified.ts";

interface Series {
  y: number[];
  sampleSeconds: number;
  mser5: { truncateSamples: number; objective: number[]; batchMeans: number[] };
  meanAll: number;
  meanAfter: number;
  sdAfter: number;
  geyerTau: number;
  ess: number;
  seNaive: number;
  seEss: number;
  batchMeans6: { means: number[]; se: number; ci95: [number, number] };
  mannKendall: { S: number; varS: number; z: number; p: number };
  theilSen: { slopePerSecond: number; intercept: number; lo95: number; hi95: number };
  olsSlopePerSecond: number;
  hampelFlagged_w5_k3: number[];
}

const worked = certified<{
  timeSeries: Record<string, Series>;
  scaTools: { y: number[]; mser5: number; hampel: number[] };
  quantileCI: { n: number; q: number; lowerRank: number; upperRank: number; exactCoverage: number; exists: boolean }[];
  minSamplesForOneSided95UpperBound: Record<string, number>;
}>("worked/b5-b7-timeseries-latency-sizing");

function agree(value: number, reference: number, digits: number): void {
  assert.ok(matchingDigits(value, reference) >= digits, `${value} for ${reference}`);
}

for (const [name, series] of Object.entries(worked.timeSeries)) {
  const { y } = series;
  const after = y.slice(series.mser5.truncateSamples);

  Deno.test(`${name}: mser5() finds the worked truncation, its objective to 12 digits`, () => {
    const { state, truncate, objective } = mser5(y);
    assert.equal(state, "steady");
    assert.equal(truncate, series.mser5.truncateSamples);
    assert.equal(objective.length, series.mser5.objective.length);
    for (const [index, value] of objective.entries()) agree(value, series.mser5.objective[index], 12);
  });

  Deno.test(`${name}: effectiveSize() gives Geyer's τ to 12 digits, never below 1`, () => {
    const { size, tau } = effectiveSize(after);
    agree(tau, Math.max(1, series.geyerTau), 12);
    agree(size, series.ess, 12);
    // The naive error is too small by √τ.
    if (series.geyerTau > 1) agree(series.sdAfter / Math.sqrt(size), series.seEss, 12);
    agree(series.sdAfter / Math.sqrt(after.length), series.seNaive, 12);
  });

  Deno.test(`${name}: batchMeans() gives six means, their error and interval to 10 digits`, () => {
    const { means, standard_error, interval } = batchMeans(after, { batches: 6 });
    for (const [index, value] of means.entries()) agree(value, series.batchMeans6.means[index], 14);
    agree(standard_error, series.batchMeans6.se, 12);
    for (const side of [0, 1]) agree(interval[side], series.batchMeans6.ci95[side], 10);
  });

  Deno.test(`${name}: mannKendall() gives the worked score and p to 8 digits`, () => {
    const { score, variance, z, p } = mannKendall(y);
    assert.equal(score, series.mannKendall.S);
    agree(variance, series.mannKendall.varS, 14);
    agree(z, series.mannKendall.z, 13);
    agree(p, series.mannKendall.p, 8);
  });

  Deno.test(`${name}: theilSen() gives the worked slope and interval to 12 digits`, () => {
    const { slope, interval } = theilSen([y.map((value, index) => [series.sampleSeconds * index, value])]);
    agree(slope, series.theilSen.slopePerSecond, 12);
    agree(interval[0], series.theilSen.lo95, 12);
    agree(interval[1], series.theilSen.hi95, 12);
    // The worked example counts its seconds from the end of the first sample.
    agree(median(y) - slope * series.sampleSeconds * (y.length + 1) / 2, series.theilSen.intercept, 12);
  });

  Deno.test(`${name}: fitLine() gives the worked slope of least squares to 10 digits, batchMeans() the means to 14`, () => {
    const line = fitLine(y.map((_, index) => series.sampleSeconds * index), y);
    agree(line.coefficients[1], series.olsSlopePerSecond, 10);
    agree(batchMeans(y, { batches: 12 }).estimate, series.meanAll, 14);
    agree(batchMeans(after, { batches: 11 }).estimate, series.meanAfter, 14);
    const { means } = batchMeans(y, { batches: 12 });
    for (const [index, value] of means.entries()) agree(value, series.mser5.batchMeans[index], 14);
  });

  Deno.test(`${name}: hampel() names the worked positions`, () => {
    assert.deepEqual(hampel(y), series.hampelFlagged_w5_k3);
  });
}

Deno.test("30 values are too few for mser5(), whose minimum is at its bound there", () => {
  const { state, truncate } = mser5(worked.scaTools.y);
  assert.deepEqual([state, truncate], ["short", worked.scaTools.mser5]);
  assert.deepEqual(hampel(worked.scaTools.y), worked.scaTools.hampel);
});

Deno.test("mser5() finds no steady state in a series that rises to its end", () => {
  const rising = Array.from({ length: 60 }, (_, index) => index + index % 5);
  assert.equal(mser5(rising).state, "unsteady");
  assert.throws(() => mser5([1, 2, 3, 4]), /at least 5 values: current value is 4/);
});

Deno.test("quantileRanks() gives the worked ranks, their coverage to 12 digits", () => {
  assert.equal(worked.quantileCI.length, 36);
  for (const { n, q, lowerRank, upperRank, exactCoverage, exists } of worked.quantileCI) {
    const ranks = quantileRanks(n, q);
    assert.deepEqual([ranks.lower, ranks.upper, ranks.exists], [lowerRank, upperRank, exists], `n ${n}, q ${q}`);
    agree(ranks.coverage, exactCoverage, 12);
  }
});

Deno.test("quantileRanks() of a million values are those of the normal approximation within one", () => {
  const { lower, upper, exists } = quantileRanks(1_000_000, 0.99);
  const half = 1.959964 * Math.sqrt(1e6 * 0.99 * 0.01);
  assert.ok(exists && Math.abs(lower - (990_000 - half)) <= 1.5 && Math.abs(upper - (990_000 + half)) <= 1.5);
});

Deno.test("samplesForQuantile() gives the worked numbers", () => {
  for (const [q, n] of Object.entries(worked.minSamplesForOneSided95UpperBound)) {
    assert.equal(samplesForQuantile(Number(q)), n);
  }
});

Deno.test("effectiveSize() of 50,000 values of an AR(1) process is its known one within 15 %", () => {
  const random = seededRandom(3);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const values: number[] = [];
  for (let value = 0; values.length < 50_000;) values.push(value = 0.9 * value + normal());
  const expected = 50_000 * (1 - 0.9) / (1 + 0.9);
  assert.ok(Math.abs(effectiveSize(values).size / expected - 1) < 0.15, `${effectiveSize(values).size} of ${expected}`);
});

Deno.test("several series are compared within themselves only", () => {
  // Each rises; end to end they fall.
  const trend = mannKendall([10, 11, 12], [1, 2, 3]);
  assert.equal(trend.score, 6);
  agree(trend.variance, 2 * 11 / 3, 14);
  const { slope, interval } = theilSen([[[0, 10], [2, 14]], [[1, 1], [3, 5]]]);
  assert.equal(slope, 2);
  assert.deepEqual(interval, [2, 2]);
  assert.throws(() => theilSen([[[0, 1]], [[0, 3]]]), RangeError);
  assert.equal(mannKendall([4], []).p, 1);
});

Deno.test("batchMeans() and quantileRanks() refuse what cannot be", () => {
  assert.throws(() => batchMeans([1, 2, 3], { batches: 4 }), /from 2 to that: current value is 4/);
  assert.throws(() => quantileRanks(0, 0.5), /whole number from 1: current value is 0/);
  assert.throws(() => quantileRanks(10, 1), /between 0 and 1: current value is 1/);
  assert.throws(() => samplesForQuantile(0), RangeError);
});
