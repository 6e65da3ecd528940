import assert from "node:assert/strict";
import { fitCurve } from "../../src/model/fit_curve.ts";
import { linear } from "../../src/model/linear.ts";
import { fitPoints } from "../../src/model/mod.ts";
import { metricFitSchema, type Verdict } from "../../src/schema/mod.ts";
import { certified } from "../stats/certified.ts";
import { type Design, simulate, SIX_LEVELS } from "./simulate.ts";

const SEEDS = 200;

function verdicts(
  truth: (sessions: number) => number,
  design: Design,
  kind: "demand" | "throughput" = "demand",
  target?: number,
): Record<Verdict["kind"], number> {
  const counts = { linear: 0, superlinear: 0, sublinear: 0, saturating: 0, inconclusive: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const fit = fitPoints(simulate(truth, { ...design, seed }), { metric: "any", kind, at: [], target });
    counts[fit.verdict.kind]++;
  }
  return counts;
}

const LINES: [string, (n: number) => number, Design][] = [
  ["a base and a slope, 5 % noise", (n) => 0.2 + 0.05 * n, { ...SIX_LEVELS, noise: 0.05 }],
  ["proportion, 5 % noise", (n) => 0.05 * n, { ...SIX_LEVELS, noise: 0.05 }],
  ["almost only a base, 5 % noise", (n) => 2 + 0.05 * n, { ...SIX_LEVELS, noise: 0.05 }],
  ["level effects of 3 %, 3 replicates, 8 levels", (n) => 0.2 + 0.05 * n, {
    levels: [1, 2, 4, 8, 12, 16, 24, 32],
    replicates: 3,
    noise: 0.03,
    levelEffect: 0.03,
  }],
];

for (const [sentence, truth, design] of LINES) {
  Deno.test(`verdict on a line is linear in 95 % of seeds: ${sentence}`, () => {
    const counts = verdicts(truth, design);
    assert.ok(counts.linear >= 0.95 * SEEDS, JSON.stringify(counts));
    assert.ok(counts.superlinear <= 0.05 * SEEDS, JSON.stringify(counts));
  });
}

for (const square of [0.01, 0.05, 0.2, 1]) {
  Deno.test(`verdict on N + ${square}·N² with 1 % noise is superlinear in 95 % of seeds`, () => {
    const counts = verdicts((n) => n + square * n * n, { ...SIX_LEVELS, noise: 0.01 });
    assert.ok(counts.superlinear >= 0.95 * SEEDS, JSON.stringify(counts));
  });
}

Deno.test("verdict on the square root is sublinear in 95 % of seeds", () => {
  const counts = verdicts((n) => 10 * Math.sqrt(n), { ...SIX_LEVELS, noise: 0.02 });
  assert.ok(counts.sublinear >= 0.95 * SEEDS, JSON.stringify(counts));
});

Deno.test("verdict on throughput with contention is saturating, on throughput that keeps up linear, in 95 % of seeds", () => {
  const bent = verdicts((n) => 10 * n / (1 + 0.05 * (n - 1)), { ...SIX_LEVELS, noise: 0.02 }, "throughput");
  assert.ok(bent.saturating >= 0.95 * SEEDS, JSON.stringify(bent));
  const straight = verdicts((n) => 10 * n, { ...SIX_LEVELS, noise: 0.02 }, "throughput");
  assert.ok(straight.linear >= 0.95 * SEEDS, JSON.stringify(straight));
});

Deno.test("verdict on significant but trivial curvature is linear: cores of MySQL against threads", () => {
  const { cpuNonLinearity: [mysql] } = certified<{ cpuNonLinearity: { n: number[]; cores: number[] }[] }>(
    "worked/b8-starts-logbands-knee-averaging-bca",
  );
  const points = mysql.n.map((n, index) => ({ sessions: n, level: n, replicate: 1, value: mysql.cores[index] }));
  const { verdict } = fitPoints(points, { metric: "target_cores" });
  assert.equal(verdict.kind, "linear");
  assert.match(verdict.text, /log–log slope 1\.01 \[1\.00, 1\.01\]/);
});

