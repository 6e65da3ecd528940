import { max, mean, median, quantile } from "simple-statistics";
import { type AttemptFacts, flagAttempt } from "../quality/mod.ts";
import type { Baseline, LevelSummary, RunSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
import type { EventRow, ResourceRow } from "../schema/rows.ts";
import type { Attempt, Dataset } from "./load.ts";

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 };

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
  const cores = Math.min(provenance.vcpus, provenance.cgroup_limits.cores ?? Infinity);
  const memory_bytes = Math.min(provenance.memory_bytes, provenance.cgroup_limits.memory_bytes ?? Infinity);
  const levels = dataset.attempts.filter(({ discarded }) => !discarded)
    .map((attempt) => summariseAttempt(attempt, plan, cores))
    .sort((a, b) => a.level - b.level || a.replicate - b.replicate);
  const kinds = new Set(dataset.attempts.flatMap(({ resources }) => resources.map((row) => row.memory_kind)));
  const warnings = [...dataset.warnings];
  if (kinds.has("rss")) {
    warnings.push(
      "Memory of some processes could only be read as RSS, which counts shared pages once a process: sizes of memory are too high",
    );
  }
  if (!levels.some(({ metrics }) => metrics.target_cores !== undefined)) {
    warnings.push("No process of the target was named or found: its cost was not measured");
  }
  return {
    run: path,
    mode: plan.mode,
    url: provenance.target,
    size_groups: plan.size_groups,
    capacity: { cores, memory_bytes },
    baseline: baselineOf(dataset.idle),
    levels,
    warnings,
  };
}

function summariseAttempt(attempt: Attempt, plan: Plan, capacity_cores: number): LevelSummary {
  const { level, replicate, attempt: number, window } = attempt.seal;
  const window_s = (window.to_ms - window.from_ms) / 1000;
  const inside = (t_ms: number) => t_ms >= window.from_ms && t_ms <= window.to_ms;
  const requests = attempt.requests.filter((row) => inside(row.started_ms + row.duration_ms));
  const events = attempt.events.filter((row) => inside(row.t_ms));
  const byGroup = Map.groupBy(attempt.resources.filter((row) => inside(row.t_ms)), (row) => row.group);
  const metrics: Record<string, number> = {};

  for (const [group, rows] of byGroup) {
    const cores = rate(rows, (row) => row.cpu_ms);
    if (cores !== undefined) metrics[`${group}_cores`] = cores;
    const memory = rows.flatMap((row) => row.memory_bytes ?? []);
    if (memory.length === 0) continue;
    metrics[`${group}_memory_bytes`] = max(memory);
    metrics[`${group}_memory_mean_bytes`] = mean(memory);
  }
  for (const what of ["cores", "memory_bytes"]) {
    const parts = plan.size_groups.map((group) => metrics[`${group}_${what}`]);
    if (parts.every((part) => part !== undefined)) {
      metrics[`serving_${what}`] = parts.reduce((sum, part) => sum + part, 0);
    }
  }

  // An iteration counts where its last step ended, once, and only if no step failed or is missing.
  const steps = plan.mode === "http" ? Math.max(1, plan.requests.length) : 1;
  const iterations = [...Map.groupBy(attempt.requests, (row) => row.session * 1e7 + row.iteration).values()]
    .filter((rows) => inside(max(rows.map((row) => row.started_ms + row.duration_ms))));
  const whole = iterations.filter((rows) => rows.length >= steps && rows.every((row) => row.outcome === "ok"));
  const undelivered = sum(events.flatMap((row) => row.event === "undelivered" ? row.slots : []));
  // Of a load generator that is not ours nothing is known but what it uses.
  if (plan.mode !== "command") metrics.throughput = whole.length / window_s;
  if (plan.mode !== "command") {
    metrics.network_bytes_per_s = sum(requests.map((row) => row.bytes_in + row.bytes_out)) / window_s;
  }
  if (requests.length > 0) {
    const latency = requests.map((row) => row.started_ms + row.duration_ms - row.scheduled_ms);
    for (const [name, q] of Object.entries(QUANTILES)) metrics[`latency_ms_${name}`] = quantile(latency, q);
    metrics.error_ratio = requests.filter((row) => row.outcome !== "ok").length / requests.length;
    metrics.undelivered_ratio = undelivered / (undelivered + iterations.length);
  }
  const artifacts = events.flatMap((row) => row.event === "artifact" ? row : []);
  // Where artifacts were given up, their number says nothing.
  if (plan.mode === "playwright" && !attempt.events.some(({ event }) => event === "artifacts_dropped")) {
    metrics.artifact_bytes_per_hour = sum(artifacts.map(({ bytes }) => bytes)) / window_s * 3600;
    const shots = artifacts.filter(({ kind }) => kind === "screenshot");
    if (shots.length > 0) metrics.bytes_per_snapshot = median(shots.map(({ bytes }) => bytes));
  }

  return {
    level,
    replicate,
    attempt: number,
    sessions: liveSessions(attempt.events, window),
    window_s,
    requests: requests.length,
    metrics,
    flags: flagAttempt(factsOf(attempt, plan, capacity_cores, metrics, byGroup)),
  };
}

