import assert from "node:assert/strict";
import {
  attemptOrder,
  judgeLevel,
  type LimitPlan,
  longestSearch,
  makePlan,
  nextLimitLevel,
  parseLimit,
  type TriedReplicate,
} from "../../src/plan/mod.ts";
import { InputError, type LimitCondition, limitFoundSchema, planSchema } from "../../src/schema/mod.ts";
import { seededRandom, shuffle } from "../../src/stats/mod.ts";

const P95: LimitCondition[] = [{ metric: "latency_ms_p95", below: 500 }];

interface Seen {
  p95?: number;
  errors?: number;
  flags?: string[];
  failing?: boolean;
  level?: number;
  replicate?: number;
}

function tried({ p95, errors = 0, flags = [], failing = false, level = 8, replicate = 1 }: Seen): TriedReplicate {
  const metrics: Record<string, number> = p95 === undefined ? {} : { latency_ms_p95: p95, error_ratio: errors };
  const all = flags.map((name) => ({ name: name as "steal", reason: `because of ${name}`, excluded_from: [] }));
  return { level, replicate, failing, summary: { metrics, flags: all } };
}

/** Plays a search to its end against a target whose p95 is known at every level. */
function play(plan: LimitPlan, seen: (level: number, replicate: number) => TriedReplicate) {
  const results: TriedReplicate[] = [];
  const path: number[] = [];
  for (let steps = 0; steps < 1000; steps++) {
    // The order of results must not matter: they come from a disk.
    const step = nextLimitLevel(plan, shuffle(results, seededRandom(steps)));
    if (step.kind === "found") return { path, limit: limitFoundSchema.parse(step.limit), results };
    const { level, replicate, levels_left } = step;
    if (replicate === 1) path.push(level);
    assert(levels_left >= 1 && path.length + levels_left - 1 <= longestSearch(plan).length, "never longer than said");
    results.push(seen(level, replicate));
  }
  assert.fail("the search does not end");
}

function search(levels: number[], limit: number, replicates = 1) {
  const plan = { levels, replicates, find_limit: P95 };
  return play(plan, (level, replicate) => tried({ level, replicate, p95: level <= limit ? 100 : 612 }));
}

Deno.test("parseLimit() reads conditions with their units", () => {
  const rows: [text: string, conditions: LimitCondition[]][] = [
    ["p95<500ms,errors<1%", [{ metric: "latency_ms_p95", below: 500 }, { metric: "error_ratio", below: 0.01 }]],
    ["p50 < 1.5s", [{ metric: "latency_ms_p50", below: 1500 }]],
    ["p99<0.5ms, undelivered<2.5%", [{ metric: "latency_ms_p99", below: 0.5 }, {
      metric: "undelivered_ratio",
      below: 0.025,
    }]],
  ];
  for (const [text, conditions] of rows) {
    assert.deepEqual(parseLimit(text), conditions, text);
    assert.deepEqual(planSchema.shape.find_limit.parse(conditions), conditions);
  }
});

Deno.test("parseLimit() refuses anything else, and says what would be right", () => {
  const right =
    "p50, p95 or p99 below a time in ms or s, errors or undelivered below a share in %, with commas between " +
    "them, each once: p95<500ms,errors<1%";
  const rows: [text: string, value: string, why: string][] = [
    ["", "", "nothing"],
    ["p95<500", "p95<500", "no unit"],
    ["p95<500ms,errors<1", "errors<1", "no unit, the second one"],
    ["p95<5%", "p95<5%", "a share of time"],
    ["errors<5ms", "errors<5ms", "a time of errors"],
    ["p90<500ms", "p90<500ms", "a quantile that is not reduced"],
    ["p95>500ms", "p95>500ms", "the other way round"],
    ["p95<=500ms", "p95<=500ms", "another relation"],
    ["p95<0ms", "p95<0ms", "nothing is below 0"],
    ["p95<-1ms", "p95<-1ms", "negative"],
    ["p95<2000s1", "p95<2000s1", "rubbish behind it"],
    ["p95<2h", "p95<2h", "another unit"],
    ["p95<3601s", "p95<3601s", "longer than a timeout may be"],
    ["errors<101%", "errors<101%", "more than all"],
    ["p95<1s,p95<2s", "p95<1s,p95<2s", "twice"],
    ["constructor<1s", "constructor<1s", "a name of every object"],
  ];
  for (const [text, value, why] of rows) {
    assert.throws(() => parseLimit(text), new InputError("--find-limit", value, right), why);
  }
});

