import assert from "node:assert/strict";
import { quantileBounds } from "../../src/quality/quantile_bounds.ts";
import type { FlagName, LevelSummary, RunSummary } from "../../src/schema/mod.ts";
import { shareBounds } from "../../src/size/share_bounds.ts";
import { sizeSlo } from "../../src/size/size_slo.ts";
import { normalQuantile, seededRandom } from "../../src/stats/mod.ts";
import { exampleRun } from "./example_run.ts";

/** From R 4's binom.test, 95 %. */
const SHARES: [count: number, trials: number, lower: number, upper: number][] = [
  [0, 60, 0, 0.05962949229],
  [3, 60, 0.01043232964, 0.1392432467],
  [30, 60, 0.3680620319, 0.6319379681],
  [60, 60, 0.9403705077, 1],
  [1, 5000, 5.063548778e-6, 1.113819380e-3],
];

for (const [count, trials, lower, upper] of SHARES) {
  Deno.test(`shareBounds() of ${count} in ${trials} are those of R's binom.test`, () => {
    const [low, high] = shareBounds(count, trials);
    assert.ok(Math.abs(low - lower) < 1e-9 && Math.abs(high - upper) < 1e-9, `${low} to ${high}`);
  });
}

interface Level {
  level: number;
  /** p95 of each replicate: lower and upper bound. */
  p95: [number, number | undefined][];
  errors?: number;
  flag?: FlagName;
}

function runOf(levels: Level[], requests = 2000): RunSummary {
  return {
    ...exampleRun(),
    levels: levels.flatMap(({ level, p95, errors = 0, flag }) =>
      p95.map(([low, high], index): LevelSummary => ({
        level,
        replicate: index + 1,
        attempt: 1,
        sessions: level,
        window_s: 30,
        requests,
        metrics: {
          latency_ms_p95_low: low,
          ...(high === undefined ? {} : { latency_ms_p95_high: high }),
          error_ratio: errors,
          effective_requests: requests,
        },
        flags: flag ? [{ name: flag, reason: `it was ${flag}`, excluded_from: [] }] : [],
      }))
    ),
  };
}

const P95 = [{ metric: "latency_ms_p95" as const, below: 500 }];
const ERRORS = [{ metric: "error_ratio" as const, below: 0.01 }];
const good = (level: number): Level => ({ level, p95: [[100, 120], [90, 130], [95, 110]] });

const CASES: [
  sentence: string,
  levels: Level[],
  conditions: typeof P95 | typeof ERRORS,
  sessions: number,
  below?: number,
][] = [
  ["the highest level whose upper bounds hold", [good(1), good(4), { level: 8, p95: [[480, 520]] }], P95, 4],
  [
    "the lower bound decides what is broken",
    [good(1), { level: 8, p95: [[480, 520]] }, { level: 16, p95: [[510, 600]] }],
    P95,
    1,
    16,
  ],
  [
    "one wild replicate of three does not break a level",
    [good(1), { level: 4, p95: [[100, 120], [900, 1200], [90, 110]] }],
    P95,
    4,
  ],
  ["of two replicates the worse counts", [good(1), { level: 4, p95: [[100, 120], [900, 1200]] }], P95, 1],
  ["too few requests for an upper bound hold nothing", [good(1), { level: 4, p95: [[100, undefined]] }], P95, 1],
  [
    "what many sessions keep, fewer keep, also where too few requests show it",
    [{ level: 1, p95: [[50, undefined]] }, good(4)],
    P95,
    4,
  ],
  ["a level above a broken one does not count", [good(1), { level: 2, p95: [[510, 600]] }, good(4)], P95, 1, 2],
  ["where the lowest breaks there is no answer", [{ level: 1, p95: [[501, 600]] }], P95, 0, 1],
  ["a limited generator says nothing", [good(1), { ...good(4), flag: "generator_limited" }], P95, 1],
  ["a failing level is broken, whatever its latency", [good(1), { ...good(4), flag: "failing" }], P95, 1, 4],
  ["a saturated target still has latency", [good(1), { ...good(4), flag: "target_saturated" }], P95, 4],
  ["errors by their upper bound, over all replicates together", [{ ...good(1), errors: 0.005 }], ERRORS, 1],
  ["errors too near their limit are open", [{ ...good(1), errors: 0.009 }], ERRORS, 0],
  ["errors plainly over their limit break", [good(1), { ...good(2), errors: 0.02 }], ERRORS, 1, 2],
];

for (const [sentence, levels, conditions, sessions, below] of CASES) {
  Deno.test(`sizeSlo(): ${sentence}`, () => {
    const found = sizeSlo(runOf(levels), conditions);
    assert.deepEqual([found.sessions, found.below], [sessions, below], found.text);
  });
}

Deno.test("sizeSlo() counts few requests as few: without an error in 60 nobody knows of 1 %", () => {
  const levels = [{ level: 1, p95: [[1, 2]] as [number, number][] }];
  assert.equal(sizeSlo(runOf(levels, 60), ERRORS).sessions, 0);
  // 3.69/n < 1 % needs 368.
  assert.equal(sizeSlo(runOf(levels, 368), ERRORS).sessions, 1);
  assert.equal(sizeSlo(runOf(levels, 366), ERRORS).sessions, 0);
});

Deno.test("sizeSlo() says it in a sentence, with what was found at the level that ends it", () => {
  const { text } = sizeSlo(
    runOf([good(4), { level: 8, p95: [[480, 520]] }, { level: 16, p95: [[612, 700]] }]),
    [...P95, ...ERRORS],
  );
  assert.equal(
    text,
    "p95 < 500 ms, errors < 1 %: shown to hold up to 4 sessions, by 95 % upper bounds; open at 8: p95 between 480 ms and 520 ms; " +
      "broken at 16: p95 at least 612 ms.",
  );
});

Deno.test("sizeSlo() claims too much in less than 2.5 % of runs whose latency is known", () => {
  // Lognormal latency, whose p95 is 500 ms at 10 sessions: levels 4 and 8 keep it, 12 and 16 do not.
  const p95At = (sessions: number) => 100 * Math.exp(Math.log(5) * sessions / 10);
  const random = seededRandom(5);
  const normal = () => normalQuantile(random() + 2 ** -33);
  const found = Array.from({ length: 300 }, () => {
    const levels = [4, 8, 12, 16].flatMap((level) =>
      [1, 2, 3].map((replicate): LevelSummary => {
        const median = p95At(level) / Math.exp(1.6449 * 0.6);
        const latencies = Array.from({ length: 200 }, () => median * Math.exp(0.6 * normal()));
        const metrics = quantileBounds(latencies, { p95: 0.95 });
        return { level, replicate, attempt: 1, sessions: level, window_s: 10, requests: 200, metrics, flags: [] };
      })
    );
    return sizeSlo({ ...exampleRun(), levels }, P95);
  });
  const share = (is: (one: typeof found[number]) => boolean) => found.filter(is).length / found.length;
  assert.ok(share(({ sessions }) => sessions >= 12) <= 0.025, "claims a level that breaks it");
  assert.ok(share(({ below = Infinity }) => below <= 8) <= 0.025, "calls a level broken that keeps it");
  // And it is of use: 4 sessions (p95 190 ms) are always shown to hold, 16 (p95 1.3 s) always to break.
  assert.ok(share(({ sessions }) => sessions >= 4) > 0.99 && share(({ below = Infinity }) => below <= 16) > 0.99);
});
