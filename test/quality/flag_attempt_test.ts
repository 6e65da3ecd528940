import assert from "node:assert/strict";
import { type AttemptFacts, capacityOf, flagAttempt, othersUse, restlessness } from "../../src/quality/mod.ts";

const CLEAN: AttemptFacts = {
  level: 8,
  planned: 80,
  delivered: 80,
  undelivered: 0,
  error_ratio: 0,
  capacity_cores: 4,
  target_cores: 0.5,
  system_cores: 1,
  target_hottest_thread: 0.4,
  generator_hottest_thread: 0.1,
  loop_lag_p99_ms: 3,
  start_late_p99_ms: 2,
  pace_ms: 1000,
  steal_ratio: 0,
  samples: 20,
};

Deno.test("flagAttempt() finds nothing wrong with a clean attempt", () => assert.deepEqual(flagAttempt(CLEAN), []));

const ROWS: [why: string, facts: Partial<AttemptFacts>, name: string, excluded: string[]][] = [
  ["the target uses all cores", { target_cores: 3.8, system_cores: 3.95 }, "target_saturated", ["demand"]],
  ["one thread of the target is full", { target_hottest_thread: 0.97 }, "target_saturated", ["demand"]],
  ["late while the machine is free", { delivered: 68, undelivered: 12 }, "target_saturated", ["demand"]],
  ["others use up the machine", { system_cores: 3.9 }, "machine_limited", ["demand", "throughput"]],
  ["late since the machine is full", { system_cores: 3.9, delivered: 60, undelivered: 20 }, "machine_limited", [
    "demand",
    "throughput",
  ]],
  [
    "the target uses up its limit on a large machine",
    { capacity_cores: 0.5, machine_cores: 8, target_cores: 0.48 },
    "target_saturated",
    [
      "demand",
    ],
  ],
  ["browsers use up the run's limit on a large machine", { machine_cores: 64, shared_busy: 0.97 }, "machine_limited", [
    "demand",
    "throughput",
  ]],
  [
    "others use up a machine larger than the target's limit",
    { capacity_cores: 2, machine_cores: 8, system_cores: 7.8 },
    "machine_limited",
    [
      "demand",
      "throughput",
    ],
  ],
  ["the generator's thread is full", { generator_hottest_thread: 0.95 }, "generator_limited", ["demand", "throughput"]],
  ["the generator's loop lags", { loop_lag_p99_ms: 80 }, "generator_limited", ["demand", "throughput"]],
  ["iterations start late", { start_late_p99_ms: 140, delivered: 70, undelivered: 10 }, "generator_limited", [
    "demand",
    "throughput",
  ]],
  ["half of the requests fail", { failed: true, error_ratio: 0.7, delivered: 10 }, "failing", ["demand", "throughput"]],
  ["requests fail", { error_ratio: 0.2, delivered: 60 }, "failing", ["demand", "throughput"]],
  ["more cores than there are", { target_cores: 4.5, system_cores: 3.9 }, "inconsistent", ["demand", "throughput"]],
  ["the hypervisor takes time", { steal_ratio: 0.05 }, "steal", []],
  ["hardly any samples", { samples: 2 }, "few_samples", ["demand"]],
];

Deno.test("flagAttempt() says what sets an attempt apart, with the number that decided", () => {
  for (const [why, facts, name, excluded] of ROWS) {
    const flags = flagAttempt({ ...CLEAN, ...facts });
    const flag = flags.find((one) => one.name === name);
    assert(flag, `${why}: ${JSON.stringify(flags)}`);
    assert.deepEqual(flag.excluded_from, excluded, why);
    assert.match(flag.reason, /\d/, why);
    if (name !== "inconsistent") assert.equal(flags.length, 1, `${why}: ${JSON.stringify(flags)}`);
  }
});

Deno.test("flagAttempt() never calls a target at 60 % of its capacity saturated, and always at 110 % demand", () => {
  for (let share = 0; share <= 0.6; share += 0.1) {
    const flags = flagAttempt({
      ...CLEAN,
      target_cores: 4 * share,
      system_cores: 4 * share + 0.3,
      target_hottest_thread: share,
    });
    assert.deepEqual(flags, [], `${share}`);
  }
  const full = flagAttempt({
    ...CLEAN,
    delivered: 73,
    undelivered: 7,
    target_cores: 1,
    target_hottest_thread: 0.99,
  });
  assert.equal(full[0].name, "target_saturated");
});

