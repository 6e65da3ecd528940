import type { Flag } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
import type { AttemptSeal } from "../schema/run.ts";
import { flagDrift } from "./flag_drift.ts";
import { flagInconsistent } from "./flag_inconsistent.ts";
import { flagUnsteady } from "./flag_unsteady.ts";
import { type EndedIteration, iterationsOf } from "./iterations_of.ts";
import { MARK, type RequestColumns } from "./request_columns.ts";
import type { ReducedSample } from "./resource_rows.ts";

/** An attempt, as {@linkcode flagPlateau} looks at it. */
export interface PlateauAttempt {
  seal: AttemptSeal;
  requests: RequestColumns;
  /** Samples of the target in the window, in order. */
  target: readonly ReducedSample[];
  /** Its iterations, in the order in which they ended. */
  all: readonly EndedIteration[];
  /** Those that ended in the window. */
  iterations: readonly EndedIteration[];
}

/**
 * What the course of an attempt within its steady window sets apart: rows that do not add up, response times that find no steady
 * state, a drift, a leak.
 *
 * @param attempt The rows.
 * @param plan What was planned.
 * @param sessions Time average of live sessions over the window.
 * @returns The flags, each with the number that decided.
 */
export function flagPlateau(attempt: PlateauAttempt, plan: Plan, sessions: number): Flag[] {
  const { window, files, state } = attempt.seal;
  const { pace_ms, think, arrivals } = plan;
  const { requests, all, iterations, target } = attempt;
  // Where a part of the iterations left rows, they add up to that part.
  const whole = plan.mode !== "command" && !arrivals && state === "complete" && !("histograms.jsonl" in files);
  // A session that is set up is busy, too.
  const busy = () => hasSetup(requests) ? iterationsOf(requests, MARK.teardown) : all;
  const inconsistent = whole
    ? flagInconsistent(busy(), { window, sessions, pace_ms, think_ms: think?.mean_ms })
    : undefined;
  const drift = flagDrift({ window, target, iterations, pace_ms });
  // Response times that change all the time have no steady state either: once is enough.
  const unsteady = drift.some(({ reason }) => reason.startsWith("response"))
    ? undefined
    : flagUnsteady(iterations, window.from_ms);
  return [inconsistent, unsteady, ...drift].filter((flag) => flag !== undefined);
}

function hasSetup({ length, marks }: RequestColumns): boolean {
  for (let row = 0; row < length; row++) if ((marks[row] & MARK.setup) !== 0) return true;
  return false;
}
