import assert from "node:assert/strict";
import { type Comparison, comparisonSchema, type RunSummary } from "../../src/schema/mod.ts";
import { compareRuns, type CompareRunsOptions } from "../../src/size/mod.ts";
import { CHANGES, ERRORS, SWEEP, verdictRates } from "../bench/compare_power.ts";
import { SERVER, simulateRun, type Truths } from "./simulate_run.ts";

const exact = (truths: Truths) => simulateRun(truths, { ...SWEEP, noise: 1e-4, seed: 1 });
const compare = (after: Truths | RunSummary, options?: CompareRunsOptions, before: Truths = SERVER): Comparison => {
  const run = "levels" in after ? after as RunSummary : exact(after as Truths);
  const comparison = compareRuns(exact(before), run, options);
  assert.deepEqual(comparisonSchema.parse(JSON.parse(JSON.stringify(comparison))), comparison);
  return comparison;
};
const rowOf = ({ rows }: Comparison, metric: string, quantity: string) =>
  rows.find((row) => row.metric === metric && row.quantity === quantity)!;

/** Costs almost without error, so that the change alone decides; tolerance 5 %. */
const CASES: [sentence: string, after: Truths, verdict: Comparison["verdict"], which?: string][] = [
  ["the same", SERVER, "no_evidence"],
  ["4 % more CPU a session", { ...SERVER, serving_cores: (n) => 0.05 + 0.0416 * n }, "no_evidence"],
  [
    "6 % more CPU a session",
    { ...SERVER, serving_cores: (n) => 0.05 + 0.0424 * n },
    "regression",
    "serving_cores per_session",
  ],
  [
    "10 % less CPU a session",
    { ...SERVER, serving_cores: (n) => 0.05 + 0.036 * n },
    "improvement",
    "serving_cores per_session",
  ],
  [
    "30 MB more at rest, of 154 at the top",
    { ...SERVER, serving_memory_bytes: (n) => 120e6 + 2e6 * n },
    "regression",
    "serving_memory_bytes base",
  ],
  [
    "twice the CPU at rest, which is 4 % of all at the top",
    { ...SERVER, serving_cores: (n) => 0.1 + 0.04 * n },
    "no_evidence",
  ],
  ["throughput 10 % lower throughout", { ...SERVER, throughput: (n) => 1.8 * n }, "regression", "throughput at_top"],
  ["throughput 10 % higher", { ...SERVER, throughput: (n) => 2.2 * n }, "improvement", "throughput at_top"],
  [
    "throughput that is full at 45/s",
    { ...SERVER, throughput: (n) => Math.min(2 * n, 45) },
    "regression",
    "throughput at_top",
  ],
  [
    "network that grows with the square, compared at the top",
    { ...SERVER, network_bytes_per_s: (n) => 6000 * n + 100 * n * n },
    "regression",
    "network_bytes_per_s at_top",
  ],
  [
    "a dearer CPU outweighs a cheaper memory",
    { ...SERVER, serving_cores: (n) => 0.05 + 0.06 * n, serving_memory_bytes: (n) => 90e6 + 1e6 * n },
    "regression",
    "serving_cores per_session",
  ],
];

for (const [sentence, after, verdict, which] of CASES) {
  Deno.test(`compareRuns() of ${sentence}: ${verdict}`, () => {
    const found = compare(after);
    assert.equal(found.verdict, verdict, found.text);
    if (!which) return;
    const [metric, quantity] = which.split(" ");
    assert.equal(rowOf(found, metric, quantity).verdict, verdict, found.text);
    assert.equal(found.metrics[metric], verdict);
  });
}

Deno.test("compareRuns() gives differences in the metric's unit and as a share, with intervals that hold the truth", () => {
  const found = compare({ ...SERVER, serving_cores: (n) => 0.06 + 0.05 * n });
  const slope = rowOf(found, "serving_cores", "per_session");
  for (
    const [{ value, interval: [lower, upper] }, truth] of [[slope.difference, 0.01], [slope.relative!, 0.25]] as const
  ) {
    assert.ok(lower <= truth && truth <= upper && Math.abs(value / truth - 1) < 0.01, `${lower} ${value} ${upper}`);
  }
  const base = rowOf(found, "serving_cores", "base");
  // As a share of all at 32 sessions: 0.01 of 1.33.
  assert.ok(Math.abs(base.relative!.value / (0.01 / 1.33) - 1) < 0.05, `${base.relative!.value}`);
  assert.equal(found.top_sessions, 32);
  assert.match(
    found.text,
    /^Regression beyond 5 %: serving_cores a session \+25 % \(\+2\d\.?\d* % to \+25\.?\d* %\)\.$/,
  );
});

Deno.test("compareRuns() takes the tolerance that it is given", () => {
  const after = { ...SERVER, serving_cores: (n: number) => 0.05 + 0.044 * n };
  assert.equal(compare(after, { tolerance: 0.15 }).verdict, "no_evidence");
  assert.equal(compare(after, { tolerance: 0.05 }).verdict, "regression");
});

Deno.test("compareRuns() of a cost that does not grow with sessions makes no share of a slope of nothing", () => {
  const flat: Truths = { ...SERVER, serving_memory_bytes: (n) => 90e6 + 10 * n };
  const simulated = (seed: number) => simulateRun(flat, { ...SWEEP, noise: 0.01, seed });
  const found = compareRuns(simulated(3), simulated(4));
  assert.equal(rowOf(found, "serving_memory_bytes", "per_session").relative, undefined);
  assert.equal(found.verdict, "no_evidence", found.text);
});

Deno.test("compareRuns() leaves out what one run lacks, notes what else differs, and refuses what has nothing in common", () => {
  const { throughput: _, ...costs } = SERVER;
  const other = { ...exact(costs), mode: "playwright" as const, capacity: { cores: 4, memory_bytes: 2 ** 34 } };
  const found = compare(other);
  assert.deepEqual(found.left_out, [{ metric: "throughput", reason: "only the run before has it" }]);
  assert.deepEqual(found.notes, [
    "Mode differs: http before, playwright after.",
    "The machine differs: 8 cores, 16 GiB before, 4 cores, 16 GiB after.",
  ]);
  const short = { ...exact(SERVER), levels: exact(SERVER).levels.filter(({ level }) => level <= 2) };
  assert.throws(
    () => compareRuns(exact(SERVER), short),
    /Cannot compare the runs as one metric must have three usable levels in both: current value is serving_cores: the run after has too few levels/,
  );
  assert.throws(() => compare(SERVER, { tolerance: -1 }), /tolerance must be from 0 to 10: current value is -1/);
});

for (const [name, errors] of Object.entries(ERRORS)) {
  Deno.test(`compareRuns() calls the same a regression in at most 5 % of simulated pairs, errors ${name}, even without a tolerance`, () => {
    const simulations = 40;
    // Of 40 at 5 % more than 6 come by chance once in 100.
    const { regression } = verdictRates(CHANGES.none, { errors, simulations, tolerance: 0 });
    assert.ok(regression * simulations <= 6, `${regression}`);
  });
}

Deno.test("compareRuns() finds a fifth more CPU a session in 9 of 10 simulated pairs of sweeps with 3 % error", () => {
  const { regression } = verdictRates(CHANGES["CPU a session +20 %"], { errors: ERRORS["3 % a run"], simulations: 20 });
  assert.ok(regression >= 0.85, `${regression}`);
});
