import {
  attemptLength,
  attemptOrder,
  nextLimitLevel,
  type PlannedReplicate,
  slotOf,
  type TriedReplicate,
} from "../plan/mod.ts";
import type { LimitFound } from "../schema/limit.ts";
import type { Plan } from "../schema/plan.ts";

/** What waiting for a machine that is quiet, starting and stopping processes adds to an attempt, for the remaining time [ms]. */
const OVERHEAD_MS = { http: 1900, playwright: 4800, command: 1900 };

/** What a sweep runs between two looks at what is left: one level once, or an idle window. */
export interface Part {
  phase: "idle_before" | "level" | "idle_after";
  /** Its folder in the run, without the attempt: `levels/8/r1`, `idle/before`. */
  name: string;
  /** Expected, starting and stopping included [ms]. */
  length_ms: number;
  replicate?: PlannedReplicate;
}

/** Where a sweep is. */
export interface PartStep {
  /** What is next. */
  part: Part;
  /** It, and all that follows; in a search at most. */
  rest: Part[];
  /** The answer of a search, once there is one. */
  limit?: LimitFound;
}

/** How the parts of a sweep follow each other. */
export interface PartsOptions {
  /**
   * Whether it is one share of a sweep that several machines drive: then each part has a slot, all of one length.
   *
   * @default false
   */
  share?: boolean;
}

/** The parts of a sweep, in the order of its seed; of a search for a limit those of the longest that it may become. */
export function planParts(plan: Plan, options: PartsOptions = {}): Part[] {
  const parts = [
    idlePart(plan, "before"),
    ...attemptOrder(plan).map((one) => levelPart(plan, one)),
    idlePart(plan, "after"),
  ];
  return options.share ? parts.map((part) => ({ ...part, length_ms: slotOf(plan).slot_ms })) : parts;
}

/**
 * Walks through a sweep, part after part. What came of the last level is given to `next`: a search decides by it what is next,
 * so that whoever gives the same gets the same.
 *
 * @example A list of levels needs no results
 * ```ts
 * import { walkParts } from "./walk_parts.ts";
 * import { makePlan } from "../plan/mod.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1/", levels: [4], replicates: 1 });
 * const names = [...walkParts(plan)].map(({ part }) => part.name);
 * assert.deepEqual(names, ["idle/before", "levels/4/r0", "levels/4/r1", "idle/after"]);
 * ```
 */
export function* walkParts(
  plan: Plan,
  options: PartsOptions = {},
): Generator<PartStep, void, TriedReplicate | undefined> {
  const parts = planParts(plan, options);
  if (plan.find_limit === undefined) {
    for (const [index, part] of parts.entries()) yield { part, rest: parts.slice(index) };
    return;
  }
  // The machine at rest, and the run to warm up, are the same whatever follows.
  for (const [index, part] of parts.slice(0, 2).entries()) yield { part, rest: parts.slice(index) };
  const after = parts.at(-1)!;
  const tried: TriedReplicate[] = [];
  for (;;) {
    const step = nextLimitLevel(plan, tried);
    if (step.kind === "found") {
      yield { part: after, rest: [after], limit: step.limit };
      return;
    }
    const part = levelPart(plan, { ...step, discarded: false });
    const left = step.levels_left * plan.replicates - step.replicate + 1;
    // Which levels these are, only their results will tell.
    const others = Array.from({ length: left - 1 }, () => ({ ...part, name: "", replicate: undefined }));
    const result = yield { part, rest: [part, ...others, after] };
    if (!result) return;
    tried.push(result);
  }
}

function levelPart(plan: Plan, { level, replicate, discarded }: PlannedReplicate): Part {
  return {
    phase: "level",
    name: `levels/${level}/r${replicate}`,
    length_ms: attemptLength(plan).length_ms + OVERHEAD_MS[plan.mode],
    replicate: { level, replicate, discarded },
  };
}

function idlePart(plan: Plan, when: "before" | "after"): Part {
  return { phase: `idle_${when}`, name: `idle/${when}`, length_ms: plan.idle_ms + OVERHEAD_MS.http };
}
