import type { SizingRow } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";
import { formatRange } from "./format_range.ts";

/** One number of a specification, in words. */
export interface SizingTableRow {
  /** Target. */
  sessions: number;
  /** `cores`, `RAM`, `disk` or `network`; `of workers` or `of the shared target` where these are bought apart. */
  what: string;
  /** `measured`, `extrapolated` and how far, or `replicated`. */
  basis: string;
  /** The textbook's figure, `–` where it has none. */
  textbook: string;
  /** Expected use at the peak. */
  estimate: string;
  /** 95 % prediction interval of the estimate. */
  band: string;
  /** What to buy. */
  recommended: string;
}

const PARTS = { workers: " of workers", shared: " of the shared target" };
const REACH = { none: "", "2x": " to 2×", "4x": " to 4×", beyond: " beyond 4×" };
const NAMES: Record<SizingRow["metric"], string> = {
  cores: "cores",
  memory_bytes: "RAM",
  disk_bytes: "disk",
  network_bytes_per_s: "network",
};

/**
 * A sizing as a table for people: one row a target and resource, numbers with their units.
 *
 * @param rows The rows of a sizing.
 * @returns As many rows, in the same order.
 *
 * @example For a notebook
 * ```ts ignore
 * import { show, tabulateSizing } from "plimsoll";
 * await show(tabulateSizing(report.sizing.rows));
 * ```
 */
export function tabulateSizing(rows: readonly SizingRow[]): SizingTableRow[] {
  return rows.map((row) => {
    const { target_sessions, metric, part, basis, textbook, estimate, interval, recommended, extrapolation } = row;
    return {
      sessions: target_sessions,
      what: NAMES[metric] + (part ? PARTS[part] : ""),
      basis: basis + REACH[extrapolation],
      textbook: textbook === null ? "–" : formatQuantity(textbook, metric),
      estimate: formatQuantity(estimate, metric),
      band: formatRange(interval, metric),
      recommended: formatQuantity(recommended, metric),
    };
  });
}
