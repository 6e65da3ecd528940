import assert from "node:assert/strict";
import {
  batchMeans,
  breuschPagan,
  effectiveSize,
  fitLine,
  hampel,
  leastSquares,
  linearLeastSquares,
  mannKendall,
  mser5,
  quantileRanks,
  seededRandom,
  theilSen,
} from "../../src/stats/mod.ts";

const BIG = 100_000;
const random = seededRandom(5);
const noise = Array.from({ length: BIG }, () => random());
const steps = Array.from({ length: BIG }, (_, index) => index);

/** What a series can be that is no series. */
const SERIES: [string, number[]][] = [
  ["all equal", new Array(60).fill(7)],
  ["all zero", new Array(60).fill(0)],
  ["zeros and one value", [...new Array(59).fill(0), 1]],
  ["two values in turn", steps.slice(0, 60).map((index) => index % 2)],
  ["one NaN", [...noise.slice(0, 59), NaN]],
  ["one Infinity", [...noise.slice(0, 59), Infinity]],
  ["one 1e300", [...noise.slice(0, 59), 1e300]],
  ["all 1e300", new Array(60).fill(1e300)],
  ["all 1e-300", new Array(60).fill(1e-300)],
  ["1e150 with either sign", steps.slice(0, 60).map((index) => index % 2 ? 1e150 : -1e150)],
  ["five values", [1, 2, 3, 4, 5]],
  ["no values", []],
  ["100,000 values", noise],
];

/** Everything that takes a series, by what it makes of one. */
const METHODS: [string, (values: number[]) => unknown][] = [
  ["mser5", mser5],
  ["effectiveSize", effectiveSize],
  ["batchMeans", batchMeans],
  ["mannKendall", (values) => mannKendall(values)],
  ["theilSen", (values) => theilSen([values.map((value, index) => [index, value])])],
  ["hampel", hampel],
  ["fitLine", (values) => fitLine(values.map((_, index) => index), values)],
  [
    "fitLine with proportional errors",
    (values) => fitLine(values.map((_, i) => i), values, { errors: "proportional" }),
  ],
  ["breuschPagan", (values) => breuschPagan(values.map((_, index) => [1, index]), values)],
  [
    "leastSquares, a line",
    (values) => leastSquares({ model: (x, [a, b]) => a + b * x, x: values.map((_, i) => i), y: values, start: [1, 1] }),
  ],
  ["leastSquares, a decay", (values) =>
    leastSquares({
      model: (x, [a, b]) => a * Math.exp(-b * x),
      x: values.map((_, index) => index / values.length),
      y: values,
      start: [1, 1],
    }, { maxIterations: 50 })],
];

for (const [name, method] of METHODS) {
  Deno.test(`${name}: finite numbers or a RangeError that names a value, whatever the series`, () => {
    for (const [what, values] of SERIES) {
      let outcome: unknown;
      try {
        outcome = method(values);
      } catch (error) {
        assert.ok(error instanceof RangeError, `${what}: ${error}`);
        assert.match(error.message, /^Cannot /, what);
        continue;
      }
      assert.ok(values.every(Number.isFinite), `${what}: not refused`);
      checkFinite(outcome, what);
    }
  });
}

/** No NaN and no Infinity anywhere; a search that failed may show where it was. */
function checkFinite(value: unknown, what: string): void {
  if (typeof value === "number") assert.ok(Number.isFinite(value), `${what}: ${value}`);
  else if (Array.isArray(value)) {
    for (const one of value.length > 1000 ? value.slice(0, 1000) : value) checkFinite(one, what);
  } else if (value !== null && typeof value === "object") Object.values(value).forEach((one) => checkFinite(one, what));
}

Deno.test("all equal is no trend, no drift, no outlier, and one number's worth of nothing lost", () => {
  const equal = new Array(60).fill(7);
  assert.deepEqual(mannKendall(equal), { score: 0, variance: 0, z: 0, p: 1 });
  assert.deepEqual(theilSen([equal.map((value, index) => [index, value])]), { slope: 0, interval: [0, 0] });
  assert.deepEqual(hampel(equal), []);
  assert.deepEqual(effectiveSize(equal), { size: 60, tau: 1 });
  assert.deepEqual(batchMeans(equal).interval, [7, 7]);
  assert.equal(mser5(equal).truncate, 0);
});

Deno.test("one level does not make a line", () => {
  assert.throws(() => fitLine([4, 4, 4], [1, 2, 3]), /linearly independent: current value is a singular design/);
  assert.throws(() => theilSen([[[4, 1], [4, 2]]]), /two points with different x/);
  const fit = leastSquares({ model: (x, [a, b]) => a + b * x, x: [4, 4, 4], y: [1, 2, 3], start: [1, 1] });
  assert.ok(fit.parameters.every(({ standardError }) => standardError === null));
});

