/** Browsers that several workers drove: what a worker costs without sessions is paid once a worker, whatever drove the sweep. */
import assert from "node:assert/strict";
import { fitAll } from "../../src/model/mod.ts";
import type { RunSummary, WorkerLevel } from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { exampleRun, MIB } from "./example_run.ts";

const BASE = { cores: 0.5, memory_bytes: 400 * MIB };
const SESSION = { cores: 0.1, memory_bytes: 50 * MIB };
/** Nobody buys it, unless to drive a sweep. */
const DRIVER = { cores: 0.05, session_cores: 0.01 };
const WORKERS = 4;

/** A sweep of one target by so many workers, levels shared out evenly, costs as above. */
function sweptBy(workers: number): RunSummary {
  const one = exampleRun();
  const levels = [4, 8, 16, 24, 32].map((level) => ({
    ...one.levels[0],
    ...{ level, replicate: 1, sessions: level },
    metrics: {
      target_cores: 0.1 + 0.02 * level,
      target_memory_bytes: (100 + level) * MIB,
      browser_cores: workers * BASE.cores + SESSION.cores * level,
      browser_memory_bytes: workers * BASE.memory_bytes + SESSION.memory_bytes * level,
      serving_cores: workers * BASE.cores + SESSION.cores * level + 0.1 + 0.02 * level,
      serving_memory_bytes: workers * BASE.memory_bytes + SESSION.memory_bytes * level + (100 + level) * MIB,
    },
  }));
  const byWorker = levels.flatMap(({ level, attempt, window_s }) =>
    Array.from({ length: workers }, (_, index): WorkerLevel => ({
      ...{ worker: index + 1, level: level / workers, replicate: index + 1, attempt, window_s, flags: [] },
      sessions: level / workers,
      metrics: {
        browser_cores: BASE.cores + SESSION.cores * level / workers,
        browser_memory_bytes: BASE.memory_bytes + SESSION.memory_bytes * level / workers,
        generator_cores: DRIVER.cores + DRIVER.session_cores * level / workers,
        generator_memory_bytes: 50 * MIB,
      },
    }))
  );
  return { ...one, mode: "playwright", size_groups: ["target", "browser"], levels, workers: byWorker };
}

const ONE = { spare_workers: 0, safety: 1, utilisation: 1, memory_headroom: 0 };

function near(value: number, truth: number, what: string) {
  assert(Math.abs(value / truth - 1) < 0.02, `${what}: ${value}, and in truth ${truth}`);
}

Deno.test("size() pays a worker's base once a worker, and reads the target that they share at all sessions", () => {
  const summary = sweptBy(WORKERS);
  const { rows, fleet } = size(summary, fitAll(summary), { ...ONE, targets: [64], topology: "shared" });
  // The most that one worker carried: more was not measured of any.
  assert.equal(fleet[0].sessions_per_worker, 32 / WORKERS);
  assert.equal(fleet[0].workers, 8);
  const worker = rows.find(({ part, metric }) => part === "workers" && metric === "cores")!;
  const target = rows.find(({ part, metric }) => part === "shared" && metric === "cores")!;
  near(worker.estimate, 8 * BASE.cores + 64 * SESSION.cores, "cores of eight workers");
  near(target.estimate, 0.1 + 0.02 * 64, "cores of the target");
});

Deno.test("size() pays the bases of worker and target once a machine where both are replicated", () => {
  const summary = sweptBy(WORKERS);
  const { rows, fleet } = size(summary, fitAll(summary), { ...ONE, targets: [64] });
  assert.equal(fleet[0].sessions_per_worker, 32 / WORKERS);
  assert.equal(fleet[0].workers, 8);
  const [cores, memory] = rows;
  near(cores.estimate, 8 * (BASE.cores + 0.1) + 64 * (SESSION.cores + 0.02), "cores of eight machines");
  near(
    memory.estimate,
    8 * (BASE.memory_bytes + 100 * MIB) + 64 * (SESSION.memory_bytes + MIB),
    "memory of eight machines",
  );
  assert.match(cores.notes.join(" "), /4 workers drove the sweep.*base is paid once a machine; so is the target's/);
  // A machine that had all sessions was not measured of any worker, though the sweep had as many.
  assert.deepEqual(
    size(summary, fitAll(summary), { ...ONE, targets: [8, 32] }).rows.filter(({ metric }) => metric === "cores")
      .map(({ basis, extrapolation }) => [basis, extrapolation]),
    [["measured", "none"], ["extrapolated", "4x"]],
  );
});

Deno.test("size() says the same of a fleet, however many workers drove the sweep", () => {
  const [one, four] = [1, 4].map((workers) => {
    // One machine without a hub tells nobody apart.
    const { workers: byWorker, ...rest } = sweptBy(workers);
    const summary = workers === 1 ? rest : { ...rest, workers: byWorker };
    const { rows } = size(summary, fitAll(summary), { ...ONE, targets: [8] });
    return rows.slice(0, 2).map(({ estimate }) => estimate);
  });
  four.forEach((estimate, index) => near(estimate, one[index], `row ${index}`));
});

Deno.test("machines that drive a sweep are as many as one worker's curve says", () => {
  const summary = { ...sweptBy(WORKERS), worker_capacity: { cores: 4, memory_bytes: 8 * 1024 * MIB } };
  const [{ sessions_per_machine, cores }] =
    size({ ...summary, size_groups: ["target"] }, fitAll(summary), { ...ONE, targets: [64] }).generators;
  // 4 cores hold 0.55 and 31 times 0.11.
  assert.equal(sessions_per_machine, 31);
  const [base, session] = [BASE.cores + DRIVER.cores, SESSION.cores + DRIVER.session_cores];
  near(cores.estimate, 3 * base + 64 * session, "cores of three machines");
});

Deno.test("size() reads a fleet by what all workers cost, though the largest share was the cheapest worker's", () => {
  const summary = sweptBy(1);
  const costs = [1.1, 1.1, 0.8];
  const workers = [4, 8, 16, 24, 32].flatMap((level) =>
    costs.map((times, index): WorkerLevel => {
      const sessions = index === 2 ? level / 2 : level / 4;
      const { attempt, window_s } = summary.levels[0];
      return {
        ...{ worker: index + 1, level: sessions, replicate: 1, attempt, window_s, flags: [], sessions },
        metrics: {
          browser_cores: times * (BASE.cores + SESSION.cores * sessions),
          browser_memory_bytes: BASE.memory_bytes + SESSION.memory_bytes * sessions,
        },
      };
    })
  );
  const swept = { ...summary, workers };
  const { rows, fleet } = size(swept, fitAll(swept), { ...ONE, targets: [128], topology: "shared" });
  assert.equal(fleet[0].sessions_per_worker, 16);
  const mean = Math.cbrt(costs[0] * costs[1] * costs[2]);
  near(rows[0].estimate, mean * (8 * BASE.cores + 128 * SESSION.cores), "cores of eight workers");
  assert(rows[0].upper > 1.1 * (8 * BASE.cores + 128 * SESSION.cores), "the dearest lies under the bound");
});

Deno.test("the machine that binds is a worker's where only what workers ran is bought", () => {
  const summary: RunSummary = {
    ...sweptBy(WORKERS),
    ...{ size_groups: ["browser"], capacity: { cores: 2, memory_bytes: 4e9 } },
    worker_capacity: { cores: 64, memory_bytes: 400e9 },
  };
  const { binding, rows } = size(summary, fitAll(summary), { ...ONE, targets: [8] });
  assert.equal(rows[0].recommended, 2);
  assert(binding[0].share < 0.05, JSON.stringify(binding));
});
