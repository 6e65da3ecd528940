import type { Assumptions, RunSummary, ScreenshotMeasured, ScreenshotRow, SloSizing } from "../schema/mod.ts";
import type { SizingRun } from "./parts.ts";
import { sizeTarget } from "./size_target.ts";
import { perSession } from "./textbook.ts";

/** Times the assumed period. */
const PERIODS = [0.5, 1, 2, 5];

/**
 * What a screenshot was found to take in a run, for the sizing of another one of the same page.
 *
 * @param summary A run in browsers.
 * @returns Encoding and median bytes at the top usable level; `undefined` where no screenshot was taken.
 *
 * @example A run at another quality
 * ```ts ignore
 * import { load, measuredScreenshot, size, summarise } from "plimsoll";
 *
 * const screenshots = [measuredScreenshot(summarise(await load("data/runs/quality-40")))!];
 * size(summary, fits, { screenshots }).screenshots;
 * ```
 */
export function measuredScreenshot(summary: RunSummary): ScreenshotMeasured | undefined {
  const bytes_per_snapshot = perSession(summary, "bytes_per_snapshot", { divide: false });
  if (!bytes_per_snapshot || !summary.screenshots) return undefined;
  return { ...summary.screenshots, bytes_per_snapshot, run: summary.run };
}

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
  const own = measuredScreenshot(run.summary);
  const { session_hours_per_day, snapshots_per_session, targets } = assumptions;
  const assumed_s = 3600 * session_hours_per_day / snapshots_per_session;
  if (!own || !Number.isFinite(assumed_s) || assumed_s === 0) return [];
  return targets.flatMap((target) =>
    [own, ...assumptions.screenshots].flatMap((encoding) => {
      const kinds = run.mix.kinds.map((one) =>
        one.kind === "screenshot"
          ? { ...one, share: one.share * encoding.bytes_per_snapshot / own.bytes_per_snapshot }
          : one
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
