/** Whether sizes hold where the truth is known; `deno task bench sizing` has the numbers of a thousand sweeps, beside their goals. */
import assert from "node:assert/strict";
import { fare, goalMet, TRUTHS } from "../bench/sizing.ts";

const SIMULATIONS = 400;

for (const truth of TRUTHS) {
  const goal = truth.kind === "linear" ? "95 % of sweeps, at a median of at most 1.15 times it" : "90 % of sweeps";
  Deno.test(`the upper bound at 4 times the top level covers a ${truth.name} in ${goal}`, () => {
    const fared = fare(truth, { simulations: SIMULATIONS });
    assert.ok(goalMet(fared), JSON.stringify(fared));
  });
}

for (const truth of TRUTHS.filter(({ kind }) => kind === "linear")) {
  for (const times of [1, 1.1, 2]) {
    Deno.test(`the upper bound at ${times} times the top level covers a ${truth.name}, and is within 15 % of it`, () => {
      const { covered, ratio } = fare(truth, { simulations: SIMULATIONS, times });
      assert.ok(covered >= 0.95 && ratio <= 1.15, `${covered}, ${ratio}`);
    });
  }
  Deno.test(`the upper bound at 4 times the top level covers a ${truth.name} whose levels are off by 3 % as well`, () => {
    const { covered, ratio } = fare(truth, { simulations: SIMULATIONS, errors: { noise: 0.01, levelEffect: 0.03 } });
    // Where the base is 50 sessions, the line's own bound is 1.17 times the truth in the median.
    assert.ok(covered >= 0.95 && ratio <= 1.2, `${covered}, ${ratio}`);
  });
}