Deno.test("duplicated levels count as replicates: twice the points, the same line, smaller errors", () => {
  const [x, y] = [[1, 2, 4, 8], [1.1, 1.9, 4.2, 7.9]];
  const [once, twice] = [fitLine(x, y), fitLine([...x, ...x], [...y, ...y])];
  once.coefficients.forEach((value, index) => assert.ok(Math.abs(twice.coefficients[index] / value - 1) < 1e-12));
  // Six degrees of freedom for two, twice the sum of squares, twice the design.
  const shrunk = once.standardErrors![1] * Math.sqrt(2 / 6);
  assert.ok(Math.abs(twice.standardErrors![1] / shrunk - 1) < 1e-12);
});

Deno.test("100,000 rows: line, decay and slope are right, not only finished", () => {
  const x = steps.map((index) => index / BIG);
  const line = fitLine(x, x.map((at, index) => 3 + 2 * at + noise[index] - 0.5));
  assert.ok(Math.abs(line.coefficients[1] - 2) < 5 * line.standardErrors![1]);
  const decay = leastSquares({
    model: (at, [a, b]) => a * Math.exp(-b * at),
    gradient: (at, [a, b]) => [Math.exp(-b * at), -a * at * Math.exp(-b * at)],
    x,
    y: x.map((at, index) => 5 * Math.exp(-3 * at) + 0.1 * (noise[index] - 0.5)),
    start: [1, 1],
  });
  assert.ok(decay.converged);
  decay.parameters.forEach(({ value, standardError }, index) => {
    assert.ok(Math.abs(value - [5, 3][index]) < 5 * standardError!, `${value}`);
  });
  const { slope, interval } = theilSen([x.map((at, index) => [at, 2 * at + noise[index]])]);
  assert.ok(Math.abs(slope - 2) < 0.02 && interval[0] < 2 && interval[1] > 2, `${slope} in ${interval}`);
  assert.ok(mannKendall(noise).p > 1e-4);
});

Deno.test("theilSen() counts the slopes that are too many to list: the same answer", () => {
  const points = noise.slice(0, 2500).map((value, index): [number, number] => [
    Math.floor(index / 3),
    Math.round(20 * value) + index / 500,
  ]);
  const slopes: number[] = [];
  for (const [index, [x, y]] of points.entries()) {
    for (const [other, below] of points.slice(0, index)) if (x > other) slopes.push((y - below) / (x - other));
  }
  const sorted = Float64Array.from(slopes).sort();
  assert.ok(sorted.length > 2_000_000);
  const median = (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
  const { slope, interval } = theilSen([points]);
  assert.ok(Math.abs(slope - median) < 1e-12, `${slope} for ${median}`);
  assert.ok(interval[0] < slope && slope < interval[1]);
  const share = (value: number) => sorted.findIndex((each) => each > value) / sorted.length;
  assert.ok(Math.abs(share(interval[0]) + share(interval[1]) - 1) < 1e-3);
});

Deno.test("linearLeastSquares() with a design of 1e300, NaN or zeros is refused with the value", () => {
  assert.throws(() => linearLeastSquares([[1e300], [1]], [1, 2]), /at most 1e150: current value is 1e\+300/);
  assert.throws(() => linearLeastSquares([[NaN], [1]], [1, 2]), /finite .*: current value is NaN/);
  assert.throws(() => linearLeastSquares([[0], [0]], [1, 2]), /linearly independent/);
});

Deno.test("leastSquares() with bounds that are no bounds, weights that are none, and too many faces is refused", () => {
  const model = (x: number, [a]: readonly number[]) => a * x * x;
  const problem = { model, x: [1, 2], y: [1, 4], start: [1] };
  assert.throws(() => leastSquares({ ...problem, bounds: [[2, 1]] }), /lower bound .*: current value is 2,1/);
  assert.throws(() => leastSquares({ ...problem, bounds: [[NaN, 1]] }), /lower bound .*: current value is NaN,1/);
  assert.throws(() => leastSquares({ ...problem, weights: [1, -1] }), /weights .*: current value is -1/);
  assert.throws(() => leastSquares({ ...problem, x: [1, NaN] }), /every x must be finite: current value is NaN/);
  assert.throws(() => leastSquares(problem, { level: 1 }), /level must be between 0 and 1: current value is 1/);
  assert.throws(
    () => leastSquares({ model: () => NaN, x: [1, 2], y: [1, 4], start: [1] }),
    /model must be finite at the start, or near it: the sum of squares is NaN/,
  );
  const many = Array.from({ length: 12 }, () => [-1, -0.5] as const);
  assert.throws(
    () =>
      leastSquares({
        model: (x, b) => b.reduce((sum, value, power) => sum + value * x ** power, 0) ** 2,
        x: steps.slice(0, 20),
        y: steps.slice(0, 20),
        start: many.map(() => -0.7),
        bounds: many,
      }, { maxIterations: 3 }),
    /at most 10000 ways: current value is 531441/,
  );
});

Deno.test("quantileRanks() of 100,000 values takes no time and gives ranks of 1 to n", () => {
  for (const q of [1e-9, 0.5, 0.999999]) {
    const { lower, upper, coverage } = quantileRanks(BIG, q);
    assert.ok(lower >= 0 && upper <= BIG + 1 && coverage > 0.9, `${q}: ${lower}, ${upper}, ${coverage}`);
  }
});