/** Six doublings, three runs each, 3 % error: what a sweep with some care gives. */
const CAREFUL: Design = { levels: [1, 2, 4, 8, 16, 32], replicates: 3, noise: 0.03 };

for (const kind of ["demand", "throughput"] as const) {
  for (const [what, base] of [["a base and a slope", 0.2], ["proportion", 0]] as const) {
    Deno.test(`verdict on linear ${kind} is false in at most 5 % of seeds: ${what}, 3 % error`, () => {
      const counts = verdicts((n) => base + 0.05 * n, CAREFUL, kind);
      const wrong = counts.superlinear + counts.sublinear + counts.saturating;
      assert.ok(wrong <= 0.05 * SEEDS, JSON.stringify(counts));
    });
  }
}

/** Truths with one strength, which is made such that they differ by 20 % from the best line at the target. */
const BENT: [string, "demand" | "throughput", (n: number, strength: number) => number, Verdict["kind"], number][] = [
  ["everybody hears everybody", "demand", (n, strength) => 1 + 0.5 * n + strength * n * n, "superlinear", 32],
  ["a power over one", "demand", (n, strength) => 0.3 + 0.1 * n ** (1 + strength), "superlinear", 32],
  ["a power under one", "demand", (n, strength) => 0.3 + 0.1 * n ** (1 - strength), "sublinear", 64],
  ["contention", "throughput", (n, strength) => 10 * n / (1 + strength * (n - 1)), "saturating", 32],
  [
    "contention and coherency",
    "throughput",
    (n, strength) => 10 * n / (1 + 0.3 * strength * (n - 1) + 0.01 * strength * n * (n - 1)),
    "saturating",
    32,
  ],
];

for (const [what, kind, truth, expected, target] of BENT) {
  Deno.test(`verdict finds a difference of 20 % at the target in 80 % of seeds: ${what}, 3 % error`, () => {
    const difference = (strength: number) => {
      const points = CAREFUL.levels.map((sessions) => ({ sessions, value: truth(sessions, strength) }));
      const line = fitCurve(linear, points)!;
      return Math.abs(truth(target, strength) / line.curve.value(target, line.values) - 1);
    };
    let strength = 0.001;
    while (difference(strength) < 0.2) strength *= 1.02;
    assert.ok(strength < 1, `${strength}`);
    const counts = verdicts((n) => truth(n, strength), CAREFUL, kind, target);
    assert.ok(counts[expected] >= 0.8 * SEEDS, JSON.stringify(counts));
  });
}

Deno.test("an inconclusive verdict names the level that would decide, above those that were run", () => {
  let open = 0;
  for (let seed = 0; seed < 60; seed++) {
    const strength = 0.002 * (seed % 5);
    const points = simulate((n) => 1 + 0.5 * n + strength * n * n, { ...CAREFUL, noise: 0.05, seed });
    const { verdict } = fitPoints(points, { metric: "target_cores", target: 128, at: [] });
    if (verdict.kind !== "inconclusive") continue;
    open++;
    const [, level] = /Run (\d+) sessions next to decide\.$/.exec(verdict.text)!;
    assert.ok(Number(level) > 32 && Number(level) <= 128, verdict.text);
  }
  assert.ok(open >= 3, `${open} open verdicts`);
});

const clean = (levels: number[]) => levels.map((n) => ({ sessions: n, level: n, replicate: 1, value: 1 + n }));

Deno.test("fitPoints() with four levels fits the line alone and leaves the verdict open", () => {
  const fit = fitPoints(clean([1, 2, 4, 8]), { metric: "target_cores" });
  assert.deepEqual(fit.models.map(({ name }) => name), ["linear"]);
  assert.equal(fit.verdict.kind, "inconclusive");
  assert.match(fit.verdict.text, /Run 16 sessions next/);
  const throughput = fitPoints(clean([1, 2, 4, 8]), { metric: "throughput", kind: "throughput" });
  assert.deepEqual(throughput.models.map(({ name }) => name).sort(), ["amdahl", "linear"]);
});

