import { max, median } from "simple-statistics";
import type { LevelSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
import type { EventRow, RequestRow } from "../schema/rows.ts";
import type { AttemptSeal } from "../schema/run.ts";
import type { AttemptFacts } from "./attempt_facts.ts";
import type { Capacity } from "./capacity_of.ts";
import { counterRate } from "./counter_rate.ts";
import { countOutliers } from "./count_outliers.ts";
import { flagAttempt } from "./flag_attempt.ts";
import { flagPlateau } from "./flag_plateau.ts";
import { type GroupUse, groupUse } from "./group_use.ts";
import { iterationsOf } from "./iterations_of.ts";
import { memoryAndLimits } from "./memory_and_limits.ts";
import { quantileBounds } from "./quantile_bounds.ts";
import { Ranked } from "./ranked.ts";
import { MARK, type RequestColumns, requestColumns } from "./request_columns.ts";
import type { ReducedSample } from "./resource_rows.ts";

/** One attempt, as it is on disk. */
export interface AttemptRows {
  /** What `COMPLETE.json` says of it. */
  seal: AttemptSeal;
  /** In file order. */
  requests: readonly RequestRow[] | RequestColumns;
  /** In file order. */
  resources: readonly ReducedSample[];
  /** In file order. */
  events: readonly EventRow[];
}

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 };

/**
 * Reduces the rows of one attempt to numbers over its steady window, and decides its flags.
 *
 * CPU is the difference of the counters at the first and the last sample of the window over the time between them, memory
 * the peak of its readings; quantiles interpolate (type 7 in R).
 *
 * @param attempt The rows.
 * @param plan What was planned.
 * @param capacity What target, machine and run may use.
 * @returns Plain data. A metric that was not measured is absent.
 */
export function reduceAttempt(attempt: AttemptRows, plan: Plan, capacity: Capacity): LevelSummary {
  const { level, replicate, attempt: number, window } = attempt.seal;
  const window_s = (window.to_ms - window.from_ms) / 1000;
  const inside = (t_ms: number) => t_ms >= window.from_ms && t_ms <= window.to_ms;
  const requests = "marks" in attempt.requests ? attempt.requests : requestColumns(attempt.requests);
  const { ended, failed, latency } = requestsIn(requests, window);
  const events = attempt.events.filter((row) => inside(row.t_ms));
  // Of a merged run: what other machines used has counters of its own.
  const sampled = attempt.resources.filter((row) => inside(row.t_ms));
  const byGroup = Map.groupBy(sampled.filter(({ share }) => share === undefined), (row) => row.group);
  const byShare = Map.groupBy(sampled.filter(({ share }) => share !== undefined), (row) => row.share!);
  const metrics: Record<string, number> = {};
  const of = (group: string, share?: number) =>
    attempt.resources.filter((row) => row.group === group && row.share === share);

  for (const group of byGroup.keys()) {
    for (const [what, value] of Object.entries(groupUse(of(group), window))) metrics[`${group}_${what}`] = value;
  }
  addShares(metrics, { byGroup, byShare, use: (group, share) => groupUse(of(group, share), window) });
  for (const what of ["cores", "memory_bytes"]) {
    const parts = plan.size_groups.map((group) => metrics[`${group}_${what}`]);
    if (parts.every((part) => part !== undefined)) {
      metrics[`serving_${what}`] = parts.reduce((sum, part) => sum + part, 0);
    }
  }

  // An iteration counts where its last step ended, once, and only if no step failed or is missing.
  const steps = stepsOf(plan);
  const all = iterationsOf(requests, MARK.setup | MARK.teardown);
  const iterations = all.filter(({ ended_ms }) => inside(ended_ms));
  const whole = iterations.filter((iteration) => iteration.steps >= steps && iteration.ok);
  const arrivals = plan.arrivals && arrivalsIn(attempt.events, window);
  const undelivered = arrivals?.undelivered ??
    sum(events.flatMap((row) => row.event === "undelivered" ? row.slots : []));
  // Who thinks between iterations has planned no number of them.
  const planned = plan.mode === "command" || plan.think
    ? 0
    : arrivals?.offered ?? (attempt.seal.share?.sessions ?? level) * (window.to_ms - window.from_ms) / plan.pace_ms;
  // Of a load generator that is not ours nothing is known but what it uses.
  if (plan.mode !== "command") metrics.throughput = whole.length / window_s;
  if (plan.mode !== "command") {
    metrics.network_bytes_per_s = networkBytes(requests, attempt) / window_s;
  }
  if (latency.length > 0) {
    const ranked = new Ranked(latency);
    for (const [name, q] of Object.entries(QUANTILES)) metrics[`latency_ms_${name}`] = ranked.quantile(q);
    Object.assign(metrics, quantileBounds(latency, QUANTILES, ranked));
  }
  if (ended > 0) {
    metrics.error_ratio = failed / ended;
    metrics.undelivered_ratio = undelivered / Math.max(1, undelivered + iterations.length);
  }
  const artifacts = attempt.events.flatMap((row) => row.event === "artifact" ? row : []);
  // What is written at the end has grown all the time.
  const grown = ({ bytes, t_ms, covers_from_ms: from_ms }: typeof artifacts[number]) => {
    if (from_ms === undefined || from_ms >= t_ms) return inside(t_ms) ? bytes : 0;
    const overlap_ms = Math.min(t_ms, window.to_ms) - Math.max(from_ms, window.from_ms);
    return bytes * Math.max(0, overlap_ms) / (t_ms - from_ms);
  };
  // Where artifacts were given up, their number says nothing.
  if (plan.mode === "playwright" && !attempt.events.some(({ event }) => event === "artifacts_dropped")) {
    metrics.artifact_bytes_per_hour = sum(artifacts.map(grown)) / window_s * 3600;
    for (const [kind, ofKind] of Map.groupBy(artifacts, (row) => row.kind)) {
      metrics[`${kind}_bytes_per_hour`] = sum(ofKind.map(grown)) / window_s * 3600;
    }
    const shots = artifacts.filter(({ kind, t_ms }) => kind === "screenshot" && inside(t_ms));
    if (shots.length > 0) metrics.bytes_per_snapshot = median(shots.map(({ bytes }) => bytes));
  }

  const target = byGroup.get("target") ?? [];
  Object.assign(metrics, countOutliers(target));

  const sessions = arrivals
    ? arrivals.offered * plan.pace_ms / (window.to_ms - window.from_ms)
    : liveSessions(attempt.events, window);
  return {
    level,
    replicate,
    attempt: number,
    sessions,
    window_s,
    requests: ended,
    metrics,
    flags: [
      ...flagAttempt(factsOf(attempt, plan, { capacity, metrics, byGroup, byShare, planned, undelivered })),
      ...flagPlateau({ seal: attempt.seal, requests, target, all, iterations }, plan, sessions),
    ],
  };
}

