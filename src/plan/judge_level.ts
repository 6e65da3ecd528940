import type { LevelSummary } from "../schema/levels.ts";
import type { LimitCondition, LimitFound } from "../schema/limit.ts";
import { describeCondition } from "./describe_condition.ts";

/** What came of one replicate of a search. */
export type TriedReplicate =
  & {
    /** Sessions planned. */
    level: number;
    /** From 1. */
    replicate: number;
  }
  & (
    /** `failing`: the breaker, or the target's end, ended it early. */
    | { summary: Pick<LevelSummary, "metrics" | "flags">; failing: boolean }
    /** It was not measured: no attempt is complete, or the machine had no room for it. */
    | { by: "broken" | "machine"; reason: string }
  );

/** Whether a level keeps its conditions. */
export type LevelVerdict =
  | { kind: "holds" }
  | { kind: "stops"; by: Exclude<LimitFound["ended_by"], "highest_level">; reason: string };

/** Where nothing was said of errors, more of them than this are none the less too many: refusals are quick. */
const MOST_ERRORS: LimitCondition = { metric: "error_ratio", below: 0.05 };

/**
 * Decides whether a level holds, from its replicates.
 *
 * A condition is kept where the median of the replicates keeps it; of an even number the worse of the middle two counts, so
 * of two the worse. Where no condition is about errors, they have to stay below 5 %.
 *
 * A replicate in which the generator was the limit decides nothing: its load was not the planned one. One in which the machine
 * was the limit decides only that the level holds: what is kept on a busy machine is kept on a free one. Where the target was
 * plainly saturated as well, broken conditions are its own. Where half of the replicates or more decide nothing, neither does
 * the level.
 *
 * @param conditions What is to be kept.
 * @param replicates All replicates of the level, at least one.
 *
 * @example Two replicates, of which the worse counts
 * ```ts
 * import { judgeLevel } from "./judge_level.ts";
 * import assert from "node:assert/strict";
 *
 * const tried = (replicate: number, p95: number) => ({
 *   level: 8,
 *   replicate,
 *   failing: false,
 *   summary: { metrics: { latency_ms_p95: p95, error_ratio: 0 }, flags: [] },
 * });
 * const verdict = judgeLevel([{ metric: "latency_ms_p95", below: 500 }], [tried(1, 400), tried(2, 612)]);
 * assert.deepEqual(verdict, { kind: "stops", by: "target", reason: "p95 612 ms" });
 * ```
 */
export function judgeLevel(
  conditions: readonly LimitCondition[],
  replicates: readonly TriedReplicate[],
): LevelVerdict {
  const errors = conditions.some(({ metric }) => metric === "error_ratio");
  const asked = errors ? conditions : [...conditions, MOST_ERRORS];
  const mute = replicates.flatMap((one) => muteness(one, asked) ?? []);
  if (2 * mute.length >= replicates.length) return { kind: "stops", ...mute[0] };
  const deciding = replicates.filter((one) => muteness(one, asked) === undefined);
  for (const { metric, below } of asked) {
    const values = deciding.map((one) => valueOf(one, metric)).sort((a, b) => a - b);
    const median = values[Math.floor(values.length / 2)];
    if (median < below) continue;
    const failed = deciding.some((one) => "failing" in one && one.failing);
    const reason = Number.isFinite(median)
      ? describeCondition(metric, median)
      : failed
      ? "most requests failed, or the target ended"
      : "no request ended in the steady window";
    return { kind: "stops", by: "target", reason };
  }
  return { kind: "holds" };
}

/** Why a replicate decides nothing; `undefined` where it does. */
function muteness(
  tried: TriedReplicate,
  conditions: readonly LimitCondition[],
): Pick<Extract<LevelVerdict, { kind: "stops" }>, "by" | "reason"> | undefined {
  if (!("summary" in tried)) return { by: tried.by, reason: tried.reason };
  const flag = (name: string) => tried.summary.flags.find((one) => one.name === name);
  const limit = flag("generator_limited") ?? flag("machine_limited");
  if (!limit) return undefined;
  const holds = conditions.every(({ metric, below }) => valueOf(tried, metric) < below);
  if (holds ? limit.name === "machine_limited" : flag("target_saturated")) return undefined;
  return { by: limit.name === "generator_limited" ? "generator" : "machine", reason: limit.reason };
}

/** Infinite where nothing was answered, or most of it failed. */
function valueOf(tried: TriedReplicate, metric: LimitCondition["metric"]): number {
  if (!("summary" in tried) || tried.failing) return Infinity;
  return tried.summary.metrics[metric] ?? Infinity;
}
