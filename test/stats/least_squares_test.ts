import assert from "node:assert/strict";
import { leastSquares } from "../../src/stats/mod.ts";
import { certified, certifiedNames, matchingDigits } from "./certified.ts";

interface NistNonlinear {
  name: string;
  /** The model as an expression in `b` and `x`. */
  modelJs: string;
  response: string;
  start1: number[];
  start2: number[];
  certified: number[];
  certifiedSd: number[];
  residualSumOfSquares: number;
  degreesOfFreedom: number;
  float64RssAndSdNotTestable?: boolean;
  dataColumns: string[];
  data: number[][];
}

for (const name of certifiedNames("nist-nonlinear")) {
  for (const from of ["start1", "start2"] as const) {
    Deno.test(`leastSquares() matches NIST ${name} from ${from} to 6 digits`, () => {
      const set = certified<NistNonlinear>(`nist-nonlinear/${name}`);
      // The files carry their model as text, so that data and model cannot drift apart.
      const model = new Function("x", "b", `return ${set.modelJs}`) as (x: unknown, b: readonly number[]) => number;
      const fit = leastSquares<unknown>({
        model,
        x: set.data.map((row) => row.length > 2 ? row.slice(1) : row[1]),
        y: set.data.map(([y]) => set.response === "log(y)" ? Math.log(y) : y),
        start: set[from],
      });
      assert.ok(fit.converged);
      assert.equal(fit.degreesOfFreedom, set.degreesOfFreedom);
      fit.parameters.forEach(({ value, standardError }, index) => {
        assert.ok(matchingDigits(value, set.certified[index]) >= 6, `b${index + 1} is ${value}`);
        if (set.float64RssAndSdNotTestable) return;
        assert.ok(matchingDigits(standardError!, set.certifiedSd[index]) >= 6, `its error is ${standardError}`);
      });
      if (!set.float64RssAndSdNotTestable) {
        assert.ok(matchingDigits(fit.residualSumOfSquares, set.residualSumOfSquares) >= 6);
      }
    });
  }
}

Deno.test("leastSquares() ends on the κ = 0 face of the raytracer sweep, as the bounded reference does", () => {
  const sweep = certified<
    { n: number[]; x: number[]; bounded: Record<string, number> & { seOfFree: Record<string, number> } }
  >(
    "usl/raytracer",
  );
  const fit = leastSquares({
    model: (n, [lambda, sigma, kappa]) => lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)),
    x: sweep.n,
    y: sweep.x,
    start: [20, 0.05, 0.001],
    bounds: [[0, Infinity], [0, Infinity], [0, Infinity]],
  });
  const [lambda, sigma, kappa] = fit.parameters;
  assert.ok(fit.converged);
  assert.ok(matchingDigits(lambda.value, sweep.bounded.lambda) >= 7);
  assert.ok(matchingDigits(sigma.value, sweep.bounded.sigma) >= 7);
  assert.ok(matchingDigits(lambda.standardError!, sweep.bounded.seOfFree.lambda) >= 6);
  assert.ok(matchingDigits(sigma.standardError!, sweep.bounded.seOfFree.sigma) >= 6);
  assert.deepEqual(kappa, { value: 0, standardError: null, interval: null });
  assert.equal(fit.degreesOfFreedom, sweep.bounded.df);
});

Deno.test("leastSquares() weights points: double weight is the same as the point twice", () => {
  const line = (x: number, [a, b]: readonly number[]) => a + b * x;
  const weighted = leastSquares({ model: line, x: [1, 2, 3], y: [1, 3, 4], weights: [1, 2, 1], start: [0, 1] });
  const repeated = leastSquares({ model: line, x: [1, 2, 2, 3], y: [1, 3, 3, 4], start: [0, 1] });
  weighted.parameters.forEach(({ value }, index) => {
    assert.ok(matchingDigits(value, repeated.parameters[index].value) >= 9);
  });
});

Deno.test("leastSquares() does not say that it converged on a plateau", () => {
  const fit = leastSquares({ model: (x, [rate]) => Math.exp(-rate * x), x: [1, 2, 3], y: [2, 2, 2], start: [800] });
  assert.equal(fit.converged, false);
  assert.equal(fit.parameters[0].standardError, null);
});

Deno.test("leastSquares() does not say that it converged when the steps run out", () => {
  const set = certified<NistNonlinear>("nist-nonlinear/MGH10");
  const fit = leastSquares({
    model: (x, [b1, b2, b3]) => b1 * Math.exp(b2 / (x + b3)),
    x: set.data.map(([, x]) => x),
    y: set.data.map(([y]) => y),
    start: set.start1,
  }, { maxIterations: 5 });
  assert.equal(fit.converged, false);
});

Deno.test("leastSquares() gives exact points no error", () => {
  const fit = leastSquares({ model: (x, [a, b]) => a + b * x, x: [1, 2, 3], y: [3, 5, 7], start: [1, 1] });
  assert.ok(fit.converged);
  assert.ok(fit.parameters[1].standardError! < 1e-12);
});

Deno.test("leastSquares() refuses what is no problem", () => {
  const model = (x: number, [a]: readonly number[]) => a * x;
  assert.throws(() => leastSquares({ model, x: [1], y: [1, 2], start: [1] }), /one entry a point: .* 1, 2, none/);
  assert.throws(
    () => leastSquares({ model, x: [1], y: [1], start: [1, 2] }),
    /current value is 1 points, 2 parameters/,
  );
  assert.throws(() => leastSquares({ model, x: [1], y: [NaN], start: [1] }), /finite: current value is NaN/);
  assert.throws(() => leastSquares({ model, x: [1], y: [1], start: [1], bounds: [] }), /bounds a parameter/);
});
