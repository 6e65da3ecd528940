import assert from "node:assert/strict";
import { median } from "simple-statistics";
import {
  fitLine,
  type LinearFit,
  normalQuantile,
  predictLinear,
  sandwich,
  seededRandom,
  tQuantile,
} from "../../src/stats/mod.ts";
import { certified } from "./certified.ts";

const { results } = certified<
  { results: Record<string, Record<string, { cover: number[]; halfWidth: number[] }>> }
>("worked/coverage-linear");

const LEVELS = [1, 2, 4, 8, 16, 32];
const REPLICATES = 3;
const AT = [16, 64, 100];
const SIMULATIONS = 2000;
const truth = (n: number) => 1.8 + 0.25 * n;
const x = LEVELS.flatMap((n) => new Array<number>(REPLICATES).fill(n));
const design = x.map((n) => [1, n]);

/** One run of a level; `shared` is what its replicates have in common. */
const ERRORS: Record<string, (n: number, shared: number, own: number) => number> = {
  "homoscedastic sd=.1": (_, __, own) => 0.1 * own,
  "sd=0.03+0.012N": (n, _, own) => (0.03 + 0.012 * n) * own,
  "sd prop to mean 3%": (n, _, own) => 0.03 * truth(n) * own,
  "level effect 3% + rep 1% (prop)": (n, shared, own) => truth(n) * (0.03 * shared + 0.01 * own),
};

type Band = { value: number; half: number };
type Method = (y: number[], n: number) => Band;

const byFit = (fit: LinearFit, n: number): Band => {
  const { value, confidence } = predictLinear(fit, [1, n]);
  return { value, half: confidence[1] - value };
};
const bySandwich = (kind: "HC2" | "HC3" | "cluster", degreesOfFreedom: number): Method => (y, n) => {
  const { coefficients: [intercept, slope] } = fitLine(x, y);
  const [[a, b], [, c]] = sandwich(design, y, { kind, clusters: x });
  return {
    value: intercept + slope * n,
    half: tQuantile(0.975, degreesOfFreedom) * Math.sqrt(a + 2 * b * n + c * n * n),
  };
};
const means = (y: number[]) =>
  LEVELS.map((_, level) => {
    const runs = y.slice(REPLICATES * level, REPLICATES * (level + 1));
    return runs.reduce((sum, value) => sum + value, 0) / REPLICATES;
  });

const METHODS: Record<string, Method> = {
  "OLS": (y, n) => byFit(fitLine(x, y), n),
  "OLS HC3": bySandwich("HC3", x.length - 2),
  "OLS HC2": bySandwich("HC2", x.length - 2),
  "OLS cluster CR1, t(L-1)": bySandwich("cluster", LEVELS.length - 1),
  "WLS 1/N": (y, n) => byFit(fitLine(x, y, { weights: x.map((at) => 1 / at) }), n),
  "WLS 1/N^2": (y, n) => byFit(fitLine(x, y, { weights: x.map((at) => 1 / at ** 2) }), n),
  "IRLS 1/fitted^2 (constant CV)": (y, n) => byFit(fitLine(x, y, { errors: "proportional" }), n),
  "IRLS on level means, t(L-2)": (y, n) => byFit(fitLine(LEVELS, means(y), { errors: "proportional" }), n),
};

for (const [scenario, error] of Object.entries(ERRORS)) {
  const reference = results[scenario];
  const raw = reference["OLS"].cover[2].toFixed(0);
  const averaged = reference["IRLS on level means, t(L-2)"].cover[2].toFixed(0);
  Deno.test(`95 % bands with errors "${scenario}" cover as often as R's: runs by OLS ${raw} %, level means ${averaged} %`, () => {
    const random = seededRandom(11);
    const normal = () => normalQuantile(random() + 2 ** -33);
    const tally = Object.keys(METHODS).map(() => AT.map(() => ({ held: 0, halves: [] as number[] })));
    for (let simulation = 0; simulation < SIMULATIONS; simulation++) {
      const y = LEVELS.flatMap((n) => {
        const shared = normal();
        return Array.from({ length: REPLICATES }, () => truth(n) + error(n, shared, normal()));
      });
      Object.values(METHODS).forEach((method, row) =>
        AT.forEach((n, column) => {
          const { value, half } = method(y, n);
          tally[row][column].halves.push(half);
          if (Math.abs(value - truth(n)) <= half) tally[row][column].held += 1 / SIMULATIONS;
        })
      );
    }
    Object.keys(METHODS).forEach((name, row) =>
      AT.forEach((n, column) => {
        const { held, halves } = tally[row][column];
        const width = median(halves);
        const [cover, half] = [reference[name].cover[column] / 100, reference[name].halfWidth[column]];
        // Four standard errors of the simulation, and what rounding to 0.1 % hides.
        const tolerance = 4 * Math.sqrt(cover * (1 - cover) / SIMULATIONS) + 0.002;
        assert.ok(Math.abs(held - cover) <= tolerance, `${name} at ${n} covers ${held}, not ${cover}`);
        assert.ok(Math.abs(width / half - 1) <= 0.04, `${name} at ${n} is ${width} wide, not ${half}`);
      })
    );
  });
}
