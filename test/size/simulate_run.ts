import type { RunSummary } from "../../src/schema/mod.ts";
import { type Design, simulate } from "../model/simulate.ts";

/** True cost of `n` sessions, by metric. */
export type Truths = Record<string, (sessions: number) => number>;

/** A small server: CPU, memory, network and throughput that grow with sessions. */
export const SERVER: Truths = {
  serving_cores: (n) => 0.05 + 0.04 * n,
  serving_memory_bytes: (n) => 90e6 + 2e6 * n,
  network_bytes_per_s: (n) => 6000 * n,
  throughput: (n) => 2 * n,
};

/** A run over known costs, with normal errors on the logarithm, each metric's of its own. */
export function simulateRun(truths: Truths, design: Design & { seed: number }): RunSummary {
  const columns = Object.entries(truths).map(([metric, truth], index) => ({
    metric,
    points: simulate(truth, { ...design, seed: 1000 * design.seed + index }),
  }));
  return {
    run: `simulated with seed ${design.seed}`,
    mode: "http",
    url: "http://127.0.0.1:8000/",
    size_groups: ["target"],
    capacity: { cores: 8, memory_bytes: 16 * 2 ** 30 },
    baseline: { os_cores: 0.02, os_memory_bytes: 400e6, drift_cores: 0 },
    levels: columns[0].points.map(({ level, replicate, sessions }, index) => ({
      level,
      replicate,
      attempt: 1,
      sessions,
      window_s: 30,
      requests: 30 * level,
      metrics: Object.fromEntries(columns.map(({ metric, points }) => [metric, points[index].value])),
      flags: [],
    })),
    warnings: [],
  };
}
