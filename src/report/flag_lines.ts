import { flagTitle } from "../schema/flag_title.ts";
import type { LevelSummary, RunSummary } from "../schema/levels.ts";

/** Levels are named one by one up to so many. */
const NAMED = 8;

/**
 * What sets a sweep and its replicates apart, grouped: one line a kind of flag however many replicates have it, what is left out of
 * fits first.
 *
 * @param summary A run, reduced to levels.
 * @returns Sentences, plain text.
 *
 * @example A target that was used up by two replicates
 * ```ts
 * import { flagLines } from "./flag_lines.ts";
 * import assert from "node:assert/strict";
 *
 * const reason = "the target used 97 % of the machine's cores";
 * const levels = [1, 2].map((replicate) => ({
 *   level: 32, replicate, attempt: 1, sessions: 32, window_s: 30, requests: 900, metrics: {},
 *   flags: [{ name: "target_saturated" as const, reason, excluded_from: ["demand" as const] }],
 * }));
 * assert.deepEqual(flagLines({ levels }), [
 *   "Target saturated, left out of demand fits: 2 of 2 replicates, at 32 sessions. For one: the target used 97 % of the machine's cores.",
 * ]);
 * ```
 */
export function flagLines({ levels, flags = [] }: Pick<RunSummary, "levels" | "flags">): string[] {
  const found = levels.flatMap((level) => level.flags.map((flag) => ({ level, flag })));
  const groups = [...Map.groupBy(found, ({ flag }) => `${flag.name} ${flag.excluded_from}`).values()]
    .sort((a, b) => b[0].flag.excluded_from.length - a[0].flag.excluded_from.length);
  return [
    ...flags.map((flag) => `${capital(flagTitle(flag.name))}: ${sentence(flag.reason)}`),
    ...groups.map((group) => {
      const { name, reason, excluded_from } = group[0].flag;
      const left = excluded_from.length === 0 ? "" : `, left out of ${excluded_from.join(" and ")} fits`;
      const replicates = new Set(group.map(({ level }) => level)).size;
      const one = replicates === 1 ? "" : "For one: ";
      return `${capital(flagTitle(name))}${left}: ${replicates} of ${levels.length} replicates, at ${
        levelsOf(group.map(({ level }) => level))
      }. ${one}${sentence(one ? reason : capital(reason))}`;
    }),
  ];
}

function levelsOf(levels: readonly LevelSummary[]): string {
  const all = [...new Set(levels.map(({ level }) => level))].sort((a, b) => a - b);
  const text = all.length > NAMED
    ? `${all[0]} to ${all.at(-1)} (${all.length} levels)`
    : all.length > 1
    ? `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`
    : String(all[0]);
  return `${text} ${all.length === 1 && all[0] === 1 ? "session" : "sessions"}`;
}

function sentence(text: string): string {
  return text.replace(/\.?$/, ".");
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
