import type { Assumptions, ScreenshotMeasured, ScreenshotRow, SloSizing } from "../schema/mod.ts";
import type { SizingRun } from "./parts.ts";
import { sizeTarget } from "./size_target.ts";
import { perSession } from "./textbook.ts";

/** Times the assumed period. */
const PERIODS = [0.5, 1, 2, 5];

/**
 * Disk to buy if screenshots came more seldom or were encoded otherwise: by bytes a screenshot that a run measured, never by a guess.
 *
 * What taking them costs in CPU is not computed: it is in no run but one that takes them so.
 *
 * @param run A run that took screenshots.
 * @param assumptions The period is hours a day ÷ screenshots a session-day; `screenshots` are encodings that other runs measured.
 * @param slo What an objective allows.
 * @returns One row a target, encoding and period; none without screenshots.
 */
export function whatIfScreenshots(
  run: SizingRun,
  assumptions: Assumptions,
  slo?: SloSizing,
): ScreenshotRow[] {
  const bytes = perSession(run.summary, "bytes_per_snapshot", { divide: false });
  const { session_hours_per_day, snapshots_per_session, targets } = assumptions;
  const assumed_s = 3600 * session_hours_per_day / snapshots_per_session;
  if (bytes === null || !run.summary.screenshots || !Number.isFinite(assumed_s) || assumed_s === 0) return [];
  const own: ScreenshotMeasured = { ...run.summary.screenshots, bytes_per_snapshot: bytes, run: run.summary.run };
  return targets.flatMap((target) =>
    [own, ...assumptions.screenshots].flatMap((encoding) => {
      const kinds = run.mix.kinds.map((one) =>
        one.kind === "screenshot" ? { ...one, share: one.share * encoding.bytes_per_snapshot / bytes } : one
      );
      return PERIODS.flatMap((times): ScreenshotRow[] => {
        const disk = sizeTarget(
          { ...run, mix: { ...run.mix, kinds } },
          target,
          { ...assumptions, snapshots_per_session: snapshots_per_session / times },
          slo,
        )?.rows.find(({ metric }) => metric === "disk_bytes");
        return disk
          ? [{
            target_sessions: target,
            every_s: Number((assumed_s * times).toPrecision(4)),
            ...encoding,
            recommended: disk.recommended,
            extrapolation: disk.extrapolation,
          }]
          : [];
      });
    })
  );
}
