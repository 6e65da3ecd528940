import assert from "node:assert/strict";
import { compareMethods } from "../bench/extrapolate.ts";
import { casesOf, throughputSeries } from "../bench/real_sweeps.ts";

Deno.test("on real sweeps at twice the top, 90 % bands hold in 86–96 %, score better than any one curve, and the estimate keeps up with the best", () => {
  const [plimsoll, ...others] = compareMethods(casesOf(throughputSeries()));
  assert.ok(plimsoll.cases >= 130, `${plimsoll.cases} cases`);
  assert.ok(plimsoll.coverage >= 0.86 && plimsoll.coverage <= 0.96, `${plimsoll.coverage}`);
  for (const { method, interval_score } of others) {
    assert.ok(plimsoll.interval_score < interval_score, `${method} ${interval_score}, ours ${plimsoll.interval_score}`);
  }
  const single = others.filter(({ method }) => method !== "best AICc" && method !== "usl of R");
  const best = Math.min(...single.map(({ median_error }) => median_error));
  assert.ok(plimsoll.median_error <= 1.15 * best, `${plimsoll.median_error}, the best curve in hindsight ${best}`);
});
