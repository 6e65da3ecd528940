import type { Assumptions, FitReport, RunSummary, Sizing } from "../schema/mod.ts";
import { assume } from "./assume.ts";
import { describeSizing } from "./describe_sizing.ts";
import { METRIC_BEHIND } from "./read_demand.ts";
import { sizeTarget } from "./size_target.ts";
import { testSensitivity } from "./test_sensitivity.ts";

/**
 * Says what machines a number of sessions needs: cores, memory, disk and network, with bands, beside the textbook's
 * figures, and as a fleet of equal workers.
 *
 * Each target is `measured` within the measured levels, `extrapolated` up to four times the top usable level, and
 * `replicated` beyond: workers at a level that was measured.
 *
 * @param summary A run, reduced to levels: capacity, baseline, and the totals that the textbook divides.
 * @param fits What `fitAll` made of it; `serving_cores`, `serving_memory_bytes`, `artifact_bytes_per_hour` and
 *   `network_bytes_per_s` are read.
 * @param options Assumptions that differ from the defaults; all are echoed in the result.
 * @returns Plain data. `rows` are empty, and `answer` says why, where no level may be used.
 * @throws {RangeError} If an assumption is out of its range, or a shared machine would have to be read beyond four times
 *   the top level without `extrapolate`.
 *
 * @example A server with a tenth of a core a session
 * ```ts
 * import { fitAll, size } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const levels = [1, 2, 4, 8, 16].map((n) => ({
 *   level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *   metrics: { serving_cores: 0.1 * n, serving_memory_bytes: 1e8 + 1e6 * n },
 * }));
 * const summary = {
 *   run: "data/runs/a", mode: "http" as const, url: "http://127.0.0.1:8000/", size_groups: ["target"],
 *   capacity: { cores: 4, memory_bytes: 8 * 2 ** 30 },
 *   baseline: { os_cores: 0, os_memory_bytes: 2 ** 29, drift_cores: 0 }, levels, warnings: [],
 * };
 * const sizing = size(summary, fitAll(summary), { targets: [16] });
 * assert.equal(sizing.rows[0].recommended, 3);
 * ```
 */
export function size(summary: RunSummary, fits: FitReport, options: Partial<Assumptions> = {}): Sizing {
  const assumptions = assume(summary, options);
  const run = { summary, fits };
  const targets = assumptions.targets.flatMap((target) => sizeTarget(run, target, assumptions) ?? []);
  return {
    schema: "plimsoll.sizing/1",
    source: fits.source,
    answer: targets.length > 0 ? targets.map(describeSizing).join("\n") : explainRefusal(fits),
    rows: targets.flatMap(({ rows }) => rows),
    fleet: targets.map(({ fleet }) => fleet),
    binding: targets.map(({ binding }) => binding),
    assumptions,
    sensitivity: testSensitivity(run, assumptions),
  };
}

function explainRefusal(fits: FitReport): string {
  const reasons = [METRIC_BEHIND.cores, METRIC_BEHIND.memory_bytes].flatMap((name) =>
    fits.metrics[name]
      ? fits.metrics[name].accepted ? [] : [fits.metrics[name].verdict.text]
      : [`${name} was not measured.`]
  );
  return `Nothing can be sized: ${[...new Set(reasons)].join(" ")}`;
}
