import assert from "node:assert/strict";
import { evaluate, fitPoints, nextLevel } from "../../src/mod.ts";
import { type FitPoint, metricFitSchema, nextLevelSchema } from "../../src/schema/mod.ts";

const LEVELS = [1, 2, 4, 8, 16, 32];

function rows(levels: readonly number[], value: (n: number, index: number) => number, replicates = 2): FitPoint[] {
  return levels.flatMap((level, index) =>
    Array.from({ length: replicates }, (_, replicate) => (
      { level, sessions: level, replicate: replicate + 1, value: value(level, index * replicates + replicate) }
    ))
  );
}

const RIGHT: [string, FitPoint[]][] = [
  ["no row", []],
  ["one row", rows([4], () => 1, 1)],
  ["one level, ten times", rows([4], (n, index) => n + index, 10)],
  ["two levels", rows([1, 2], (n) => n)],
  ["all values equal", rows(LEVELS, () => 7)],
  ["all values equal but the last", rows(LEVELS, (n) => n === 32 ? 8 : 7)],
  ["all zeros", rows(LEVELS, () => 0)],
  ["half zeros", rows(LEVELS, (n, index) => index % 2 === 0 ? 0 : n)],
  ["negative values", rows(LEVELS, (n) => -n)],
  ["zero and negative sessions", rows([-4, -1, 0, 1, 2, 4, 8, 16], (n) => Math.abs(n) + 1)],
  ["values of 1e-300", rows(LEVELS, (n) => 1e-300 * n)],
  ["values of 1e-140", rows(LEVELS, (n) => 1e-140 * n)],
  ["values of 1e140", rows(LEVELS, (n) => 1e140 * n)],
  ["values over 300 powers of ten", rows(LEVELS, (_, index) => 10 ** (25 * index - 140))],
  ["sessions close together", rows([1, 1 + 1e-9, 1 + 2e-9, 1 + 3e-9, 1 + 4e-9, 1 + 5e-9], (n) => n)],
  ["sessions of 1e12", rows(LEVELS.map((n) => 1e12 * n), (n) => n)],
  ["fractions of a session", rows(LEVELS.map((n) => n / 1000), (n) => 1 + n)],
  ["levels that all saw the same sessions", rows(LEVELS, (n) => n).map((point) => ({ ...point, sessions: 3 }))],
  [
    "levels run twice, with other sessions each time",
    rows([...LEVELS, ...LEVELS], (n) => n).map((point, index) => (
      { ...point, sessions: point.sessions * (1 + 0.01 * (index % 3)) }
    )),
  ],
  ["falling", rows(LEVELS, (n) => 10 / n)],
  ["up and down", rows(LEVELS, (_, index) => index % 2 === 0 ? 1 : 1000)],
  ["exact USL past its peak", rows(LEVELS, (n) => n / (1 + 0.1 * (n - 1) + 0.01 * n * (n - 1)))],
  ["a corner", rows([...LEVELS, 64, 128, 256], (n) => Math.min(n, 20))],
  ["a hundred levels", rows(Array.from({ length: 100 }, (_, index) => index + 1), (n, index) => n + index % 5)],
];

for (const [what, points] of RIGHT) {
  Deno.test(`a fit has a right answer in finite numbers, or says why not: ${what}`, () => {
    for (const kind of ["demand", "throughput"] as const) {
      const fit = fitPoints(points, { metric: "any", kind });
      assert.deepEqual(metricFitSchema.parse(JSON.parse(JSON.stringify(fit))), fit);
      assert.ok(fit.verdict.text.length > 10);
      if (fit.accepted) assert.ok(fit.at.every(({ prediction: [low, high] }) => low > 0 && low <= high));
      const next = nextLevel({ schema: "plimsoll.fit/1", source: "rows", metrics: { any: fit } }, 100);
      assert.deepEqual(nextLevelSchema.parse(JSON.parse(JSON.stringify(next))), next);
    }
  });
}

for (const value of [NaN, Infinity, -Infinity, 1e300]) {
  Deno.test(`a fit refuses ${value} by name, as a value and as sessions`, () => {
    for (const field of ["value", "sessions"] as const) {
      const points = rows(LEVELS, (n) => n);
      points[3][field] = value;
      assert.throws(() => fitPoints(points, { metric: "target_cores" }), (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /^Cannot fit target_cores as sessions and values must be finite/);
        assert.ok(error.message.includes(String(value)), error.message);
        return true;
      });
    }
  });
}

for (
  const [what, distinct] of [["ten levels", 10], ["a thousand levels", 1000], [
    "every row a level of its own",
    1e5,
  ]] as const
) {
  Deno.test(`a hundred thousand rows are fitted: ${what}`, () => {
    const points = Array.from({ length: 1e5 }, (_, index): FitPoint => {
      const level = 1 + index % distinct;
      return {
        level,
        sessions: level,
        replicate: 1 + Math.floor(index / distinct),
        value: 5 + 0.1 * level * (1 + 0.05 * Math.sin(index)),
      };
    });
    const fit = fitPoints(points, { metric: "any" });
    assert.equal(fit.verdict.kind, "linear");
    const { slope } = fit.models.find(({ name }) => name === "linear")!.parameters;
    assert.ok(Math.abs(slope.value - 0.1) < 0.002, `${slope.value}`);
    assert.ok(Math.abs(evaluate(fit, distinct / 2).estimate / (5 + 0.05 * distinct) - 1) < 0.02);
  });
}
