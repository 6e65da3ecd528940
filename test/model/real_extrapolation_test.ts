import assert from "node:assert/strict";
import { compareMethods, FEWEST_DEMAND_LEVELS, type Score, upperBounds } from "../bench/extrapolate.ts";
import { casesOf, demandSeries, throughputSeries } from "../bench/real_sweeps.ts";

function checkScores([plimsoll, ...others]: Score[]): void {
  assert.ok(plimsoll.coverage >= 0.86 && plimsoll.coverage <= 0.96, `${plimsoll.coverage}`);
  // What can be used on few of the cases only is not compared: they are not the same cases.
  const comparable = others.filter(({ cases }) => cases >= 0.9 * plimsoll.cases);
  for (const { method, interval_score } of comparable) {
    assert.ok(plimsoll.interval_score < interval_score, `${method} ${interval_score}, ours ${plimsoll.interval_score}`);
  }
  const single = comparable.filter(({ method }) => method !== "best AICc" && method !== "usl of R");
  const best = Math.min(...single.map(({ median_error }) => median_error));
  assert.ok(plimsoll.median_error <= 1.15 * best, `${plimsoll.median_error}, the best curve in hindsight ${best}`);
}

Deno.test("on real sweeps at twice the top, 90 % bands hold in 86–96 %, score better than any one curve, and the estimate keeps up with the best", () => {
  const scores = compareMethods(casesOf(throughputSeries()));
  assert.ok(scores[0].cases >= 140 && scores.length === 9, `${scores[0].cases} cases`);
  checkScores(scores);
});

Deno.test("on real CPU and memory at twice the top the same holds", async () => {
  const scores = compareMethods(casesOf(await demandSeries(), FEWEST_DEMAND_LEVELS));
  assert.ok(scores[0].cases >= 50, `${scores[0].cases} cases`);
  checkScores(scores);
});

Deno.test("on real CPU and memory at twice the top, the bound to size by holds at least 93 %, and is of use", async () => {
  const { held, ratio } = upperBounds(casesOf(await demandSeries(), FEWEST_DEMAND_LEVELS));
  assert.ok(held >= 0.93 && ratio <= 1.2, `${held}, ${ratio}`);
});
