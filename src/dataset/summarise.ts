import { mean } from "simple-statistics";
import { capacityOf, flagSweep, othersUse, restlessness } from "../quality/mod.ts";
import type { Baseline, RunSummary, WorkerLevel } from "../schema/levels.ts";
import { describeLoad } from "./describe_load.ts";
import type { LimitFound } from "../schema/limit.ts";
import type { Plan } from "../schema/plan.ts";
import type { ManifestLine, Provenance, ShareProvenance } from "../schema/run.ts";
import { type Attempt, reducedOf } from "./attempt.ts";
import type { Dataset } from "./load.ts";
import { workerLevels } from "./worker_levels.ts";
import { importedCapacity, importedWarnings, reduceImported } from "./reduce_imported.ts";

/**
 * Reduces a run to one {@linkcode LevelSummary} a replicate, over its steady window, flags decided from the rows.
 *
 * CPU is the difference of the counters at the first and the last sample of the window over the time between them, memory
 * the peak; quantiles interpolate (type 7 in R).
 *
 * @param dataset what {@linkcode load} read.
 * @returns plain data: levels without the discarded run, in ascending order.
 *
 * @example Cores of the lowest level
 * ```ts ignore
 * import { load, summarise } from "plimsoll";
 * const { levels } = summarise(await load("data/runs/first"));
 * levels[0].metrics.target_cores;
 * ```
 */
export function summarise(dataset: Dataset): RunSummary {
  const { plan, provenance, path } = dataset.info;
  const capacity = capacityOf(plan, provenance);
  const { imported } = provenance;
  const reduced = dataset.attempts.map((attempt) =>
    imported
      ? {
        summary: reduceImported(attempt, { plan, machine: imported.machine }),
        memory_kinds: attempt.resources.map((row) => row.memory_kind),
      }
      : reducedOf(attempt, { plan, capacity })
  );
  const workers = dataset.attempts.flatMap((attempt, index) =>
    attempt.discarded ? [] : workerLevels(attempt, reduced[index].summary, provenance.shares)
  ).sort((a, b) => a.level - b.level || a.replicate - b.replicate || a.worker - b.worker);
  const inOrder = reduced.map(({ summary }) => summary);
  const levels = inOrder.filter((_, index) => !dataset.attempts[index].discarded)
    .sort((a, b) => a.level - b.level || a.replicate - b.replicate);
  const kinds = new Set(reduced.flatMap(({ memory_kinds }) => memory_kinds));
  const warnings = [...dataset.warnings];
  if (kinds.has("rss")) {
    warnings.push(
      "Memory of some processes could only be read as RSS, which counts shared pages once a process: sizes of memory are too high",
    );
  }
  if (imported) warnings.push(...importedWarnings(levels, imported));
  else if (!levels.some(({ metrics }) => metrics.target_cores !== undefined)) {
    warnings.push("No process of the target was named or found: its cost was not measured");
  }
  const baseline = baselineOf(dataset.idle);
  const restless = restlessness(baseline.os_cores, provenance.vcpus);
  if (restless !== undefined) warnings.push(restless);
  return {
    run: path,
    mode: plan.mode,
    url: provenance.target,
    load: describeLoad(plan),
    size_groups: plan.size_groups,
    capacity: imported ? importedCapacity(levels, imported.machine) : leastOf([provenance]),
    baseline,
    levels,
    ...(workers.length > 0 ? { workers, worker_capacity: leastOf(driving(provenance, workers)) } : {}),
    flags: imported ? [] : flagSweep(inOrder, { restarted: plan.target_command !== undefined }),
    ...screenshotsOf(plan),
    ...limitOf(dataset.info.manifest),
    warnings,
  };
}

/** What each of some machines has at least, limits applied. */
function leastOf(
  machines: readonly Pick<ShareProvenance, "vcpus" | "memory_bytes" | "cgroup_limits">[],
): RunSummary["capacity"] {
  return {
    cores: Math.min(...machines.map(({ vcpus, cgroup_limits: { cores = Infinity } }) => Math.min(vcpus, cores))),
    memory_bytes: Math.min(
      ...machines.map(({ memory_bytes, cgroup_limits }) =>
        Math.min(memory_bytes, cgroup_limits.memory_bytes ?? Infinity)
      ),
    ),
  };
}

/** The machines of those who drove something. */
function driving({ shares = [] }: Provenance, workers: readonly WorkerLevel[]): ShareProvenance[] {
  const drove = new Set(workers.map(({ worker }) => worker));
  return shares.filter(({ k }) => drove.has(k));
}

function screenshotsOf({ mode, browser_scenario }: Plan): Pick<RunSummary, "screenshots"> {
  if (mode !== "playwright") return {};
  const { screenshot_format: format, screenshot_quality: quality } = browser_scenario;
  return { screenshots: { format, ...(format === "jpeg" ? { quality } : {}) } };
}

/** The last answer of a search, as the sweep gave it: a search that was resumed may have found another. */
function limitOf(manifest: readonly ManifestLine[]): { limit?: LimitFound } {
  const line = manifest.findLast(({ event }) => event === "limit_found");
  if (line?.event !== "limit_found") return {};
  const { at: _at, event: _event, ...limit } = line;
  return { limit };
}

function baselineOf(idle: Attempt[]): Baseline {
  const windows = idle.map(({ resources }) => othersUse(resources));
  if (windows.length === 0) return { os_cores: 0, os_memory_bytes: 0, drift_cores: 0 };
  return {
    os_cores: mean(windows.map(({ cores }) => cores)),
    os_memory_bytes: mean(windows.map(({ memory_bytes }) => memory_bytes)),
    drift_cores: windows.at(-1)!.cores - windows[0].cores,
  };
}
