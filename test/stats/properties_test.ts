import assert from "node:assert/strict";
import fc from "fast-check";
import {
  batchMeans,
  effectiveSize,
  fitLine,
  hampel,
  leastSquares,
  mannKendall,
  mser5,
  parametricBootstrap,
  predictLinear,
  quantileRanks,
  seededRandom,
  shuffle,
  tCdf,
  theilSen,
  tQuantile,
} from "../../src/stats/mod.ts";
import { matchingDigits } from "./certified.ts";

/** The same runs every time; a failure names the seed and the path to its smallest case. */
const SETTINGS = { seed: 20_261_126, numRuns: 100 };

/** A line's points at 6 to 20 levels, with a scatter of up to a tenth. */
const sweep = fc.record({
  intercept: fc.double({ min: 0.1, max: 10, noNaN: true }),
  slope: fc.double({ min: 0.01, max: 10, noNaN: true }),
  levels: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 6, maxLength: 20 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
}).map(({ intercept, slope, levels, seed }) => {
  const random = seededRandom(seed);
  const x = levels.toSorted((a, b) => a - b);
  return { x, y: x.map((n) => (intercept + slope * n) * (0.95 + 0.1 * random())), seed };
});
const scale = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const series = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 60, maxLength: 120 });

/** Exact up to rounding, which a badly placed set of levels makes larger. */
function agree(value: number, expected: number, size = Math.abs(expected)): void {
  assert.ok(
    Math.abs(value - expected) <= 1e-8 * size || matchingDigits(value, expected) >= 8,
    `${value} for ${expected}`,
  );
}

Deno.test("fitLine() in other units is the same line in other units, errors included", () => {
  fc.assert(
    fc.property(sweep, scale, scale, ({ x, y }, unit, count) => {
      const line = fitLine(x, y);
      const other = fitLine(x.map((n) => n * count), y.map((value) => value * unit));
      const size = Math.abs(line.coefficients[0]) + line.standardErrors![0];
      agree(other.coefficients[0] / unit, line.coefficients[0], size);
      agree(other.coefficients[1] / unit * count, line.coefficients[1]);
      agree(other.standardErrors![1] / unit * count, line.standardErrors![1]);
    }),
    SETTINGS,
  );
});

Deno.test("fits do not depend on the order of the points", () => {
  fc.assert(
    fc.property(sweep, ({ x, y, seed }) => {
      const order = shuffle(x.map((_, index) => index), seededRandom(seed));
      const [x2, y2] = [order.map((index) => x[index]), order.map((index) => y[index])];
      const [line, other] = [fitLine(x, y), fitLine(x2, y2)];
      const size = Math.abs(line.coefficients[0]) + line.standardErrors![0];
      agree(other.coefficients[0], line.coefficients[0], size);
      agree(other.coefficients[1], line.coefficients[1]);
      const [proportional, shuffled] = [[x, y], [x2, y2]].map(([x, y]) => fitLine(x, y, { errors: "proportional" }));
      agree(shuffled.coefficients[1], proportional.coefficients[1]);
      const points = x.map((n, index): [number, number] => [n, y[index]]);
      const slope = theilSen([points]);
      assert.deepEqual(theilSen([order.map((index) => points[index])]), slope);
    }),
    SETTINGS,
  );
});

Deno.test("leastSquares() of a saturating curve is the same in other units and in another order", () => {
  const model = (n: number, [top, half]: readonly number[]) => top * n / (half + n);
  fc.assert(
    fc.property(sweep, scale, ({ x, seed }, unit) => {
      const random = seededRandom(seed);
      const y = x.map((n) => model(n, [50, 40]) * (0.98 + 0.04 * random()));
      const fit = leastSquares({ model, x, y, start: [60, 60] });
      const order = shuffle(x.map((_, index) => index), random);
      const other = leastSquares({
        model,
        x: order.map((index) => x[index]),
        y: order.map((index) => y[index] * unit),
        start: [60 * unit, 60],
      });
      // Levels all far above the half way point do not determine it.
      fc.pre(fit.converged && other.converged);
      fit.parameters.forEach(({ value, standardError }, index) => {
        const size = index === 0 ? unit : 1;
        agree(other.parameters[index].value / size, value, Math.abs(value) + standardError!);
        assert.ok(matchingDigits(other.parameters[index].standardError! / size, standardError!) >= 5);
      });
    }),
    SETTINGS,
  );
});

