import { type AttemptRows, flagAttempt, reduceAttempt } from "../quality/mod.ts";
import type { AggregateRow, Imported } from "../schema/imported.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";

/** One replicate of an imported run, as it is on disk. */
export interface ImportedRows extends AttemptRows {
  /** In file order. */
  aggregates?: readonly AggregateRow[];
}

/**
 * Reduces one replicate of an imported run: what its rows of requests come to, and over that what `aggregates` say.
 *
 * Nothing of the generator is known, nor, unless the files say it, of the machine: so it is flagged for errors, for response times
 * that are not steady, and, on a machine whose cores are known, for a target that used them up.
 *
 * @param attempt The rows.
 * @param run The plan, and where it was imported from.
 * @returns Plain data. A metric that the files do not have is absent; `serving_*` are summed over `size_groups` where they have all of these.
 *
 * @example A row of a table
 * ```ts
 * import { reduceImported } from "./reduce_imported.ts";
 * import { makePlan } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const seal = {
 *   kind: "level" as const, level: 4, replicate: 1, attempt: 1, state: "complete" as const,
 *   started_at: "2026-01-01T00:00:00.000Z", window: { from_ms: 0, to_ms: 30_000 }, files: {},
 * };
 * const aggregates = [{ seq: 0, metric: "sessions", value: 4 }, { seq: 1, metric: "target_cores", value: 0.5 }];
 * const level = reduceImported({ seal, requests: [], resources: [], events: [], aggregates }, {
 *   plan: makePlan({ mode: "command", command: ["k6"], url: "http://127.0.0.1/" }),
 *   machine: {},
 * });
 * assert.deepEqual([level.sessions, level.metrics], [4, { target_cores: 0.5, serving_cores: 0.5 }]);
 * ```
 */
export function reduceImported(
  attempt: ImportedRows,
  run: { plan: Plan; machine: Imported["machine"] },
): LevelSummary {
  const { plan, machine } = run;
  const capacity = { target_cores: machine.cores ?? Infinity, machine_cores: machine.cores ?? Infinity };
  const reduced = reduceAttempt(attempt, plan, capacity);
  const { undelivered_ratio: _unknown, ...fromRows } = reduced.metrics;
  const aggregates = Object.fromEntries((attempt.aggregates ?? []).map(({ metric, value }) => [metric, value]));
  const { sessions = attempt.seal.level, requests = reduced.requests, ...given } = aggregates;
  const metrics: Record<string, number> = { ...fromRows, ...given };
  for (const what of ["cores", "memory_bytes"]) {
    const parts = plan.size_groups.map((group) => metrics[`${group}_${what}`]);
    if (metrics[`serving_${what}`] !== undefined || !parts.every((part) => part !== undefined)) continue;
    metrics[`serving_${what}`] = parts.reduce((sum, part) => sum + part, 0);
  }
  const { target_cores = metrics.serving_cores, system_cores, error_ratio } = metrics;
  const facts = { level: attempt.seal.level, planned: 0, pace_ms: Infinity, samples: Infinity };
  const course = reduced.flags.filter(({ name }) => name === "unsteady" || name === "drift");
  return {
    ...reduced,
    sessions,
    requests,
    metrics,
    flags: [
      ...flagAttempt({ ...facts, capacity_cores: capacity.target_cores, target_cores, system_cores, error_ratio }),
      ...course,
    ],
  };
}

/**
 * What may be used up in an imported run: what the files say of the machine, or else the most that was used, in whole cores. Against that
 * it is told which resource binds.
 */
export function importedCapacity(
  levels: readonly LevelSummary[],
  { cores, memory_bytes }: Imported["machine"],
): { cores: number; memory_bytes: number } {
  const most = (what: string) =>
    levels.reduce(
      (all, { metrics }) => Math.max(all, metrics[`system_${what}`] ?? 0, metrics[`serving_${what}`] ?? 0),
      0,
    );
  return {
    cores: cores ?? Math.max(1, Math.ceil(most("cores"))),
    memory_bytes: memory_bytes ?? Math.max(1, most("memory_bytes")),
  };
}

/** What a reader of an imported run must know, beside what its files left out. */
export function importedWarnings(levels: readonly LevelSummary[], { tool, machine, notes }: Imported): string[] {
  const has = (metric: string) => levels.some(({ metrics }) => metrics[metric] !== undefined);
  const [cores, memory] = [has("serving_cores"), has("serving_memory_bytes")];
  const resources = !cores && !memory
    ? [
      "These files say nothing of what the target used: cores and memory cannot be sized. Give them as columns target_cores and " +
      "target_memory_bytes of a CSV file, or let Plimsoll run the tool: sweep --mode command",
    ]
    : [
      ...(cores && memory ? [] : [
        `These files do not say how ${
          cores ? "much memory" : "many cores"
        } the target used: nothing can be sized without`,
      ]),
      ...(machine.cores !== undefined && machine.memory_bytes !== undefined ? [] : [
        "The machine that was measured is not known: which resource binds is told against the most that was used, and no level is " +
        "flagged as saturated. Columns machine_cores and machine_memory_bytes say it",
      ]),
      "What the operating system takes was not measured: RAM is the sessions' alone (--baseline-os-bytes)",
    ];
  return [`Imported from ${tool}: nothing watched how the load generator kept up`, ...notes, ...resources];
}
