import assert from "node:assert/strict";
import { bootstrapInterval, chiSquaredTail, leastSquares, nestedF, parametricBootstrap } from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "./certified.ts";

interface KappaTest {
  rssAmdahl: number;
  rssUsl: number;
  amdahl: [number, number];
  lr: number;
  F: number;
  pF: number;
  pChi2: number;
  pHalfChi2: number;
  pBootstrap: number;
  fractionAtBoundaryUnderH0: number;
}

const worked = certified<Record<string, KappaTest>>("worked/b3-b4-selection-bands");

const usl = (n: number, [lambda, sigma, kappa]: readonly number[]) =>
  lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
const amdahl = (n: number, [lambda, sigma]: readonly number[]) => usl(n, [lambda, sigma, 0]);

for (const name of ["specsdm91", "raytracer-first6"]) {
  const { n, x } = certified<{ n: number[]; x: number[] }>(`usl/${name}`);
  const reference = worked[`bootstrapLR_${name}`];
  const fit = (y: ArrayLike<number>) => {
    const points = { x: n, y: Array.from(y) };
    const without = leastSquares({ model: amdahl, ...points, start: [x[0], 0.05] });
    const start = [...without.parameters.map(({ value }) => value), 1e-4];
    const bounds = start.map((): [number, number] => [0, Infinity]);
    return { without, with: leastSquares({ model: usl, ...points, start, bounds }) };
  };
  const gain = ({ without, with: full }: ReturnType<typeof fit>) =>
    n.length * Math.log(without.residualSumOfSquares / full.residualSumOfSquares);

  Deno.test(
    `κ = 0 on ${name}: F and χ² are R's, to 6 digits; that χ² is wrong by ${
      Math.round(reference.pF / reference.pHalfChi2)
    } times`,
    () => {
      const both = fit(x);
      const agree = (value: number, expected: number) => assert.ok(matchingDigits(value, expected) >= 6, `${value}`);
      agree(both.without.residualSumOfSquares, reference.rssAmdahl);
      agree(both.with.residualSumOfSquares, reference.rssUsl);
      both.without.parameters.forEach(({ value }, index) => agree(value, reference.amdahl[index]));
      const { f, p } = nestedF(both.without, both.with);
      agree(f, reference.F);
      agree(p, reference.pF);
      agree(gain(both), reference.lr);
      agree(chiSquaredTail(gain(both), 1), reference.pChi2);
      agree(chiSquaredTail(gain(both), 1) / 2, reference.pHalfChi2);
    },
  );

  Deno.test(`κ = 0 on ${name}: parametricBootstrap() of the likelihood ratio gives R's p within 0.01`, () => {
    const { without } = fit(x);
    const parameters = without.parameters.map(({ value }) => value);
    const { replicates: [ratios], failed } = parametricBootstrap({
      fitted: n.map((at) => amdahl(at, parameters)),
      error: Math.sqrt(without.residualSumOfSquares / n.length),
      size: 1,
      refit(y, into) {
        const both = fit(y);
        into[0] = gain(both);
        return both.without.converged && both.with.converged;
      },
    }, { replicates: 999, seed: 4 });
    assert.ok(failed <= 10, `${failed} failed`);
    const observed = gain(fit(x));
    const p = (1 + ratios.filter((ratio) => ratio >= observed).length) / (1 + ratios.length);
    assert.ok(Math.abs(p - reference.pBootstrap) <= 0.01, `${p} for ${reference.pBootstrap}`);
    const atBound = ratios.filter((ratio) => ratio < 1e-9).length / ratios.length;
    assert.ok(Math.abs(atBound - reference.fractionAtBoundaryUnderH0) < 0.06, `${atBound} at the bound`);
  });
}

Deno.test("bootstrapInterval() is R's, percentiles and BCa, to 12 digits", () => {
  const { bca } = certified<{
    bca: {
      thetaHat: number;
      replicates: number[];
      jackknife: number[];
      ci95Bca: [number, number];
      ci95Percentile: [number, number];
    };
  }>("worked/b8-starts-logbands-knee-averaging-bca");
  const plain = bootstrapInterval(bca.replicates);
  const corrected = bootstrapInterval(bca.replicates, {
    corrected: { estimate: bca.thetaHat, jackknife: bca.jackknife },
  });
  for (const side of [0, 1]) {
    assert.ok(matchingDigits(plain[side], bca.ci95Percentile[side]) >= 12, `${plain}`);
    assert.ok(matchingDigits(corrected[side], bca.ci95Bca[side]) >= 12, `${corrected}`);
  }
});

Deno.test("parametricBootstrap() scatters a mean by error/√n, and leaves out what could not be fitted", () => {
  let calls = 0;
  const { replicates: [means], failed } = parametricBootstrap({
    fitted: new Float64Array(25).fill(3),
    error: 2,
    size: 1,
    refit(y, into) {
      into[0] = y.reduce((sum, value) => sum + value, 0) / y.length;
      return calls++ % 10 !== 0;
    },
  }, { replicates: 20_000 });
  assert.deepEqual([means.length, failed], [18_000, 2000]);
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length);
  assert.ok(Math.abs(mean - 3) < 5 * 0.4 / Math.sqrt(18_000), `${mean}`);
  assert.ok(Math.abs(deviation / 0.4 - 1) < 0.03, `${deviation}`);
});

Deno.test("bootstraps refuse what is none", () => {
  const problem = { fitted: [1], error: 1, size: 1, refit: () => true };
  assert.throws(() => parametricBootstrap(problem, { replicates: 0 }), /whole number from 1: current value is 0/);
  assert.throws(() => parametricBootstrap({ ...problem, error: NaN }), /finite and not negative: current value is NaN/);
  assert.throws(() => bootstrapInterval([]), /must be replicates/);
  assert.throws(() => bootstrapInterval([1, NaN]), /all of them numbers/);
  assert.throws(() => bootstrapInterval([1, 2], { level: 0 }), /between 0 and 1: current value is 0/);
  assert.deepEqual(bootstrapInterval([4, 4, 4]), [4, 4]);
});
