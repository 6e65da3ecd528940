import type { Assumptions } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";

/** One assumption, in words. */
export interface AssumptionTableRow {
  /** What is assumed. */
  assumption: string;
  /** With its unit. */
  value: string;
  /** What it does. */
  meaning: string;
}

/**
 * The assumptions of a sizing as a table for people, to be shown with every result.
 *
 * @param assumptions All of them, as a sizing echoes them.
 * @returns One row an assumption, those left out that were not made.
 *
 * @example For a notebook
 * ```ts ignore
 * import { show, tabulateAssumptions } from "plimsoll";
 * await show(tabulateAssumptions(report.sizing.assumptions));
 * ```
 */
export function tabulateAssumptions(assumptions: Assumptions): AssumptionTableRow[] {
  const a = assumptions;
  const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
  const conditions = a.slo.map(({ metric, below }) => `${metric} < ${formatQuantity(below, metric)}`).join(", ");
  const rows: [assumption: string, value: string, meaning: string][] = [
    ["Targets", a.targets.join(", "), "sessions to size for"],
    ["Peak to mean", `× ${a.peak}`, "every target is multiplied by it"],
    ["Safety", `× ${a.safety}`, "on the estimate; the larger of this and the band decides"],
    ["CPU utilisation", percent(a.utilisation), "highest that is planned for"],
    ["Memory headroom", percent(a.memory_headroom), "on the upper bound of the peak"],
    [
      "Operating system",
      formatQuantity(a.baseline_os_bytes, "bytes"),
      "memory in use before any group, on each machine",
    ],
    [
      "Storage already taken",
      formatQuantity(a.baseline_storage_bytes, "bytes"),
      "before the first artifact, on each machine",
    ],
    ["Retention", `${a.retention_days} days`, "how long artifacts are kept"],
    ...(a.retention_count === undefined ? [] : [
      [
        "Screenshots kept",
        `${a.retention_count} a session slot`,
        "the newest; older ones go before their days are over",
      ] as [
        string,
        string,
        string,
      ],
    ]),
    ["Use of a session slot", `${a.session_hours_per_day} h a day`, "hours in which artifacts grow"],
    ["Screenshots", `${Math.round(a.snapshots_per_session)} a session-day`, "of one session slot"],
    ["Copies", `× ${a.replication}`, "of each artifact"],
    ["Disk kept free", percent(a.free_space), "of the disk bought"],
    ["Spare workers", String(a.spare_workers), "in a fleet"],
    [
      "Topology",
      a.topology,
      a.topology === "shared" ? "workers share one target" : "all that serves is bought once a worker",
    ],
    ...(a.extrapolate
      ? [["Extrapolate", "yes", "curves may be read beyond four times the levels"] as [string, string, string]]
      : []),
    ...(a.slo.length === 0 ? [] : [["Objective", conditions, "a worker carries no more than was shown to keep it"] as [
      string,
      string,
      string,
    ]]),
    ...(a.shape === undefined
      ? []
      : [["Worker shape", a.shape, "one vCPU of it does what a core of the measured machine did"] as [
        string,
        string,
        string,
      ]]),
  ];
  return rows.map(([assumption, value, meaning]) => ({ assumption, value, meaning }));
}
