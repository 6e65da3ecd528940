import assert from "node:assert/strict";
import { bootstrapFit, curveByName, fitPoints, kneeOf } from "../../src/model/mod.ts";
import type { ModelName } from "../../src/schema/mod.ts";
import { tQuantile } from "../../src/stats/mod.ts";

const LEVELS = [1, 2, 4, 8, 16, 32, 64, 128];
const NOISE = [1.01, 0.985, 1.012, 0.99, 1.015, 0.99, 1.008, 0.992];

function fitted(curve: ModelName, parameters: number[], noise = NOISE) {
  const { value } = curveByName(curve);
  const points = LEVELS.map((n, i) => ({
    level: n,
    replicate: 1,
    sessions: n,
    value: value(n, parameters) * noise[i],
  }));
  return fitPoints(points, { metric: "throughput", kind: "throughput" });
}

Deno.test("kneeOf the knee curve has the interval of two means of logarithms", () => {
  const fit = fitted("knee", [2, 40]);
  const { sessions, interval, limit, curve } = kneeOf(fit)!;
  assert.equal(curve, "knee");
  // Below 20 sessions ln λ is the mean of five logarithms, above ln limit that of three: n of them, 8 − 2 degrees of freedom.
  const mean = (values: number[]) => values.reduce((sum, one) => sum + Math.log(one), 0) / values.length;
  const groups = [NOISE.slice(0, 5), NOISE.slice(5)];
  const rest = groups.reduce(
    (sum, own) => sum + own.reduce((all, one) => all + (Math.log(one) - mean(own)) ** 2, 0),
    0,
  );
  const half = tQuantile(0.975, 6) * Math.sqrt(rest / 6 * (1 / 5 + 1 / 3));
  const at = Math.log(20) + mean(groups[1]) - mean(groups[0]);
  assert(Math.abs(Math.log(sessions) - at) < 1e-6, `${sessions}`);
  for (const [edge, wanted] of [[interval![0], at - half], [interval![1], at + half]]) {
    assert(Math.abs(Math.log(edge) - wanted) < 1e-4, `${edge} for ${Math.exp(wanted)}`);
  }
  assert(Math.abs(limit - 40 * Math.exp(mean(groups[1]))) < 1e-4);
});

Deno.test("kneeOf reads every law that has a limit where its asymptotes meet", () => {
  const one = LEVELS.map(() => 1);
  const table: [ModelName, number[], number | undefined, string][] = [
    ["knee", [2, 40], 20, "the corner itself"],
    ["amdahl", [2, 0.05], 20, "1/σ"],
    ["exponential_saturation", [40, 20], 20, "the scale"],
    ["usl", [2, 0.02, 0.002], curveByName("usl").value(Math.sqrt(0.98 / 0.002), [2, 0.02, 0.002]) / 2, "the peak ÷ λ"],
    ["linear", [0, 2], undefined, "none: a line ends nowhere"],
  ];
  for (const [name, parameters, wanted, why] of table) {
    const fit = fitted(name, parameters, one);
    const knee = kneeOf({ ...fit, accepted: name });
    if (wanted === undefined) assert.equal(knee, undefined, why);
    else assert(Math.abs(knee!.sessions / wanted - 1) < 1e-3, `${name}: ${knee?.sessions} is not ${wanted}: ${why}`);
  }
  assert.equal(kneeOf({ ...fitted("knee", [2, 40]), kind: "demand" }), undefined, "demand has no knee of throughput");
});

Deno.test("kneeOf a USL is between half of what simulated peaks scatter and half more than peak and slope together do", () => {
  const fit = { ...fitted("usl", [2, 0.02, 0.002]), accepted: "usl" as const };
  const { interval, sessions } = kneeOf(fit)!;
  const width = Math.log(interval![1] / interval![0]);
  const { parameters: { lambda }, at: [peak] } = bootstrapFit(fit, { at: [Math.sqrt(0.98 / 0.002)], seed: 1 });
  const least = Math.log(peak.interval[1] / peak.interval[0]);
  const most = least + Math.log(lambda[1] / lambda[0]);
  assert(width > least / 2 && width < 1.5 * most, `${interval} of ${sessions}: ${least} < ${width} < ${most}`);
});