Deno.test("fitPoints() with two levels fits nothing and says what to run", () => {
  const fit = fitPoints(clean([1, 8]), { metric: "target_cores" });
  assert.equal(fit.accepted, null);
  assert.deepEqual(fit.models, []);
  assert.deepEqual(fit.range, [1, 8]);
  assert.match(fit.verdict.text, /^2 usable levels, a fit needs 3 and a verdict 5\. Run .* sessions next\.$/);
});

Deno.test("fitPoints() does not fit through levels that all had the same sessions alive", () => {
  const points = clean([1, 2, 4, 8, 16]).map((point) => ({ ...point, sessions: 1 }));
  assert.equal(fitPoints(points, { metric: "target_cores" }).accepted, null);
});

Deno.test("fitPoints() without any point says so in finite numbers", () => {
  const fit = fitPoints([], { metric: "target_cores" });
  assert.deepEqual(fit.range, [0, 0]);
  assert.match(fit.verdict.text, /^0 usable levels/);
  metricFitSchema.parse(fit);
});

Deno.test("fitPoints() of a metric that is zero says that it is zero", () => {
  const points = clean([1, 2, 4, 8, 16]).map((point) => ({ ...point, value: 0 }));
  const fit = fitPoints(points, { metric: "artifact_bytes_per_hour" });
  assert.equal(fit.accepted, null);
  assert.match(fit.verdict.text, /^artifact_bytes_per_hour is zero/);
});

Deno.test("fitPoints() leaves single zeros out with their reason, and excluded points in the picture", () => {
  const points = clean([1, 2, 4, 8, 16, 32]);
  points[0].value = 0;
  const excluded = { ...points[5], value: 20, excluded: "target_saturated: 99 % of 2 cores" };
  const fit = fitPoints([...points.slice(0, 5), excluded], { metric: "target_cores" });
  assert.equal(fit.points.length, 6);
  assert.match(fit.points[0].excluded!, /^not positive/);
  assert.equal(fit.points[5].excluded, excluded.excluded);
  assert.deepEqual(fit.range, [2, 16]);
});

Deno.test("fitPoints() does not depend on the order of the points, and leaves them alone", () => {
  const points = simulate((n) => 1 + n, { ...SIX_LEVELS, noise: 0.03, seed: 5 });
  const before = structuredClone(points);
  const forward = fitPoints(points, { metric: "target_cores" });
  assert.deepEqual(fitPoints(points.toReversed(), { metric: "target_cores" }), forward);
  assert.deepEqual(points, before);
});

const AWKWARD: [string, (n: number, replicate: number) => number][] = [
  ["exact line", (n) => 1 + n],
  ["exact proportion", (n) => n],
  ["exact constant", () => 7],
  ["falling", (n) => 10 / n],
  ["tiny", (n) => 1e-9 * n],
  ["huge", (n) => 1e18 * n * n],
  ["a step", (n) => n > 4 ? 100 : 1],
  ["replicates that disagree", (n, replicate) => replicate === 1 ? n : 50 * n],
];

for (const [sentence, value] of AWKWARD) {
  Deno.test(`fitPoints() gives finite, valid numbers for awkward data: ${sentence}`, () => {
    for (const kind of ["demand", "throughput"] as const) {
      const points = [1, 2, 4, 8, 16, 32].flatMap((n) =>
        [1, 2].map((replicate) => ({ sessions: n, level: n, replicate, value: value(n, replicate) }))
      );
      const fit = fitPoints(points, { metric: "any", kind });
      assert.deepEqual(metricFitSchema.parse(JSON.parse(JSON.stringify(fit))), fit);
      for (const { estimate } of fit.at) assert.ok(estimate > 0);
    }
  });
}

Deno.test("fitPoints() refuses what is no number", () => {
  const points = [{ sessions: 1, level: 1, replicate: 1, value: NaN }];
  assert.throws(() => fitPoints(points, { metric: "target_cores" }), /target_cores .* current value is 1, NaN/);
  assert.throws(() => fitPoints([], { metric: "target_cores", level: 95 }), /between 0 and 1: current value is 95/);
});
