import assert from "node:assert/strict";
import { fCdf, fQuantile, normalCdf, normalQuantile, tCdf, tQuantile } from "../../src/stats/mod.ts";
import { certified, matchingDigits } from "./certified.ts";

const worked = certified<
  { critical: Record<string, number>; nestedF: Record<string, number>; lackOfFit: Record<string, number> }
>(
  "worked/b1-linear",
);
const bands = certified<{ cisco_kappaTest: Record<string, number>; bands: Record<string, { df: number; t: number }> }>(
  "worked/b3-b4-selection-bands",
);

const QUANTILES: [string, number, number][] = [
  ["normal 0.975, R qnorm", normalQuantile(0.975), 1.959963984540054],
  ["normal 0.95, R qnorm", normalQuantile(0.95), 1.644853626951473],
  ["normal 0.001, R qnorm", normalQuantile(0.001), -3.090232306167814],
  ["t 0.975 with 1 degree of freedom, tan(0.475 π)", tQuantile(0.975, 1), Math.tan(0.475 * Math.PI)],
  ["t 0.95 with 2 degrees of freedom, 0.9·√(2/0.19)", tQuantile(0.95, 2), 0.9 * Math.sqrt(2 / 0.19)],
  ["t 0.975 with 22 degrees of freedom, R qt", tQuantile(0.975, 22), worked.critical.t22_975],
  ["t 0.95 with 22 degrees of freedom, R qt", tQuantile(0.95, 22), worked.critical.t22_95],
  ["t 0.975 with 4 degrees of freedom, R qt", tQuantile(0.975, 4), bands.bands.specsdm91.t],
  ["t 0.975 with 29 degrees of freedom, R qt", tQuantile(0.975, 29), bands.bands.cisco.t],
  ["F 0.95 with 2 and 22, R qf", fQuantile(0.95, [2, 22]), worked.critical.F_2_22_95],
  ["F 0.95 with 6 and 16, R qf", fQuantile(0.95, [6, 16]), worked.critical.F_6_16_95],
];

for (const [sentence, value, reference] of QUANTILES) {
  Deno.test(`quantile: ${sentence}, to 8 digits`, () =>
    assert.ok(matchingDigits(value, reference) >= 8, String(value)));
}

const PROBABILITIES: [string, number, number][] = [
  ["normal at 1, R pnorm", normalCdf(1), 0.841344746068543],
  ["normal at −3, R pnorm", normalCdf(-3), 0.00134989803163009],
  ["t at 1 with 1 degree of freedom, exactly ¾", tCdf(1, 1), 0.75],
  ["t at −√2 with 2 degrees of freedom, ½ − √2/4", tCdf(-Math.SQRT2, 2), 0.5 - Math.SQRT2 / 4],
  ["nested F of a line, R anova", 1 - fCdf(worked.nestedF.F, [1, 21]), worked.nestedF.p],
  ["lack-of-fit F of a line, R anova", 1 - fCdf(worked.lackOfFit.F, [6, 16]), worked.lackOfFit.p],
];

for (const [sentence, value, reference] of PROBABILITIES) {
  Deno.test(`probability: ${sentence}, to 8 digits`, () => {
    assert.ok(matchingDigits(value, reference) >= 8, String(value));
  });
}

Deno.test("fCdf() leaves 1.5e-8 of a tail to 1e-12", () => {
  const { F, pF } = bands.cisco_kappaTest;
  assert.ok(Math.abs(1 - fCdf(F, [1, 29]) - pF) < 1e-12);
});

Deno.test("quantiles refuse what is no probability, and distributions what are no degrees of freedom", () => {
  assert.throws(() => normalQuantile(1), /between 0 and 1: current value is 1/);
  assert.throws(() => tQuantile(0, 3), RangeError);
  assert.throws(() => fQuantile(NaN, [1, 3]), RangeError);
  assert.throws(() => tQuantile(0.5, 0), /positive: current value is 0/);
  assert.throws(() => fCdf(1, [1, 0]), /positive: current value is 1, 0/);
});
