import assert from "node:assert/strict";
import { linearLeastSquares } from "../../src/stats/mod.ts";
import { certified, certifiedNames, matchingDigits } from "./certified.ts";

interface NistLinear {
  kind: "poly" | "multi";
  degree?: number;
  intercept: boolean;
  certified: number[];
  certifiedSd: number[];
  data: number[][];
}

/** Filip's powers of x up to 10 have a condition number of 1e15: half of a float's digits are gone before it starts. */
const EXPECTED_DIGITS: Record<string, number> = { Filip: 7 };

for (const name of certifiedNames("nist-linear")) {
  const digits = EXPECTED_DIGITS[name] ?? 9;
  Deno.test(`linearLeastSquares() matches NIST ${name} to ${digits} digits`, () => {
    const set = certified<NistLinear>(`nist-linear/${name}`);
    const first = set.intercept ? 0 : 1;
    const design = set.data.map(([, ...x]) =>
      set.kind === "poly" ? Array.from({ length: set.degree! + 1 - first }, (_, j) => x[0] ** (j + first)) : [1, ...x]
    );
    const fit = linearLeastSquares(design, set.data.map(([y]) => y));
    fit.coefficients.forEach((value, index) => {
      assert.ok(matchingDigits(value, set.certified[index]) >= digits, `b${index} is ${value}`);
      // An exact fit has standard deviations of zero, which rounding can only approach.
      const sd = set.certifiedSd[index];
      const error = fit.standardErrors![index];
      if (sd === 0) assert.ok(error < 1e-6, `its error is ${error}`);
      else assert.ok(matchingDigits(error, sd) >= digits, `its error is ${error}`);
    });
  });
}

Deno.test("linearLeastSquares() refuses columns that say the same", () => {
  assert.throws(() => linearLeastSquares([[1, 2], [1, 2], [1, 2]], [1, 2, 3]), /linearly independent/);
  assert.throws(() => linearLeastSquares([[1, 2]], [1]), /1 points, 1 values, 2 coefficients/);
});
