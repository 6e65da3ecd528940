import type { Assumptions, SensitivityRow, SloSizing } from "../schema/mod.ts";
import type { SizingRun } from "./parts.ts";
import { sizeTarget } from "./size_target.ts";

/** A step that a careful buyer would wonder about, for each assumption. */
const STEPS: readonly [keyof Assumptions, (value: number) => number][] = [
  ["peak", (value) => 1.5 * value],
  ["safety", (value) => value + 0.2],
  ["utilisation", (value) => Math.max(0.1, value - 0.15)],
  ["memory_headroom", (value) => value + 0.25],
  ["baseline_os_bytes", (value) => 2 * value],
  ["baseline_storage_bytes", (value) => 2 * value],
  ["retention_days", (value) => 2 * value],
  ["retention_count", (value) => 2 * value],
  ["session_hours_per_day", (value) => Math.min(24, 2 * value)],
  ["snapshots_per_session", (value) => 2 * value],
  ["replication", (value) => value + 1],
  ["free_space", (value) => Math.min(0.9, value + 0.1)],
  ["spare_workers", (value) => value + 1],
];

/**
 * Changes one assumption at a time and reports what that does to each recommendation.
 *
 * @param run A run's summary and its fits.
 * @param assumptions To vary. With the hours of a day go its screenshots.
 * @param slo What an objective allows.
 * @returns Only the rows that change.
 */
export function testSensitivity(
  run: SizingRun,
  assumptions: Assumptions,
  slo?: SloSizing,
): SensitivityRow[] {
  return assumptions.targets.flatMap((target) => {
    const before = sizeTarget(run, target, assumptions, slo)?.rows ?? [];
    return STEPS.flatMap(([assumption, step]): SensitivityRow[] => {
      const from = assumptions[assumption] as number | undefined;
      if (from === undefined) return [];
      const to = Number(step(from).toPrecision(12));
      // A shared machine may be refused at a higher peak: what would be bought there is not known.
      const extrapolate = assumptions.extrapolate || assumptions.topology === "shared";
      const { snapshots_per_session } = assumptions;
      const screenshots = assumption === "session_hours_per_day" && from > 0
        ? { snapshots_per_session: snapshots_per_session * to / from }
        : {};
      const changed = { ...assumptions, extrapolate, ...screenshots, [assumption]: to };
      const after = sizeTarget(run, target, changed, slo)?.rows ?? [];
      return before.flatMap((row, index) =>
        row.recommended === after[index].recommended ? [] : [{
          target_sessions: target,
          assumption,
          from,
          to,
          metric: row.metric,
          recommended_from: row.recommended,
          recommended_to: after[index].recommended,
          extrapolation: after[index].extrapolation,
        }]
      );
    });
  });
}