Deno.test("makePlan() takes a limit with two levels or none, and not for a load generator of others", () => {
  const input = { url: "http://127.0.0.1:9/", find_limit: P95 };
  assert.deepEqual(makePlan(input).levels, [1, 100_000]);
  assert.deepEqual(makePlan({ ...input, mode: "playwright" }).levels, [1, 100_000]);
  assert.deepEqual(makePlan({ ...input, levels: [64, 4] }).levels, [4, 64]);
  const rows: [input: object, message: RegExp][] = [
    [{ levels: [8] }, /Cannot use levels: current value is "8"\. Give where the search begins and where it ends/],
    [{ mode: "command", command: ["wrk"] }, /Cannot use find_limit: .* Give mode http or playwright/],
    [{ find_limit: [] }, /Cannot use find_limit: current value is "\[\]"\. Give at least 1/],
    [{ find_limit: [...P95, ...P95] }, /each metric once/],
    [{ find_limit: [{ metric: "throughput", below: 5 }] }, /find_limit\.0\.metric: .* one of latency_ms_p50/],
    [{ find_limit: [{ metric: "error_ratio", below: 5 }] }, /find_limit\.0: .* a share of at most 1/],
  ];
  for (const [more, message] of rows) assert.throws(() => makePlan({ ...input, ...more }), { message });
});

Deno.test("judgeLevel() takes the median of the replicates, of an even number the worse", () => {
  const rows: [why: string, replicates: Seen[], verdict: string][] = [
    ["one that holds", [{ p95: 499 }], "holds"],
    ["below means below", [{ p95: 500 }], "target: p95 500 ms"],
    ["of two the worse", [{ p95: 100 }, { p95: 612 }], "target: p95 612 ms"],
    ["of three the one in the middle", [{ p95: 100 }, { p95: 612 }, { p95: 200 }], "holds"],
    ["of three the one in the middle, again", [{ p95: 100 }, { p95: 612 }, { p95: 700 }], "target: p95 612 ms"],
    ["of four the worse of those in the middle", [1, 2, 612, 700].map((p95) => ({ p95 })), "target: p95 612 ms"],
    ["errors count where nobody said so", [{ p95: 10, errors: 0.062 }], "target: errors 6.2 %"],
    ["few errors do not", [{ p95: 10, errors: 0.04 }], "holds"],
    ["nothing was answered", [{}], "target: no request ended in the steady window"],
    [
      "the breaker ended it",
      [{ p95: 1, failing: true }],
      "target: most requests failed, or the target ended",
    ],
    [
      "the generator was the limit",
      [{ p95: 100, flags: ["generator_limited"] }],
      "generator: because of generator_limited",
    ],
    ["the machine was the limit", [{ p95: 612, flags: ["machine_limited"] }], "machine: because of machine_limited"],
    ["a busy machine, and it holds all the same", [{ p95: 100, flags: ["machine_limited"] }], "holds"],
    [
      "the target was the limit as well",
      [{ p95: 612, flags: ["target_saturated", "generator_limited"] }],
      "target: p95 612 ms",
    ],
    ["saturated, and it holds", [{ p95: 100, flags: ["target_saturated"] }], "holds"],
    [
      "one of two says nothing",
      [{ p95: 100 }, { p95: 100, flags: ["generator_limited"] }],
      "generator: because of generator_limited",
    ],
    [
      "one of three says nothing, of the others the worse counts",
      [{ p95: 100 }, { p95: 900, flags: ["generator_limited"] }, { p95: 612 }],
      "target: p95 612 ms",
    ],
    ["what sets it apart otherwise", [{ p95: 100, flags: ["steal", "few_samples"] }], "holds"],
  ];
  for (const [why, replicates, wanted] of rows) {
    const verdict = judgeLevel(P95, replicates.map((one, index) => tried({ ...one, replicate: index + 1 })));
    assert.equal(verdict.kind === "holds" ? "holds" : `${verdict.by}: ${verdict.reason}`, wanted, why);
  }
  const errors: LimitCondition[] = [{ metric: "error_ratio", below: 0.2 }];
  assert.equal(judgeLevel(errors, [tried({ p95: 10, errors: 0.1 })]).kind, "holds", "the user's word on errors counts");
  assert.equal(judgeLevel(errors, [{ level: 8, replicate: 1, by: "broken", reason: "gone" }]).kind, "stops");
});

Deno.test("nextLimitLevel() doubles, then halves, to neighbours or 5 %", () => {
  const rows: [limit: number, levels: number[], path: number[], found: number, ended_by: string][] = [
    [37, [1, 100_000], [1, 2, 4, 8, 16, 32, 64, 48, 40, 36, 38, 37], 37, "target"],
    [1, [1, 100_000], [1, 2], 1, "target"],
    [0, [1, 100_000], [1], 0, "target"],
    [9, [4, 32], [4, 8, 16, 12, 10, 9], 9, "target"],
    [3, [4, 32], [4], 0, "target"],
    [99, [4, 50], [4, 8, 16, 32, 50], 50, "highest_level"],
    [400, [100, 1000], [100, 200, 400, 800, 600, 500, 450, 425, 412], 400, "target"],
  ];
  for (const [limit, levels, path, found, ended_by] of rows) {
    const played = search(levels, limit);
    assert.deepEqual([played.path, played.limit.sessions, played.limit.ended_by], [path, found, ended_by], `${limit}`);
  }
});

