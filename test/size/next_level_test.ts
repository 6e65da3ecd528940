import assert from "node:assert/strict";
import { evaluate, fitAll, fitPoints } from "../../src/model/mod.ts";
import { type FitPoint, type FitReport, nextLevelSchema, type RunSummary } from "../../src/schema/mod.ts";
import { nextLevel } from "../../src/size/mod.ts";
import { simulate } from "../model/simulate.ts";
import { exampleRun, MIB } from "./example_run.ts";

function reportOf(points: FitPoint[], options: { target?: number } = {}): FitReport {
  const fit = fitPoints(points, { metric: "target_cores", at: [], ...options });
  return { schema: "plimsoll.fit/1", source: "levels.csv", metrics: { target_cores: fit } };
}

const line = (n: number) => 0.2 + 0.05 * n;
const DESIGN = { levels: [1, 2, 4, 8, 16], replicates: 3, noise: 0.03 };

/** The upper bound over the estimate, once the level was really run. */
function afterRunning(points: FitPoint[], level: number, { target, seed }: { target: number; seed: number }): number {
  const run = simulate(line, { levels: [level], replicates: 3, noise: 0.03, seed });
  const { prediction: [, upper], estimate } = evaluate(reportOf([...points, ...run]).metrics.target_cores, target);
  return Math.log(upper / estimate);
}

Deno.test("nextLevel() names the level that really narrows the band most, of those that a machine without limit carries", () => {
  const target = 48;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const widths = new Map<string, number[]>();
  const note = (name: string, width: number) => widths.set(name, [...widths.get(name) ?? [], width]);
  for (let seed = 0; seed < 20; seed++) {
    const points = simulate(line, { ...DESIGN, seed });
    const { kind, levels: [named] } = nextLevel(reportOf(points), target);
    assert.equal(kind, "narrow");
    note("named", afterRunning(points, named, { target, seed: seed + 1000 }));
    for (const level of [3, 6, 11, 24, 32, 48]) {
      note(String(level), afterRunning(points, level, { target, seed: seed + 1000 }));
    }
  }
  const means = [...widths].map(([name, values]) => [name, mean(values)] as const);
  const best = Math.min(...means.map(([, width]) => width));
  const named = mean(widths.get("named")!);
  assert.ok(named <= 1.15 * best, JSON.stringify(means));
  assert.ok(named < 0.7 * mean(widths.get("3")!), JSON.stringify(means));
});

Deno.test("nextLevel() says what the band was and what it should become, as valid JSON", () => {
  const next = nextLevel(reportOf(simulate(line, { ...DESIGN, seed: 3 })), 48);
  assert.ok(next.band!.expected_upper_ratio < next.band!.upper_ratio);
  assert.match(
    next.reason,
    /^Run \d+ sessions next: the upper end of the band of target_cores at 48 sessions comes from \d+ % over/,
  );
  assert.deepEqual(nextLevelSchema.parse(JSON.parse(JSON.stringify(next))), next);
});

/** A run with errors, so that a band can be narrowed. */
function noisyRun(levels: number[], capacity: RunSummary["capacity"]): RunSummary {
  const run = exampleRun({ levels });
  const noise = [1.02, 0.98, 1.01, 0.97, 1.03, 0.99, 1.02, 0.98, 1, 1.01];
  return {
    ...run,
    capacity,
    levels: run.levels.map((level, index) => ({
      ...level,
      metrics: Object.fromEntries(
        Object.entries(level.metrics).map(([name, value]) => [name, value * noise[index % noise.length]]),
      ),
    })),
  };
}

const CEILINGS: [string, RunSummary["capacity"], RegExp, number][] = [
  ["cores: 1 + 0.5·N of 8 are 85 % at 11", { cores: 8, memory_bytes: 1e12 }, /85 % of its 8 cores/, 11.6],
  [
    "memory: 512 + 200 + 30·N MiB of 1 GiB are 85 % at 5",
    { cores: 64, memory_bytes: 1024 * MIB },
    /of its 1 GiB of memory/,
    5.3,
  ],
];

for (const [sentence, capacity, reason, sessions] of CEILINGS) {
  Deno.test(`nextLevel() stays where the machine is not full: ${sentence}`, () => {
    const summary = noisyRun([1, 2, 3, 4, 5], capacity);
    const next = nextLevel(fitAll(summary), 100, summary);
    assert.ok(Math.abs(next.ceiling!.sessions - sessions) < 0.1 * sessions, `${next.ceiling!.sessions}`);
    assert.match(next.ceiling!.reason, reason);
    assert.ok(next.levels.every((level) => level <= next.ceiling!.sessions), next.levels.join());
    assert.match(next.reason, /The machine carries about \d+/);
  });
}

Deno.test("nextLevel() stays under a level that could not be used", () => {
  const excluded = "target_saturated: 99 % of 2 cores";
  const points = [
    ...simulate(line, { ...DESIGN, seed: 4 }),
    { level: 32, sessions: 32, replicate: 1, value: 1.5, excluded },
  ];
  const next = nextLevel(reportOf(points), 100);
  assert.deepEqual(next.ceiling, { sessions: 31, reason: `32 sessions were ${excluded}` });
  assert.ok(next.levels.every((level) => level < 32));
});

Deno.test("nextLevel() asks for the levels that are missing for a fit", () => {
  const next = nextLevel(reportOf(simulate(line, { ...DESIGN, levels: [1, 2, 4], seed: 5 })), 100);
  assert.deepEqual([next.kind, next.levels], ["fit", [8, 16]]);
  assert.match(next.reason, /target_cores has 3 usable levels, a fit needs 3 and a verdict 5/);
  assert.deepEqual(nextLevel(reportOf([]), 100).levels, [1, 2, 4, 8, 16]);
});

Deno.test("nextLevel() decides an open verdict with the level that the verdict names", () => {
  let open = 0;
  for (let seed = 0; seed < 40; seed++) {
    const points = simulate((n) => 1 + 0.5 * n + 0.006 * n * n, { ...DESIGN, noise: 0.04, seed });
    const fits = reportOf(points, { target: 64 });
    const { verdict } = fits.metrics.target_cores;
    if (verdict.kind !== "inconclusive") continue;
    open++;
    const next = nextLevel(fits, 64);
    assert.equal(next.kind, "decide");
    assert.ok(verdict.text.includes(`Run ${next.levels[0]} sessions next`), `${verdict.text} ${next.reason}`);
  }
  assert.ok(open > 0);
});

Deno.test("nextLevel() says so where no level would tell more", () => {
  const next = nextLevel(reportOf(simulate(line, { ...DESIGN, levels: [1, 2, 3, 4, 5, 6, 7, 8], seed: 6 })), 4);
  assert.deepEqual([next.kind, next.levels], ["nothing", []]);
});

Deno.test("nextLevel() refuses what is no target, and a report without a metric", () => {
  const fits = reportOf(simulate(line, { ...DESIGN, seed: 7 }));
  for (const target of [0, -1, NaN, Infinity]) {
    assert.throws(
      () => nextLevel(fits, target),
      new RegExp(`target must be positive and finite: current value is ${target}`),
    );
  }
  assert.throws(() => nextLevel({ ...fits, metrics: {} }, 10), /must be a fitted metric: current value is none/);
});
