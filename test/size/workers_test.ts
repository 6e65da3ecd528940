/** Browsers that several workers drove: what a worker costs without sessions is paid once a worker, whatever drove the sweep. */
import assert from "node:assert/strict";
import { fitAll } from "../../src/model/mod.ts";
import type { RunSummary, WorkerLevel } from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { exampleRun, MIB } from "./example_run.ts";

const BASE = { cores: 0.5, memory_bytes: 400 * MIB };
const SESSION = { cores: 0.1, memory_bytes: 50 * MIB };
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
      },
    }))
  );
  return { ...one, mode: "playwright", size_groups: ["target", "browser"], levels, workers: byWorker };
}

Deno.test("size() pays a worker's base once a worker, and reads the target that they share at all sessions", () => {
  const summary = sweptBy(WORKERS);
  const options = { targets: [64], topology: "shared" as const, spare_workers: 0, safety: 1, utilisation: 1 };
  const { rows, fleet } = size(summary, fitAll(summary), options);
  // The most that one worker carried: more was not measured of any.
  assert.equal(fleet[0].sessions_per_worker, 32 / WORKERS);
  assert.equal(fleet[0].workers, 8);
  const worker = rows.find(({ part, metric }) => part === "workers" && metric === "cores")!;
  const target = rows.find(({ part, metric }) => part === "shared" && metric === "cores")!;
  const near = (value: number, truth: number, what: string) =>
    assert(Math.abs(value / truth - 1) < 0.02, `${what}: ${value}, and in truth ${truth}`);
  near(worker.estimate!, 8 * BASE.cores + 64 * SESSION.cores, "cores of eight workers");
  near(target.estimate!, 0.1 + 0.02 * 64, "cores of the target");
});
