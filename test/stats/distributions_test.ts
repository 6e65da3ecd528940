import assert from "node:assert/strict";
import {
  chiSquaredCdf,
  chiSquaredQuantile,
  chiSquaredTail,
  fCdf,
  fQuantile,
  fTail,
  normalCdf,
  normalQuantile,
  tCdf,
  tQuantile,
} from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "./certified.ts";

const bands = certified<{ cisco_kappaTest: Record<string, number>; bands: Record<string, { df: number; t: number }> }>(
  "worked/b3-b4-selection-bands",
);

type Row = [keyof typeof FUNCTIONS, ...number[]];

/** What R calls pnorm, qnorm, pt, qt, pf, qf, pchisq and qchisq. */
const FUNCTIONS = {
  normal: (z: number) => normalCdf(z),
  normal_quantile: (p: number) => normalQuantile(p),
  t: (t: number, degrees: number) => tCdf(t, degrees),
  t_quantile: (p: number, degrees: number) => tQuantile(p, degrees),
  f: (f: number, a: number, b: number) => fCdf(f, [a, b]),
  f_tail: (f: number, a: number, b: number) => fTail(f, [a, b]),
  f_quantile: (p: number, a: number, b: number) => fQuantile(p, [a, b]),
  chi_squared: (x: number, degrees: number) => chiSquaredCdf(x, degrees),
  chi_squared_tail: (x: number, degrees: number) => chiSquaredTail(x, degrees),
  chi_squared_quantile: (p: number, degrees: number) => chiSquaredQuantile(p, degrees),
};

const { rows } = certified<{ rows: Row[] }>("worked/distributions");

for (const [name, distribution] of Object.entries(FUNCTIONS)) {
  const known = rows.filter(([each]) => each === name);
  Deno.test(`${name}: ${known.length} values of R to 11 digits, tails of 1e-250 and 100,000 degrees of freedom among them`, () => {
    assert.ok(known.length > 10);
    for (const [, ...numbers] of known) {
      const [arguments_, reference] = [numbers.slice(0, -1), numbers.at(-1)!];
      const value = (distribution as (...values: number[]) => number)(...arguments_);
      assert.ok(matchingDigits(value, reference) >= 11, `${name}(${arguments_}) is ${value}, not ${reference}`);
    }
  });
}

const EXACT: [string, number, number][] = [
  ["t 0.975 with 1 degree of freedom, tan(0.475 π)", tQuantile(0.975, 1), Math.tan(0.475 * Math.PI)],
  ["t 0.95 with 2 degrees of freedom, 0.9·√(2/0.19)", tQuantile(0.95, 2), 0.9 * Math.sqrt(2 / 0.19)],
  ["t at 1 with 1 degree of freedom, ¾", tCdf(1, 1), 0.75],
  ["t at −√2 with 2 degrees of freedom, ½ − √2/4", tCdf(-Math.SQRT2, 2), 0.5 - Math.SQRT2 / 4],
  ["χ² at 6 with 2 degrees of freedom, 1 − e⁻³", chiSquaredCdf(6, 2), 1 - Math.exp(-3)],
  ["F 0.95 with 1 and 7, the square of t 0.975 with 7", fQuantile(0.95, [1, 7]), tQuantile(0.975, 7) ** 2],
  ["t 0.975 with 4 degrees of freedom, R qt", tQuantile(0.975, 4), bands.bands.specsdm91.t],
  ["t 0.975 with 29 degrees of freedom, R qt", tQuantile(0.975, 29), bands.bands.cisco.t],
  ["κ = 0 on cisco, R pf", fTail(bands.cisco_kappaTest.F, [1, 29]), bands.cisco_kappaTest.pF],
  ["half a χ² on cisco, R pchisq", chiSquaredTail(bands.cisco_kappaTest.lr, 1) / 2, bands.cisco_kappaTest.pHalfChi2],
];

for (const [sentence, value, reference] of EXACT) {
  Deno.test(`${sentence}, to 12 digits`, () => assert.ok(matchingDigits(value, reference) >= 12, String(value)));
}

Deno.test("distributions end where they end: 0 and 1 at infinity and below 0, ½ in the middle", () => {
  assert.deepEqual([normalCdf(-Infinity), normalCdf(0), normalCdf(Infinity)], [0, 0.5, 1]);
  assert.deepEqual([tCdf(-Infinity, 3), tCdf(0, 3), tCdf(Infinity, 3)], [0, 0.5, 1]);
  assert.deepEqual([fCdf(-1, [2, 3]), fCdf(0, [2, 3]), fCdf(Infinity, [2, 3])], [0, 0, 1]);
  assert.deepEqual([chiSquaredCdf(-1, 3), chiSquaredCdf(Infinity, 3)], [0, 1]);
  assert.deepEqual([normalQuantile(0.5), tQuantile(0.5, 3)], [0, 0]);
});

Deno.test("quantiles refuse what is no probability, and distributions what are no degrees of freedom", () => {
  assert.throws(() => normalQuantile(1), /between 0 and 1: current value is 1/);
  assert.throws(() => tQuantile(0, 3), RangeError);
  assert.throws(() => fQuantile(NaN, [1, 3]), RangeError);
  assert.throws(() => tQuantile(0.5, 0), /positive and finite: current value is 0/);
  assert.throws(() => chiSquaredQuantile(1, 1), /between 0 and 1: current value is 1/);
  for (const cdf of [normalCdf, (x: number) => tCdf(x, 1), (x: number) => fCdf(x, [1, 1])]) {
    assert.throws(() => cdf(NaN), /must be a number: current value is NaN/);
  }
  assert.throws(() => chiSquaredCdf(1, Infinity), /positive and finite: current value is Infinity/);
  assert.throws(() => fCdf(1, [1, 0]), /positive and finite: current value is 1, 0/);
});