/** What ended in the window. */
function requestsIn(requests: RequestColumns, { from_ms, to_ms }: AttemptSeal["window"]) {
  const { length, scheduled_ms, marks } = requests;
  let [ended, failed] = [0, 0];
  const latency: number[] = [];
  for (let row = 0; row < length; row++) {
    const ended_ms = requests.ended_ms[row];
    if (!(ended_ms >= from_ms && ended_ms <= to_ms)) continue;
    ended++;
    if ((marks[row] & MARK.ok) === 0) failed++;
    // Before and after the iterations nobody waits for what a session does.
    if ((marks[row] & (MARK.setup | MARK.teardown)) === 0) latency.push(ended_ms - scheduled_ms[row]);
  }
  return { ended, failed, latency };
}

/** Bytes of the window. Of a stream's they count as if they had come evenly over the time that they came in. */
function networkBytes(requests: RequestColumns, { events, seal: { window } }: AttemptRows): number {
  const share = (from_ms: number, to_ms: number) => {
    if (from_ms >= to_ms) return to_ms >= window.from_ms && to_ms <= window.to_ms ? 1 : 0;
    const overlap_ms = Math.min(to_ms, window.to_ms) - Math.max(from_ms, window.from_ms);
    return Math.max(0, overlap_ms) / (to_ms - from_ms);
  };
  const { length, ended_ms, streamed } = requests;
  let bytes = 0;
  for (let row = 0; row < length; row++) {
    const from_ms = streamed && !Number.isNaN(streamed.from_ms[row]) ? streamed.from_ms[row] : ended_ms[row];
    const to_ms = streamed && !Number.isNaN(streamed.to_ms[row]) ? streamed.to_ms[row] : ended_ms[row];
    bytes += requests.bytes[row] * share(from_ms, to_ms);
  }
  const rests = events.map((row) =>
    row.event === "stream_end" ? (row.bytes_in + row.bytes_out) * share(row.bytes_from_ms, row.t_ms) : 0
  );
  return bytes + sum(rests);
}

/** Rows of a whole iteration, at least. */
function stepsOf({ mode, requests }: Plan): number {
  const drawn = requests.some(({ weight }) => weight !== undefined);
  return mode === "http" && !drawn ? Math.max(1, requests.length) : 1;
}