Deno.test("nextLimitLevel() finds any limit to 5 %, and never takes longer than said", () => {
  const random = seededRandom(1);
  const limits = [...Array(130).keys(), ...Array.from({ length: 60 }, () => Math.floor(10 ** (2 + 3 * random())))];
  for (const limit of limits) {
    for (const lowest of [1, 7]) {
      const { limit: { sessions, above = Infinity } } = search([lowest, 100_000], limit);
      if (limit < lowest) assert.equal(sessions, 0);
      else {
        assert(sessions <= limit && limit < above, `${sessions} ≤ ${limit} < ${above}`);
        assert(above - sessions <= Math.max(1, 0.05 * sessions), `${sessions} and ${above}`);
      }
    }
  }
});

Deno.test("nextLimitLevel() runs all replicates of a level in a row, and from any point goes on in the same way", () => {
  const plan = { levels: [1, 1000], replicates: 3, find_limit: P95 };
  const whole = search(plan.levels, 21, 3);
  assert.deepEqual(whole.results.slice(0, 4).map(({ level, replicate }) => [level, replicate]), [
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
  ]);
  for (let done = 0; done < whole.results.length; done++) {
    const step = nextLimitLevel(plan, whole.results.slice(0, done));
    const { level, replicate } = whole.results[done];
    assert(step.kind === "run" && step.level === level && step.replicate === replicate);
  }
  // A replicate that is damaged on disk is what is run next, whatever was found after it.
  const without = whole.results.filter(({ level, replicate }) => !(level === 2 && replicate === 2));
  const step = nextLimitLevel(plan, without);
  assert(step.kind === "run" && step.level === 2 && step.replicate === 2);
});

Deno.test("nextLimitLevel() says in one sentence what holds, and why there is no more", () => {
  const both: LimitCondition[] = [...P95, { metric: "error_ratio", below: 0.01 }];
  const from = (find_limit: LimitCondition[], seen: (level: number) => Seen, levels = [1, 64]) =>
    play({ levels, replicates: 1, find_limit }, (level, replicate) => tried({ ...seen(level), level, replicate }));
  const rows: [sentence: string, limit: { text: string }][] = [
    [
      "p95 < 500 ms and errors < 1 % hold up to 37 sessions (38 does not: p95 612 ms)",
      from(both, (level) => ({ p95: level < 38 ? 9 : 612.3 })).limit,
    ],
    [
      "p95 < 500 ms holds up to 1 session (2 does not: errors 12 %)",
      from(P95, (level) => ({ p95: 9, errors: level < 2 ? 0 : 0.12 })).limit,
    ],
    [
      "p95 < 500 ms holds up to 400 sessions, to within 5 % (412 does not: p95 612 ms)",
      search([100, 1000], 400).limit,
    ],
    ["p95 < 500 ms does not hold even at 1 session: p95 612 ms", search([1, 64], 0).limit],
    [
      "p95 < 500 ms holds up to 64 sessions, the highest level that was to be tried",
      search([1, 64], 99).limit,
    ],
    [
      "p95 < 500 ms holds up to 5 sessions; the target's own limit is not known: at 6 the generator was the limit " +
      "(because of generator_limited)",
      from(P95, (level) => ({ p95: 9, flags: level < 6 ? [] : ["generator_limited"] })).limit,
    ],
    [
      "Whether p95 < 500 ms and errors < 1 % hold is not known: already at 1 session the machine was the limit " +
      "(because of machine_limited)",
      from(both, () => ({ p95: 612, flags: ["machine_limited"] })).limit,
    ],
    [
      "p95 < 500 ms holds up to 3 sessions; the target's own limit is not known: at 4 no attempt was complete (it ended)",
      play(
        { levels: [1, 64], replicates: 1, find_limit: P95 },
        (level, replicate) =>
          level < 4 ? tried({ p95: 9, level, replicate }) : { level, replicate, by: "broken", reason: "it ended" },
      ).limit,
    ],
  ];
  for (const [sentence, { text }] of rows) assert.equal(text, sentence);
});

Deno.test("attemptOrder() of a search is the longest that it may become, after the run to warm up", () => {
  const plan = { levels: [4, 32], replicates: 2, seed: 1, find_limit: P95 };
  const order = attemptOrder(plan);
  assert.deepEqual(order[0], { level: 4, replicate: 0, discarded: true });
  assert.deepEqual(order.slice(1, 5).map(({ level, replicate }) => [level, replicate]), [[4, 1], [4, 2], [8, 1], [
    8,
    2,
  ]]);
  assert.equal(order.length, 1 + 2 * longestSearch(plan).length);
  for (let limit = 0; limit <= 32; limit++) {
    assert(search([4, 32], limit).path.length <= longestSearch(plan).length);
  }
});
