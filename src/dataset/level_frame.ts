import pl from "nodejs-polars";
import type { LevelSummary } from "../schema/levels.ts";
import type { DataFrame } from "./data_frame.ts";

/**
 * Levels as a tidy frame: one row a replicate, one column a metric, flags as text.
 *
 * @example One replicate
 * ```ts
 * import { levelFrame } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const level = { level: 1, replicate: 1, attempt: 1, sessions: 1, window_s: 10, requests: 10, flags: [] };
 * const frame = levelFrame([{ ...level, metrics: { target_cores: 0.1 } }]);
 * assert.deepEqual(frame.columns.slice(-2), ["target_cores", "flags"]);
 * ```
 */
export function levelFrame(levels: readonly LevelSummary[]): DataFrame {
  const metrics = [...new Set(levels.flatMap((level) => Object.keys(level.metrics)))];
  const numbers = (name: string, values: (number | null)[]) => pl.Series(name, values, pl.Float64);
  return pl.DataFrame([
    pl.Series("level", levels.map(({ level }) => level), pl.Int32),
    pl.Series("replicate", levels.map(({ replicate }) => replicate), pl.Int32),
    numbers("sessions", levels.map(({ sessions }) => sessions)),
    numbers("window_s", levels.map(({ window_s }) => window_s)),
    pl.Series("requests", levels.map(({ requests }) => requests), pl.Int32),
    ...metrics.map((name) => numbers(name, levels.map((level) => level.metrics[name] ?? null))),
    pl.Series("flags", levels.map(({ flags }) => flags.map(({ name }) => name).join(" ")), pl.Utf8),
  ]);
}