Deno.test("flagAttempt() tells a target that is too small from one that a busy machine starves", () => {
  const starved = { system_cores: 3.9, delivered: 40, undelivered: 40 };
  const names = (facts: Partial<AttemptFacts>) =>
    flagAttempt({ ...CLEAN, ...starved, ...facts }).map(({ name }) => name);
  const rows: [why: string, facts: Partial<AttemptFacts>, names: string[]][] = [
    ["60 % of one thread, half delivered", { target_cores: 0.3, target_hottest_thread: 0.3 }, ["machine_limited"]],
    ["110 % of one thread, half delivered", { target_cores: 0.56, target_hottest_thread: 0.55 }, [
      "target_saturated",
      "machine_limited",
    ]],
    ["55 % each of three threads", { target_cores: 1.65, target_hottest_thread: 0.55 }, ["machine_limited"]],
    ["110 % of all cores", { target_cores: 2.2, target_hottest_thread: 0.55 }, ["target_saturated", "machine_limited"]],
    ["too little delivered to tell", { delivered: 8, undelivered: 72, target_cores: 0.2, target_hottest_thread: 0.2 }, [
      "machine_limited",
    ]],
    ["all delivered", { delivered: 80, undelivered: 0, target_cores: 2.2 }, ["machine_limited"]],
  ];
  for (const [why, facts, want] of rows) assert.deepEqual(names(facts), want, why);
});

Deno.test("flagAttempt() does not take the ends of the window, or one hiccup, for saturation", () => {
  const rows: [why: string, facts: Partial<AttemptFacts>][] = [
    ["2 of 2.14 planned iterations of one session", { level: 1, planned: 15 / 7, delivered: 2 }],
    ["a slow first iteration of each session", { level: 8, planned: 32, delivered: 25 }],
    ["one slot missed in a short window", { level: 1, planned: 5, delivered: 4, undelivered: 1 }],
  ];
  for (const [why, facts] of rows) assert.deepEqual(flagAttempt({ ...CLEAN, ...facts }), [], why);
});

Deno.test("a busy neighbour on a machine larger than the limits flags nothing", () => {
  assert.deepEqual(
    flagAttempt({ ...CLEAN, capacity_cores: 2, machine_cores: 16, system_cores: 6, shared_busy: 0.3 }),
    [],
  );
  assert.deepEqual(flagAttempt({ ...CLEAN, capacity_cores: Infinity, machine_cores: 2, target_cores: 30 }), []);
});

Deno.test("capacityOf() compares like with like", () => {
  const all = ["target", "browser", "generator"];
  const rows: [why: string, plan: object, found: Parameters<typeof capacityOf>[1], want: object][] = [
    ["no limits", {}, { vcpus: 8, cgroup_limits: {} }, { target_cores: 8, machine_cores: 8 }],
    ["before limits of targets were recorded", {}, { vcpus: 8, cgroup_limits: { cores: 2 } }, {
      target_cores: 2,
      machine_cores: 8,
      shared: { cores: 2, groups: all },
    }],
    [
      "both in one container",
      {},
      { vcpus: 8, cgroup_limits: { cores: 2 }, target_limits: { cores: 2, shared: true } },
      {
        target_cores: 2,
        machine_cores: 8,
        shared: { cores: 2, groups: all },
      },
    ],
    ["the target in one of its own", {}, { vcpus: 8, cgroup_limits: {}, target_limits: { cores: 0.5 } }, {
      target_cores: 0.5,
      machine_cores: 8,
    }],
    ["another machine", { target_prometheus: "http://10.0.0.1:9100/" }, {
      vcpus: 2,
      cgroup_limits: {},
      target_limits: { cores: 64 },
    }, { target_cores: 64, machine_cores: 2 }],
    ["a program somewhere", { target_prometheus: "http://10.0.0.1:80/" }, { vcpus: 2, cgroup_limits: {} }, {
      target_cores: Infinity,
      machine_cores: 2,
    }],
  ];
  for (const [why, plan, found, want] of rows) assert.deepEqual(capacityOf(plan, found), want, why);
});

Deno.test("othersUse() of a target that is a whole machine is nothing", () => {
  const row = { cpu_ms: 0, processes: 1, seq: 0, t_ms: 0 };
  const target = { ...row, group: "target" as const, memory_bytes: 5e9, memory_kind: "system" as const };
  const system = { ...row, group: "system" as const, memory_bytes: 6e9 };
  assert.deepEqual(othersUse([target, system, { ...system, t_ms: 1000, cpu_ms: 900 }]), { cores: 0, memory_bytes: 0 });
});

Deno.test("othersUse() is what the system uses beside the groups, and restlessness() says when that is much", () => {
  const row = (t_ms: number, group: "system" | "target" | "generator", cpu_ms: number, memory_bytes: number) => ({
    seq: 0,
    t_ms,
    group,
    cpu_ms,
    memory_bytes,
    processes: 1,
  });
  const rows = [
    row(0, "system", 100, 8e9),
    row(0, "target", 0, 1e9),
    row(0, "generator", 0, 1e8),
    row(2000, "system", 1300, 9e9),
    row(2000, "target", 200, 2e9),
    row(2000, "generator", 400, 1e8),
  ];
  assert.deepEqual(othersUse(rows), { cores: 0.3, memory_bytes: 6.9e9 });
  assert.equal(restlessness(0.3, 4), undefined);
  assert.match(restlessness(0.3, 2)!, /something else used 0\.30 of its 2 cores/);
});