Deno.test("a line's band widens with the distance from its points", () => {
  fc.assert(
    fc.property(sweep, ({ x, y }) => {
      const line = fitLine(x, y);
      const centre = x.reduce((sum, n) => sum + n, 0) / x.length;
      const widths = [0, 1, 2, 4, 8].map((times) => {
        const { confidence: [lower, upper] } = predictLinear(line, [1, centre + times * (x[x.length - 1] - x[0])]);
        return upper - lower;
      });
      for (let index = 1; index < widths.length; index++) assert.ok(widths[index] > widths[index - 1], `${widths}`);
    }),
    SETTINGS,
  );
});

Deno.test("a line's band shrinks with data: every point twice, by more than √2 at the same place", () => {
  fc.assert(
    fc.property(sweep, ({ x, y }) => {
      const width = (line: ReturnType<typeof fitLine>) => {
        const { confidence: [lower, upper] } = predictLinear(line, [1, 2 * x[x.length - 1]]);
        return upper - lower;
      };
      assert.ok(width(fitLine([...x, ...x], [...y, ...y])) < width(fitLine(x, y)) / Math.SQRT2);
    }),
    SETTINGS,
  );
});

Deno.test("trend, slope, warm-up, outliers and effective size follow the unit of a series, or do not see it", () => {
  fc.assert(
    // A power of two is a unit that rounds nothing.
    fc.property(series, fc.integer({ min: -20, max: 20 }), (values, power) => {
      const unit = 2 ** power;
      const other = values.map((value) => value * unit);
      assert.deepEqual(mannKendall(other), mannKendall(values));
      assert.deepEqual(hampel(other), hampel(values));
      assert.deepEqual(effectiveSize(other), effectiveSize(values));
      assert.equal(mser5(other).truncate, mser5(values).truncate);
      const inTime = (y: number[]) => theilSen([y.map((value, index) => [index, value])]);
      assert.equal(inTime(other).slope, inTime(values).slope * unit);
      assert.equal(batchMeans(other).standard_error, batchMeans(values).standard_error * unit);
    }),
    SETTINGS,
  );
});

Deno.test("a series read backwards has the opposite trend", () => {
  fc.assert(
    fc.property(series, (values) => {
      const back = values.toReversed();
      assert.equal(mannKendall(back).score, 0 - mannKendall(values).score);
      const slope = (y: number[]) => theilSen([y.map((value, index) => [index, value])]).slope;
      agree(slope(back), -slope(values));
    }),
    SETTINGS,
  );
});

Deno.test("t quantiles rise with the probability, fall with the degrees of freedom, and are the inverse of the cdf", () => {
  const probability = fc.double({ min: 0.501, max: 0.99999, noNaN: true });
  const degrees = fc.double({ min: 0.5, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(probability, degrees, (p, df) => {
      const t = tQuantile(p, df);
      assert.ok(matchingDigits(tCdf(t, df), p) >= 12);
      assert.ok(tQuantile(1 - (1 - p) / 2, df) > t && tQuantile(p, 2 * df) < t);
      agree(tQuantile(1 - p, df), -t);
    }),
    SETTINGS,
  );
});

Deno.test("quantileRanks() covers at least what was asked for, and no rank can be left out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (n, q) => {
      const { lower, upper, coverage, exists } = quantileRanks(n, q);
      assert.ok(lower < upper && lower >= 0 && upper <= n + 1);
      if (exists) assert.ok(coverage >= 0.95 && coverage <= 1 + 1e-12, `${coverage}`);
    }),
    SETTINGS,
  );
});

Deno.test("seeds reproduce: the same numbers, order and bootstrap; another seed, others", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 }), (seed) => {
      const draw = (from: number) => {
        const random = seededRandom(from);
        return Array.from({ length: 8 }, random);
      };
      assert.deepEqual(draw(seed), draw(seed));
      assert.notDeepEqual(draw(seed), draw(seed + 1));
      const items = Array.from({ length: 30 }, (_, index) => index);
      assert.deepEqual(shuffle(items, seededRandom(seed)), shuffle(items, seededRandom(seed)));
      const simulate = (from: number) =>
        parametricBootstrap({
          fitted: [1, 2, 3],
          error: 1,
          size: 3,
          refit(y, into) {
            into.set(y);
            return true;
          },
        }, { replicates: 5, seed: from }).replicates;
      assert.deepEqual(simulate(seed), simulate(seed));
      assert.notDeepEqual(simulate(seed), simulate(seed + 1));
    }),
    SETTINGS,
  );
});
