import { linearRegression, linearRegressionLine, max, mean } from "simple-statistics";

/** Share of a core that the busiest thread of an agent may use, before there is one more agent. */
const MOST_OF_A_CORE = 0.6;
/** Below this share what an agent costs at rest is too large a part for a forecast from one level. */
const LEAST_OF_A_CORE = 0.1;

/** What the agents of one complete attempt used. */
export interface AgentUse {
  /** Sessions of the level. */
  level: number;
  /** How many agents drove it. */
  agents: number;
  /** Use of one core by the busiest thread of any agent over the steady window, 0–1. */
  hottest_thread: number;
}

/**
 * How many agents a level needs, so that none uses more than 60 % of a core.
 *
 * One agent is forecast on the line through the means of the levels that are complete, through the origin where there is but
 * one; what a level that is not higher has used already counts at least. The same attempts give the same number.
 *
 * @param level sessions of the level to come.
 * @param complete attempts so far, in any order.
 * @param cores logical cores that agents may use: there are not more agents.
 * @returns the number of agents, and what one alone would use [cores].
 *
 * @example Four times the sessions that cost a third of a core
 * ```ts
 * import { agentsFor } from "./agents_for.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(agentsFor(100, [], 8).agents, 1);
 * assert.equal(agentsFor(400, [{ level: 100, agents: 1, hottest_thread: 0.33 }], 8).agents, 3);
 * ```
 */
export function agentsFor(
  level: number,
  complete: readonly AgentUse[],
  cores: number,
): { agents: number; one_uses: number } {
  const used = complete.map((use) => ({ level: use.level, one_uses: use.hottest_thread * use.agents }));
  const seen = used.filter((use) => use.level <= level).map(({ one_uses }) => one_uses);
  const one_uses = max([0, forecast(level, used), ...seen]);
  return { agents: Math.max(1, Math.min(Math.ceil(one_uses / MOST_OF_A_CORE), Math.floor(cores))), one_uses };
}

function forecast(level: number, used: { level: number; one_uses: number }[]): number {
  const means = [...Map.groupBy(used, (use) => use.level)].map(([at, uses]) =>
    [at, mean(uses.map(({ one_uses }) => one_uses))] as const
  );
  if (means.length === 0) return 0;
  if (means.length > 1) return linearRegressionLine(linearRegression(means.map(([x, y]) => [x, y])))(level);
  const [[at, one_uses]] = means;
  return one_uses < LEAST_OF_A_CORE ? 0 : one_uses / at * level;
}
