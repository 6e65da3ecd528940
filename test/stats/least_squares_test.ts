import assert from "node:assert/strict";
import { leastSquares, type LeastSquaresFit, type LeastSquaresProblem, seededRandom } from "../../src/stats/mod.ts";
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

/** The files carry their model as text, so that data and model cannot drift apart. */
function nistProblem(name: string): NistNonlinear & LeastSquaresProblem<unknown> {
  const set = certified<NistNonlinear>(`nist-nonlinear/${name}`);
  return {
    ...set,
    model: new Function("x", "b", `return ${set.modelJs}`) as LeastSquaresProblem<unknown>["model"],
    x: set.data.map((row) => row.length > 2 ? row.slice(1) : row[1]),
    y: set.data.map(([y]) => set.response === "log(y)" ? Math.log(y) : y),
    start: set.start1,
  };
}

function checkNist(set: NistNonlinear, fit: LeastSquaresFit): void {
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
}

for (const name of certifiedNames("nist-nonlinear")) {
  for (const from of ["start1", "start2"] as const) {
    Deno.test(`leastSquares() matches NIST ${name} from ${from} to 6 digits`, () => {
      const set = nistProblem(name);
      checkNist(set, leastSquares({ ...set, start: set[from] }));
    });
  }

  Deno.test(`leastSquares() matches NIST ${name} with weights, and within bounds that do not bind`, () => {
    const set = nistProblem(name);
    const { certified, start2 } = set;
    const wide = certified.map((value): [number, number] => value > 0 ? [0, Infinity] : [-Infinity, 0]);
    checkNist(set, leastSquares({ ...set, start: start2, bounds: wide }));
    const weighted = leastSquares({ ...set, start: start2, weights: set.data.map(() => 4) });
    checkNist(set, { ...weighted, residualSumOfSquares: weighted.residualSumOfSquares / 4 });
  });

  Deno.test(`leastSquares() says nothing wrong about NIST ${name}, wherever it starts`, () => {
    const set = nistProblem(name);
    const random = seededRandom(7);
    for (let trial = 0; trial < 6; trial++) {
      const start = set.start2.map((value) => value * 3 ** (2 * random() - 1));
      const fit = leastSquares({ ...set, start }, { maxIterations: 300 });
      // Some sets have other minima: there the sum of squares must not get less in any direction.
      const optimum = fit.residualSumOfSquares <= set.residualSumOfSquares * (1 + 1e-6) + 1e-20;
      if (fit.converged && !optimum) checkMinimum(set, fit);
      if (!fit.converged || !optimum) continue;
      const near = fit.parameters.every(({ value }, index) => matchingDigits(value, set.certified[index]) >= 3);
      if (near) checkNist(set, fit);
      // As good a fit with other parameters: only where terms can change places, or signs.
      else assert.match(set.name, /^(Lanczos|ENSO|Gauss|Eckerle)/, `${fit.parameters.map(({ value }) => value)}`);
    }
  });
}

function checkMinimum(set: LeastSquaresProblem<unknown>, fit: LeastSquaresFit): void {
  const sum = (parameters: number[]) =>
    set.x.reduce((total: number, x, i) => total + (set.y[i] - set.model(x, parameters)) ** 2, 0);
  const values = fit.parameters.map(({ value }) => value);
  values.forEach((value, index) => {
    for (const side of [-1, 1]) {
      const moved = sum(values.with(index, value * (1 + 1e-4 * side) || side * 1e-6));
      assert.ok(moved >= fit.residualSumOfSquares * (1 - 1e-9), `not a minimum: ${values}`);
    }
  });
}

interface NistLinear {
  name: string;
  kind: "poly" | "multi";
  degree?: number;
  intercept: boolean;
  certified: number[];
  certifiedSd: number[];
  data: number[][];
}

for (const name of certifiedNames("nist-linear")) {
  const set = certified<NistLinear>(`nist-linear/${name}`);
  const first = set.intercept ? 0 : 1;
  const terms = (x: readonly number[]) =>
    set.kind === "poly" ? Array.from({ length: set.degree! + 1 - first }, (_, j) => x[0] ** (j + first)) : [1, ...x];
  for (const [from, start] of [["zeros", 0], ["ones", 1], ["a thousand", 1000]] as const) {
    Deno.test(`leastSquares() matches NIST ${name}, a linear set, from ${from}, with and without derivatives`, () => {
      for (const gradient of [undefined, terms]) {
        const fit = leastSquares<number[]>({
          model: (x, b) => terms(x).reduce((sum, term, j) => sum + term * b[j], 0),
          gradient,
          x: set.data.map(([, ...x]) => x),
          y: set.data.map(([y]) => y),
          start: set.certified.map(() => start),
        });
        assert.ok(fit.converged);
        fit.parameters.forEach(({ value, standardError }, index) => {
          assert.ok(matchingDigits(value, set.certified[index]) >= 6, `b${index} is ${value}`);
          const sd = set.certifiedSd[index];
          // An exact fit has standard deviations of zero, which rounding can only approach.
          assert.ok(sd === 0 ? standardError! < 1e-6 : matchingDigits(standardError!, sd) >= 6, `±${standardError}`);
        });
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

Deno.test("leastSquares() leaves a point of weight 0 out, from the degrees of freedom too", () => {
  const model = (x: number, [a, b]: readonly number[]) => a * Math.exp(b * x);
  const [x, y] = [[0, 1, 2, 3, 4], [1, 1.7, 2.6, 4.6, 7.4]];
  const without = leastSquares({ model, x, y, start: [1, 0.4] });
  const zero = leastSquares({ model, x: [...x, 5], y: [...y, 99], weights: [1, 1, 1, 1, 1, 0], start: [1, 0.4] });
  assert.equal(zero.degreesOfFreedom, without.degreesOfFreedom);
  zero.parameters.forEach(({ value, standardError }, index) => {
    assert.ok(matchingDigits(value, without.parameters[index].value) >= 10);
    assert.ok(matchingDigits(standardError!, without.parameters[index].standardError!) >= 9);
  });
});

Deno.test("leastSquares() does not say that it converged where a parameter has no effect", () => {
  // Its square leaves the optimum at 0 a place where the derivative vanishes, and so does everything far out.
  const model = (x: number, [root]: readonly number[]) => Math.exp(-root * root * x);
  for (const start of [800, 0]) {
    const fit = leastSquares({ model, x: [1, 2, 3], y: [2, 2, 2], start: [start] });
    assert.equal(fit.converged, false);
    assert.equal(fit.parameters[0].standardError, null);
  }
});

Deno.test("leastSquares() finds its way back from a plateau", () => {
  const problem = { model: (x: number, [rate]: readonly number[]) => Math.exp(-rate * x), x: [1, 2, 3], y: [2, 2, 2] };
  const [near, far] = [-0.3, 800].map((rate) => leastSquares({ ...problem, start: [rate] }));
  assert.ok(near.converged && far.converged);
  assert.ok(matchingDigits(far.parameters[0].value, near.parameters[0].value) >= 9);
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
