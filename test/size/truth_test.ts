/** Whether sizes hold where the truth is known; `deno task bench sizing` has the numbers of a thousand sweeps, beside their goals. */
import assert from "node:assert/strict";
import { fare, TRUTHS } from "../bench/sizing.ts";

const SIMULATIONS = 100;

for (const truth of TRUTHS.filter(({ kind }) => kind === "linear")) {
  Deno.test(`the upper bound at 4 times the top level covers a ${truth.name} in 95 % of sweeps, and is of use`, () => {
    const { covered, ratio } = fare(truth, { simulations: SIMULATIONS });
    // Of 100 at 95 % fewer than 90 come by chance once in 100.
    assert.ok(covered >= 0.9, `${covered}`);
    assert.ok(ratio <= 1.5, `the median bound is ${ratio} of the truth`);
  });
  Deno.test(`the upper bound at the top level covers a ${truth.name}, and is within 15 % of it`, () => {
    const { covered, ratio } = fare(truth, { simulations: SIMULATIONS, times: 1 });
    assert.ok(covered >= 0.9 && ratio <= 1.15, `${covered}, ${ratio}`);
  });
}

for (const truth of TRUTHS.filter(({ name }) => /power|log/.test(name))) {
  Deno.test(`the upper bound at 4 times the top level covers ${truth.name} in 90 % of sweeps`, () => {
    const { covered } = fare(truth, { simulations: SIMULATIONS });
    assert.ok(covered >= 0.83, `${covered}`);
  });
}
