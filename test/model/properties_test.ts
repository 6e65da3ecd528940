import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate, fitPoints } from "../../src/model/mod.ts";
import type { FitPoint, MetricFit } from "../../src/schema/mod.ts";
import { metricFitSchema } from "../../src/schema/mod.ts";
import { seededRandom, shuffle } from "../../src/stats/mod.ts";
import { simulate } from "./simulate.ts";

/** The same runs every time; a failure names the seed and the path to its smallest case. */
const SETTINGS = { seed: 20_261_126, numRuns: 40 };

/** A sweep with a base, a slope and something that bends it, 5 to 9 levels of two runs. */
const sweep = fc.record({
  base: fc.double({ min: 0, max: 10, noNaN: true }),
  slope: fc.double({ min: 0.01, max: 10, noNaN: true }),
  bend: fc.double({ min: 0, max: 0.05, noNaN: true }),
  levels: fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 5, maxLength: 9 }),
  kind: fc.constantFrom("demand" as const, "throughput" as const),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
}).map(({ base, slope, bend, levels, kind, seed }) => ({
  kind,
  seed,
  points: simulate((n) => (base + slope * n) / (1 + bend * (n - 1)), {
    levels: levels.toSorted((a, b) => a - b),
    replicates: 2,
    noise: 0.03,
    seed,
  }),
}));

function fitOf({ points, kind }: { points: FitPoint[]; kind: MetricFit["kind"] }): MetricFit {
  return fitPoints(points, { metric: "any", kind });
}

function numbersOf({ at }: MetricFit): number[] {
  return at.flatMap(({ estimate, confidence, prediction, sizing_upper }) => [
    estimate,
    ...confidence,
    ...prediction,
    sizing_upper,
  ]);
}

Deno.test("a fit in another unit is the same fit", () => {
  fc.assert(
    fc.property(sweep, fc.constantFrom(1e-6, 1 / 1024, 8, 1e6), ({ points, kind }, factor) => {
      const fit = fitOf({ points, kind });
      const scaled = fitOf({ points: points.map((point) => ({ ...point, value: factor * point.value })), kind });
      assert.equal(scaled.accepted, fit.accepted);
      assert.equal(scaled.verdict.kind, fit.verdict.kind);
      const [ours, theirs] = [numbersOf(fit), numbersOf(scaled)];
      ours.forEach((value, index) => {
        // A band that says 10²⁰ says nothing, in either unit.
        if (value < 1e12) assert.ok(Math.abs(theirs[index] / (factor * value) - 1) < 1e-3, `${value} ${theirs[index]}`);
      });
    }),
    SETTINGS,
  );
});

Deno.test("the order of the rows changes nothing", () => {
  fc.assert(
    fc.property(sweep, ({ points, kind, seed }) => {
      const mixed = shuffle(points, seededRandom(seed));
      assert.deepEqual(fitOf({ points: mixed, kind }), fitOf({ points, kind }));
    }),
    SETTINGS,
  );
});

Deno.test("the same seed gives the same sweep and the same fit, as plain data of finite numbers", () => {
  fc.assert(
    fc.property(sweep, (one) => {
      const fit = fitOf(one);
      assert.deepEqual(fitOf(structuredClone(one)), fit);
      assert.deepEqual(metricFitSchema.parse(JSON.parse(JSON.stringify(fit))), fit);
      assert.ok(numbersOf(fit).every((value) => Number.isFinite(value) && value > 0));
      if (fit.verdict.kind === "inconclusive") assert.match(fit.verdict.text, /Run [\d, ]+ sessions next/);
    }),
    SETTINGS,
  );
});

/** The line alone, whatever else was fitted. */
function lineOf(points: FitPoint[]): MetricFit {
  const fit = fitPoints(points, { metric: "any", at: [] });
  return {
    ...fit,
    accepted: "linear",
    models: fit.models.filter(({ name }) => name === "linear").map((model) => ({ ...model, score: null })),
  };
}

Deno.test("the band of a line widens with the distance from its levels", () => {
  fc.assert(
    fc.property(sweep, ({ points }) => {
      const line = lineOf(points);
      const width = (share: number) => {
        const { confidence: [lower, upper] } = evaluate(line, share * line.range[1]);
        return upper - lower;
      };
      const widths = [1, 1.5, 2, 3, 4, 8].map(width);
      widths.slice(1).forEach((wider, index) => assert.ok(wider > widths[index], widths.join()));
    }),
    SETTINGS,
  );
});

Deno.test("the band of a line narrows with more levels that scatter alike", () => {
  fc.assert(
    fc.property(sweep, ({ points }) => {
      // Each level a second time, as a level of its own.
      const more = [...points, ...points.map((point) => ({ ...point, level: point.level + 0.5 }))];
      const [few, many] = [lineOf(points), lineOf(more)];
      for (const share of [0.5, 1, 2, 4]) {
        const sessions = share * few.range[1];
        for (const band of ["confidence", "prediction"] as const) {
          const [wide, narrow] = [few, many].map((fit) => evaluate(fit, sessions)[band]);
          assert.ok(narrow[1] / narrow[0] < wide[1] / wide[0], `${band} at ${sessions}: ${narrow} ${wide}`);
        }
      }
    }),
    SETTINGS,
  );
});
