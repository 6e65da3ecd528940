/** Workers that drove a sweep are a factor of what one of them costs. */
import assert from "node:assert/strict";
import { evaluate, fitWorkers } from "../../src/model/mod.ts";
import type { WorkerLevel } from "../../src/schema/mod.ts";
import { COST, FLEETS, measureFleet, SHARES, type SimulatedFleet, simulateFleet } from "../bench/fleets.ts";

const SIMULATIONS = 300;
/** Three binomial standard errors under 95 %. */
const LEAST = 0.95 - 3 * Math.sqrt(0.95 * 0.05 / SIMULATIONS);

for (const [sentence, fleet] of FLEETS) {
  Deno.test(`95 % bands hold another worker, and the mean of all: workers are ${sentence}`, () => {
    for (const [band, share] of Object.entries(measureFleet(fleet, SIMULATIONS))) {
      assert(share >= LEAST, `${band} holds ${share}`);
    }
  });
}

Deno.test("without workers as a factor bands hold far less", () => {
  const { confidence, prediction } = measureFleet(FLEETS[0][1], SIMULATIONS, { told: false });
  assert(confidence < 0.5 && prediction < 0.85, `${confidence}, ${prediction}`);
});

Deno.test("a bend is not taken for what workers differ, nor are bands wider for it, where shares are unequal", () => {
  const [, fleet] = FLEETS.at(-1)!;
  const found = Array.from({ length: 100 }, (_, seed) => fitWorkers(simulateFleet(fleet, seed), "browser_cores"));
  assert(found.filter(({ verdict }) => verdict.kind === "different").length <= 5);
  const over = found.map(({ fit }) => evaluate(fit, 16).sizing_upper / fleet.cost!(16)).sort((a, b) => a - b);
  assert(over[50] < 1.2, `${over[50]}`);
});

Deno.test("fitWorkers() tells workers apart at one level, and not where each had a level of its own", () => {
  const share = (worker: number, sessions: number, cores: number): WorkerLevel => ({
    ...{ worker, level: sessions, replicate: 1, attempt: 1, sessions, window_s: 30, flags: [] },
    metrics: { browser_cores: cores },
  });
  const ratios = (levels: WorkerLevel[]) => fitWorkers(levels, "browser_cores").by_worker.map(({ ratio }) => ratio);
  const [slow, fast] = ratios([share(1, 4, 1), share(2, 4, 2)]);
  assert(Math.abs(fast! / slow! - 2) < 1e-9, `${slow}, ${fast}`);
  assert.deepEqual(ratios([share(1, 4, 1), share(2, 8, 2), share(3, 16, 4)]), [null, null, null]);
});

const ROWS: [string, SimulatedFleet & { seed: number }, RegExp][] = [
  [
    "equal workers are alike",
    { workers: 3, between: 0, noise: 0.01, seed: 1 },
    /^alike Workers cost the same, within 1 % at /,
  ],
  [
    "workers that differ by far are named",
    { workers: 3, between: 0.3, noise: 0.01, seed: 2 },
    /^different Workers differ: \d+ % to \d+ % .*p < 0\.001/,
  ],
  [
    "what chance explains is left open",
    { workers: 2, between: 0, noise: 0.25, seed: 5 },
    /^inconclusive Workers cost .*: chance explains that, and a difference under \d\d % would not show/,
  ],
  ["one worker differs from nobody", { workers: 1, between: 0, noise: 0.01, seed: 1 }, /^inconclusive One worker/],
];
for (const [sentence, fleet, expected] of ROWS) {
  Deno.test(`fitWorkers(): ${sentence}`, () => {
    const { verdict } = fitWorkers(simulateFleet(fleet, fleet.seed), "browser_cores");
    assert.match(`${verdict.kind} ${verdict.text}`, expected);
  });
}

Deno.test("fitWorkers() finds each worker's own line, and what it costs against all", () => {
  const costs = [1, 1.5, 1 / 1.5];
  const levels = SHARES.flatMap((sessions) =>
    costs.map((cost, index): WorkerLevel => ({
      ...{ worker: index + 1, level: sessions, replicate: 1, attempt: 1, sessions, window_s: 30, flags: [] },
      metrics: { browser_cores: cost * COST(sessions) },
    }))
  );
  const { by_worker, fit } = fitWorkers(levels, "browser_cores");
  by_worker.forEach(({ base, per_session, ratio, sessions }, index) => {
    assert.equal(sessions, 16);
    const near = (value: number, truth: number) => assert(Math.abs(value / truth - 1) < 1e-6, `${value}, not ${truth}`);
    near(base!.value, 0.4 * costs[index]);
    near(per_session!.value, 0.1 * costs[index]);
    near(ratio!, costs[index]);
  });
  const { estimate, prediction, sizing_upper } = evaluate(fit, 16);
  assert(Math.abs(estimate / 2 - 1) < 1e-6, `${estimate}`);
  assert(prediction[1] > 3 && sizing_upper > 3, "the slowest lies within the band");
  // Plain data: what went through JSON reads the same.
  assert.deepEqual(evaluate(JSON.parse(JSON.stringify(fit)), 20), evaluate(fit, 20));
});
