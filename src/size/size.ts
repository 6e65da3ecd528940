import type { Assumptions, FitReport, RunSummary, Sizing } from "../schema/mod.ts";
import { assume } from "./assume.ts";
import { describeSizing } from "./describe_sizing.ts";
import { sizingRun } from "./parts.ts";
import { sizeGenerators } from "./size_generators.ts";
import { sizeSlo } from "./size_slo.ts";
import { artifactsOf, shapesFor, sizeTarget } from "./size_target.ts";
import { testSensitivity } from "./test_sensitivity.ts";
import { whatIfScreenshots } from "./what_if_screenshots.ts";

/**
 * Says what machines a number of sessions needs: cores, memory, disk and network, with bands, beside the textbook's
 * figures, and as a fleet of equal workers; what an objective allows, disk by kind of artifact, and who drives such a sweep.
 *
 * Each target is `measured` within the measured levels, `extrapolated` up to four times the top usable level, and
 * `replicated` beyond, or where one worker of the chosen shape, or one that keeps the objective, carries less: workers at a
 * level that was measured.
 *
 * @param summary A run, reduced to levels: capacity, baseline, and the totals that the textbook divides.
 * @param fits What `fitAll` made of it; `serving_cores`, `serving_memory_bytes`, `artifact_bytes_per_hour`,
 *   `network_bytes_per_s` and `throughput` are read, and those of the groups where they are bought apart.
 * @param options Assumptions that differ from the defaults; all are echoed in the result.
 * @returns Plain data. `rows` are empty, and `answer` says why, where no level may be used; what was not measured has no row.
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
  const run = sizingRun(summary, fits);
  const slo = assumptions.slo.length > 0 ? sizeSlo(summary, assumptions.slo) : undefined;
  const targets = assumptions.targets.flatMap((target) => sizeTarget(run, target, assumptions, slo) ?? []);
  const missing = missingOf(summary);
  return {
    schema: "plimsoll.sizing/1",
    source: fits.source,
    answer: targets.length > 0
      ? [...targets.map((target) => describeSizing(target, assumptions)), ...missing].join("\n")
      : refuse(fits, slo?.sessions === 0 ? slo.text : undefined),
    rows: targets.flatMap(({ rows }) => rows),
    fleet: targets.flatMap(({ fleet }) => fleet ?? []),
    shapes: assumptions.targets.flatMap((target) => shapesFor(run, target, assumptions, slo)),
    generators: sizeGenerators(run, assumptions),
    artifacts: targets.flatMap((target) => artifactsOf(run, target, assumptions)),
    screenshots: whatIfScreenshots(run, assumptions, slo),
    ...(slo ? { slo } : {}),
    binding: targets.map(({ binding }) => binding),
    assumptions,
    sensitivity: testSensitivity(run, assumptions, slo),
  };
}

/** A run of another tool may lack what only samples of the target tell. */
function missingOf({ levels }: RunSummary): string[] {
  const missing = [["serving_cores", "Cores"], ["serving_memory_bytes", "Memory"]]
    .filter(([metric]) => !levels.some(({ metrics }) => metrics[metric] !== undefined)).map(([, name]) => name);
  return missing.length > 0
    ? [`${missing.join(" and ")} of what serves was not measured: no row says anything of it.`]
    : [];
}

function refuse(fits: FitReport, objective?: string): string {
  if (objective) return `Nothing can be sized: ${objective}`;
  const ofWorkers = Object.values(fits.workers ?? {}).map(({ fit }) => fit);
  const reasons = ["serving_cores", "serving_memory_bytes"].flatMap((name): string[] => {
    const read = fits.metrics[name] ? [fits.metrics[name]] : ofWorkers;
    if (read.length === 0) return [`${name} was not measured.`];
    return read.flatMap(({ accepted, verdict }) => accepted ? [] : verdict.text);
  });
  return `Nothing can be sized: ${[...new Set(reasons)].join(" ")}`;
}
