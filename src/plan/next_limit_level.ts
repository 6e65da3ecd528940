import type { LimitFound } from "../schema/limit.ts";
import type { Plan } from "../schema/plan.ts";
import { describeCondition } from "./describe_condition.ts";
import { judgeLevel, type LevelVerdict, type TriedReplicate } from "./judge_level.ts";

/** What a search does next, or its answer. */
export type LimitStep =
  /** `levels_left`: how many levels it needs at most, this one included. */
  | { kind: "run"; level: number; replicate: number; levels_left: number }
  | { kind: "found"; limit: LimitFound };

/** What a search needs of a plan: conditions, and from which level to which. */
export type LimitPlan = Pick<Plan, "levels" | "replicates" | "find_limit">;

/** The search ends where the next level above is at most this part higher. */
const FINE = 0.05;

/** Between which levels the limit lies, as far as is known. */
interface Bracket {
  /** The highest level that holds; 0 before there is one. */
  low: number;
  /** The lowest level that stops the search. */
  high?: number;
  lowest: number;
  highest: number;
}

/**
 * Decides what a search for the highest level that holds runs next: levels double from the lowest of the plan on until one
 * does not hold, or decides nothing, or is the highest of the plan; then the bracket is halved until its ends are neighbours
 * or 5 % apart. Every level is run `replicates` times before it decides, see {@linkcode judgeLevel}.
 *
 * The order of levels follows from their results, so it is not random. The same results always lead to the same step:
 * whoever goes on with a search needs nothing but them.
 *
 * @param plan With `find_limit`; of `levels` only the lowest and the highest count.
 * @param tried Replicates so far, in any order.
 *
 * @example Two levels that hold
 * ```ts
 * import { nextLimitLevel } from "./next_limit_level.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = { levels: [1, 1000], replicates: 1, find_limit: [{ metric: "latency_ms_p95" as const, below: 500 }] };
 * const tried = [1, 2].map((level) => ({
 *   level,
 *   replicate: 1,
 *   failing: false,
 *   summary: { metrics: { latency_ms_p95: 20, error_ratio: 0 }, flags: [] },
 * }));
 * const step = nextLimitLevel(plan, tried);
 * assert(step.kind === "run" && step.level === 4 && step.replicate === 1);
 * ```
 */
export function nextLimitLevel(plan: LimitPlan, tried: readonly TriedReplicate[]): LimitStep {
  let bracket = emptyBracket(plan);
  let stop: Extract<LevelVerdict, { kind: "stops" }> | undefined;
  for (let level = levelAfter(bracket); level !== undefined; level = levelAfter(bracket)) {
    const own = tried.filter((one) => one.level === level);
    for (let replicate = 1; replicate <= plan.replicates; replicate++) {
      if (own.some((one) => one.replicate === replicate)) continue;
      return { kind: "run", level, replicate, levels_left: longest(bracket).length };
    }
    const verdict = judgeLevel(plan.find_limit ?? [], own);
    if (verdict.kind === "holds") bracket = { ...bracket, low: level };
    else {
      bracket = { ...bracket, high: level };
      stop = verdict;
    }
  }
  return { kind: "found", limit: answer(plan, bracket, stop) };
}

/** The levels of the longest search that this plan may lead to, in order. */
export function longestSearch(plan: LimitPlan): number[] {
  return longest(emptyBracket(plan));
}

function emptyBracket({ levels }: LimitPlan): Bracket {
  return { low: 0, lowest: Math.min(...levels), highest: Math.max(...levels) };
}

function levelAfter({ low, high, lowest, highest }: Bracket): number | undefined {
  if (low === 0) return high === undefined ? lowest : undefined;
  if (high === undefined) return low < highest ? Math.min(2 * low, highest) : undefined;
  return high - low <= Math.max(1, FINE * low) ? undefined : Math.floor((low + high) / 2);
}

function longest(bracket: Bracket): number[] {
  const level = levelAfter(bracket);
  if (level === undefined) return [];
  const [holds, stops] = [longest({ ...bracket, low: level }), longest({ ...bracket, high: level })];
  return [level, ...(stops.length > holds.length ? stops : holds)];
}

function answer(
  { find_limit: conditions = [] }: LimitPlan,
  { low, high, lowest }: Bracket,
  stop?: Extract<LevelVerdict, { kind: "stops" }>,
): LimitFound {
  const what = conditions.map(({ metric, below }) => describeCondition(metric, below, "<")).join(" and ");
  const [hold, not] = conditions.length === 1 ? ["holds", "does not hold"] : ["hold", "do not hold"];
  const found = { sessions: low, conditions };
  if (high === undefined || stop === undefined) {
    const text = `${what} ${hold} up to ${sessions(low)}, the highest level that was to be tried`;
    return { ...found, ended_by: "highest_level", text };
  }
  const { by: ended_by, reason } = stop;
  const said = ended_by === "broken" ? "no attempt was complete" : `the ${ended_by} was the limit`;
  const within = high - low > 1 ? ", to within 5 %" : "";
  let text: string;
  if (low === 0) {
    text = ended_by === "target"
      ? `${what} ${not} even at ${sessions(lowest)}: ${reason}`
      : `Whether ${what} ${hold} is not known: already at ${sessions(lowest)} ${said} (${reason})`;
  } else if (ended_by === "target") {
    text = `${what} ${hold} up to ${sessions(low)}${within} (${high} does not: ${reason})`;
  } else {
    text = `${what} ${hold} up to ${
      sessions(low)
    }; the target's own limit is not known: at ${high} ${said} (${reason})`;
  }
  return { ...found, ended_by, above: high, reason, text };
}

function sessions(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}
