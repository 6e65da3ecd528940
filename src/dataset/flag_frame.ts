import pl from "nodejs-polars";
import { type FlagName, FLAGS, type LevelSummary } from "../schema/levels.ts";
import type { DataFrame } from "./data_frame.ts";

/**
 * Flags as columns: one row a replicate, `flag_<name>` true where it has the flag, `excluded_from_<fit>` where a fit leaves it out, and the
 * reasons as text.
 *
 * @example A replicate at saturation
 * ```ts
 * import { flagFrame } from "./flag_frame.ts";
 * import assert from "node:assert/strict";
 *
 * const flags = [{ name: "target_saturated" as const, reason: "97 % of its cores", excluded_from: ["demand" as const] }];
 * const level = { level: 8, replicate: 1, attempt: 1, sessions: 8, window_s: 10, requests: 80, metrics: {}, flags };
 * const [row] = flagFrame([level]).toRecords();
 * assert.equal(row.flag_target_saturated, true);
 * assert.equal(row.excluded_from_throughput, false);
 * ```
 */
export function flagFrame(levels: readonly LevelSummary[]): DataFrame {
  const column = (name: string, has: (level: LevelSummary) => boolean) => pl.Series(name, levels.map(has), pl.Bool);
  return pl.DataFrame([
    pl.Series("level", levels.map(({ level }) => level), pl.Int32),
    pl.Series("replicate", levels.map(({ replicate }) => replicate), pl.Int32),
    ...(Object.keys(FLAGS) as FlagName[]).map((flag) =>
      column(`flag_${flag}`, ({ flags }) => flags.some(({ name }) => name === flag))
    ),
    ...(["demand", "throughput"] as const).map((fit) =>
      column(`excluded_from_${fit}`, ({ flags }) => flags.some(({ excluded_from }) => excluded_from.includes(fit)))
    ),
    pl.Series("flag_reasons", levels.map(({ flags }) => flags.map(({ reason }) => reason).join("; ")), pl.Utf8),
  ]);
}