function factsOf(
  attempt: AttemptRows,
  plan: Plan,
  found: {
    capacity: Capacity;
    metrics: Record<string, number>;
    byGroup: Map<string, ReducedSample[]>;
    byShare: Map<number, ReducedSample[]>;
    planned: number;
    undelivered: number;
  },
): AttemptFacts {
  const { capacity, metrics, byGroup, byShare, planned, undelivered } = found;
  const { window } = attempt.seal;
  const hottestOf = (rows: ReducedSample[]) => counterRate(rows, (row) => row.hottest_thread_cpu_ms);
  const hottest = (group: string) => hottestOf(byGroup.get(group) ?? []);
  // Of several machines the worst decides.
  const generatorThreads = [
    hottest("generator"),
    ...[...byShare.values()].map((rows) => hottestOf(rows.filter(({ group }) => group === "generator"))),
  ].filter((use) => use !== undefined);
  // Of several agents the worst decides: its sessions are in all numbers.
  const generators = attempt.events.flatMap((row) => row.event === "generator" ? row : []);
  const system = byGroup.get("system") ?? [];
  const steal = counterRate(system, (row) => row.steal_ms);
  return {
    level: attempt.seal.level,
    planned,
    delivered: metrics.throughput * (window.to_ms - window.from_ms) / 1000,
    undelivered,
    failed: attempt.seal.state === "failing",
    ...commandFault(attempt),
    error_ratio: metrics.error_ratio,
    capacity_cores: capacity.target_cores,
    machine_cores: capacity.machine_cores,
    ...sharedBusy(capacity, byGroup),
    ...otherMachines(capacity, byShare),
    target_cores: metrics.target_cores,
    system_cores: metrics.system_cores,
    target_hottest_thread: hottest("target"),
    ...(generatorThreads.length > 0 ? { generator_hottest_thread: max(generatorThreads) } : {}),
    ...(generators.length > 0
      ? {
        loop_lag_p99_ms: max(generators.map((row) => row.loop_lag_p99_ms)),
        start_late_p99_ms: max(generators.map((row) => row.start_late_p99_ms)),
      }
      : {}),
    pace_ms: plan.pace_ms,
    ...memoryAndLimits(byGroup, capacity),
    ...(steal === undefined ? {} : { steal_ratio: steal / capacity.machine_cores }),
    samples: system.length,
  };
}

/** Use of the limit that the run's own groups share, 0–1. */
function sharedBusy({ shared }: Capacity, byGroup: Map<string, ReducedSample[]>): { shared_busy?: number } {
  const cores = (group: string) => counterRate(byGroup.get(group) ?? [], (row) => row.cpu_ms) ?? 0;
  return shared ? { shared_busy: sum(shared.groups.map(cores)) / shared.cores } : {};
}

/** Use of the busiest of the machines that drove other shares, 0–1. */
function otherMachines(
  { others = {} }: Capacity,
  byShare: Map<number, ReducedSample[]>,
): { other_machine_busy?: number } {
  const busy = [...byShare].flatMap(([share, rows]) => {
    const machine = others[share];
    if (!machine) return [];
    const cores = (...groups: string[]) =>
      sum(groups.map((group) => counterRate(rows.filter((row) => row.group === group), (row) => row.cpu_ms) ?? 0));
    // What a cgroup does not let it have is not used, and the machine may look idle.
    return [cores("system") / machine.machine_cores, cores("browser", "generator") / machine.cores];
  });
  return busy.length > 0 ? { other_machine_busy: max(busy) } : {};
}

/** Adds what generators and browsers of other machines used; their peaks need not have come at one time. */
function addShares(
  metrics: Record<string, number>,
  { byGroup, byShare, use }: {
    byGroup: Map<string, ReducedSample[]>;
    byShare: Map<number, ReducedSample[]>;
    use: (group: string, share: number) => GroupUse;
  },
): void {
  for (const group of ["generator", "browser"]) {
    const uses = [...byShare].filter(([, rows]) => rows.some((row) => row.group === group))
      .map(([share]) => use(group, share));
    if (uses.length === 0) continue;
    for (const what of ["cores", "memory_bytes", "memory_mean_bytes", "rss_bytes"] as const) {
      const name = `${group}_${what}`;
      const values = uses.map((use) => use[what]);
      // Of workers' browsers this machine has none.
      const all = byGroup.has(group) ? [metrics[name], ...values] : values;
      // A sum that lacks a machine would be a lower cost.
      if (all.some((value) => value === undefined)) delete metrics[name];
      else metrics[name] = all.reduce((total: number, value) => total + value!, 0);
    }
  }
}

function commandFault(attempt: AttemptRows): { command?: string } {
  const end = attempt.events.findLast((row) => row.event === "command_end");
  if (!end?.early) return {};
  return {
    command: `the load generator ended ${(end.t_ms / 1000).toFixed(1)} s after its start, with exit code ${end.code}`,
  };
}

/** Time average of live sessions over the window. */
function liveSessions(events: readonly EventRow[], window: { from_ms: number; to_ms: number }): number {
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

/** What the open model offered in the window; what was counted over its edges counts in part. */
function arrivalsIn(events: readonly EventRow[], window: { from_ms: number; to_ms: number }) {
  let [offered, undelivered] = [0, 0];
  for (const row of events) {
    if (row.event !== "arrivals" || row.t_ms <= row.from_ms) continue;
    const overlap_ms = Math.min(row.t_ms, window.to_ms) - Math.max(row.from_ms, window.from_ms);
    const part = Math.max(0, overlap_ms) / (row.t_ms - row.from_ms);
    offered += part * row.offered;
    undelivered += part * row.undelivered;
  }
  return { offered, undelivered };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