function factsOf(
  attempt: Attempt,
  plan: Plan,
  capacity_cores: number,
  metrics: Record<string, number>,
  byGroup: Map<string, ResourceRow[]>,
): AttemptFacts {
  const { window } = attempt.seal;
  const hottest = (group: string) => rate(byGroup.get(group) ?? [], (row) => row.hottest_thread_cpu_ms);
  const generator = attempt.events.findLast((row) => row.event === "generator");
  const system = byGroup.get("system") ?? [];
  const steal = rate(system, (row) => row.steal_ms);
  return {
    level: attempt.seal.level,
    planned: plan.mode === "command" ? 0 : attempt.seal.level * (window.to_ms - window.from_ms) / plan.pace_ms,
    delivered: metrics.throughput * (window.to_ms - window.from_ms) / 1000,
    undelivered: sum(
      attempt.events.flatMap((row) =>
        row.event === "undelivered" && row.t_ms >= window.from_ms && row.t_ms <= window.to_ms ? row.slots : []
      ),
    ),
    failed: attempt.seal.state === "failing",
    ...commandFault(attempt),
    error_ratio: metrics.error_ratio,
    capacity_cores,
    target_cores: metrics.target_cores,
    system_cores: metrics.system_cores,
    target_hottest_thread: hottest("target"),
    generator_hottest_thread: hottest("generator"),
    ...(generator
      ? { loop_lag_p99_ms: generator.loop_lag_p99_ms, start_late_p99_ms: generator.start_late_p99_ms }
      : {}),
    pace_ms: plan.pace_ms,
    ...(steal === undefined ? {} : { steal_ratio: steal / capacity_cores }),
    samples: system.length,
  };
}

function commandFault(attempt: Attempt): { command?: string } {
  const end = attempt.events.findLast((row) => row.event === "command_end");
  if (!end?.early) return {};
  return {
    command: `the load generator ended ${(end.t_ms / 1000).toFixed(1)} s after its start, with exit code ${end.code}`,
  };
}

/** Growth of a counter over the rows' time span [1]; `undefined` with fewer than two readings. */
function rate(rows: ResourceRow[], counter: (row: ResourceRow) => number | undefined): number | undefined {
  const read = rows.filter((row) => counter(row) !== undefined);
  const [first, last] = [read[0], read.at(-1)];
  if (!first || !last || last.t_ms <= first.t_ms) return undefined;
  return (counter(last)! - counter(first)!) / (last.t_ms - first.t_ms);
}

/** Time average of live sessions over the window. */
function liveSessions(events: EventRow[], window: { from_ms: number; to_ms: number }): number {
  const started = new Map<number, number>();
  let alive_ms = 0;
  const clip = (t_ms: number) => Math.min(Math.max(t_ms, window.from_ms), window.to_ms);
  for (const row of events) {
    if (row.event === "session_start") started.set(row.session, row.t_ms);
    if (row.event === "session_end") {
      alive_ms += clip(row.t_ms) - clip(started.get(row.session) ?? row.t_ms);
      started.delete(row.session);
    }
  }
  for (const t_ms of started.values()) alive_ms += window.to_ms - clip(t_ms);
  return alive_ms / (window.to_ms - window.from_ms);
}

function baselineOf(idle: Attempt[]): Baseline {
  const windows = idle.map(({ resources }) => {
    const byGroup: Map<string, ResourceRow[]> = Map.groupBy(resources, (row) => row.group);
    const cores = (group: string) => rate(byGroup.get(group) ?? [], (row) => row.cpu_ms) ?? 0;
    const memory = (group: string) =>
      byGroup.get(group)?.findLast((row) => row.memory_bytes !== undefined)?.memory_bytes ?? 0;
    const groups = [...byGroup.keys()].filter((group) => group !== "system");
    return {
      cores: Math.max(0, cores("system") - sum(groups.map(cores))),
      memory: Math.max(0, memory("system") - sum(groups.map(memory))),
    };
  });
  if (windows.length === 0) return { os_cores: 0, os_memory_bytes: 0, drift_cores: 0 };
  return {
    os_cores: mean(windows.map(({ cores }) => cores)),
    os_memory_bytes: mean(windows.map(({ memory }) => memory)),
    drift_cores: windows.at(-1)!.cores - windows[0].cores,
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
