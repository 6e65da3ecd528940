import { demandCurve, diskByRetention, modelLabel, sizingBars } from "../plot/mod.ts";
import { formatQuantity, formatRange, size } from "../size/mod.ts";
import type { Extrapolation, ReportDocument, SizingMetric, SizingRow } from "../schema/mod.ts";
import {
  chart,
  continuing,
  count,
  list,
  number,
  percent,
  prose,
  references,
  type ReportChart,
  type ReportTable,
  sessions,
  text,
  unique,
} from "./report_parts.ts";

/** What a sizing rests on, and the sizing. */
export type SizedRun = Pick<ReportDocument, "summary" | "fit" | "sizing">;

/** The words and tables of a sizing. Raw text throughout. */
export interface SizingTables {
  /** The limit that was looked for, if one was, then one sentence a target. */
  answers: string[];
  /** What to mind of this sizing; may be empty. */
  reach: string[];
  sizing: ReportTable;
  fleet?: ReportTable;
  assumptions: ReportTable;
  sensitivity?: ReportTable;
}

/** The charts of a sizing. */
export interface SizingCharts {
  /** Absent where nothing is needed. */
  sizingChart?: ReportChart;
  /** Absent where nothing is written to disk. */
  diskChart?: ReportChart;
  /** One a metric that is bought, with the targets marked. */
  demands: ReportChart[];
}

const RESOURCES: Record<SizingMetric, string> = {
  cores: "CPU",
  memory_bytes: "Memory",
  disk_bytes: "Disk",
  network_bytes_per_s: "Network",
};
/** The demands that are drawn, in this order. */
export const CHARTED = ["serving_cores", "serving_memory_bytes", "network_bytes_per_s", "artifact_bytes_per_hour"];
const REACH: Record<Extrapolation, string> = { none: "", "2x": "to 2×", "4x": "to 4×", beyond: "beyond 4×" };
const NONE = "–";

/**
 * Lays out a sizing in words and tables, the same for every format and for the page that sizes anew.
 *
 * @param run A run, its fits, its sizing.
 */
export function sizingTables(run: SizedRun): SizingTables {
  const { summary, sizing } = run;
  const extrapolated = sizing.rows.filter((row) => row.extrapolation !== "none");
  return {
    answers: [...(summary.limit ? [`${summary.limit.text}.`] : []), ...sizing.answer.split("\n")],
    reach: extrapolated.length === 0
      ? []
      : [`${list(unique(extrapolated.map((row) => sessions(row.target_sessions))))}: read beyond the measured levels.`],
    sizing: sizingTable(sizing.rows),
    ...(sizing.fleet.length === 0 ? {} : { fleet: fleetTable(run) }),
    assumptions: assumptionTable(run),
    ...(sizing.sensitivity.length === 0 ? {} : { sensitivity: sensitivityTable(run) }),
  };
}

/**
 * Draws a sizing, the same for every format and for the page that sizes anew.
 *
 * @param run A run, its fits, its sizing.
 */
export function sizingCharts(run: SizedRun): SizingCharts {
  const { fit, sizing } = run;
  const { targets } = sizing.assumptions;
  return {
    ...(sizing.rows.some((row) => row.recommended > 0) ? { sizingChart: chart("sizing", sizingBars(sizing)) } : {}),
    ...diskChart(run),
    demands: CHARTED.filter((name) => (fit.metrics[name]?.points.length ?? 0) > 0)
      .map((name) => chart(name.replaceAll("_", "-"), demandCurve(fit.metrics[name], { targets }))),
  };
}

/** Disk at other retentions than the one assumed: half of it, double, and three times. */
function diskChart({ summary, fit, sizing }: SizedRun): { diskChart?: ReportChart } {
  const { retention_days } = sizing.assumptions;
  const needed = sizing.rows.some((row) => row.metric === "disk_bytes" && row.model !== "none" && row.recommended > 0);
  if (!needed || retention_days === 0) return {};
  const others = [0.25, 0.5, 1, 1.5, 2, 3].map((factor) => Number((factor * retention_days).toPrecision(12)))
    .filter((days) => days <= 36_500);
  const sizings = others.map((days) =>
    days === retention_days ? sizing : size(summary, fit, { ...sizing.assumptions, retention_days: days })
  );
  const sized = sizings.filter(({ rows }) => rows.length > 0);
  return sized.length < 2 ? {} : { diskChart: chart("disk-by-retention", diskByRetention(sized)) };
}

function sizingTable(rows: readonly SizingRow[]): ReportTable {
  const notes = unique(rows.flatMap((row) => row.notes));
  return {
    caption: "What to buy for each target",
    columns: [
      text("Target"),
      text("Resource"),
      number("Recommended"),
      number("Expected"),
      number("95 % band"),
      number("Upper bound"),
      number("Textbook"),
      text("Basis"),
      text("Curve"),
      ...(notes.length === 0 ? [] : [text("Notes")]),
    ],
    rows: rows.map((row, index) => ({
      cells: [
        sessions(row.target_sessions),
        RESOURCES[row.metric],
        formatQuantity(row.recommended, row.metric),
        formatQuantity(row.estimate, row.metric),
        formatRange(row.interval, row.metric),
        formatQuantity(row.upper, row.metric),
        row.textbook === null ? NONE : formatQuantity(row.textbook, row.metric),
        row.extrapolation === "none" ? row.basis : `${row.basis}, ${REACH[row.extrapolation]}`,
        modelLabel(row.model),
        ...(notes.length === 0 ? [] : [references(row.notes, notes)]),
      ],
      ...continuing(index > 0 && rows[index - 1].target_sessions === row.target_sessions),
    })),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

function fleetTable({ sizing }: SizedRun): ReportTable {
  return {
    caption: "The same targets on equal workers",
    columns: [
      number("Target"),
      number("Workers"),
      number("of which spare"),
      number("Sessions a worker"),
      number("CPU a worker"),
      number("Memory a worker"),
      number("Disk a worker"),
      text("Binds first"),
    ],
    rows: sizing.fleet.map((row) => {
      const binding = sizing.binding.find((other) => other.target_sessions === row.target_sessions);
      return {
        cells: [
          count(row.target_sessions),
          count(row.workers),
          count(row.spare),
          count(row.sessions_per_worker),
          formatQuantity(row.cores_per_worker, "cores"),
          formatQuantity(row.memory_bytes_per_worker, "memory_bytes"),
          formatQuantity(row.disk_bytes_per_worker, "disk_bytes"),
          binding === undefined ? NONE : RESOURCES[binding.metric],
        ],
      };
    }),
  };
}

function assumptionTable({ sizing, summary }: SizedRun): ReportTable {
  const a = sizing.assumptions;
  const rows: [name: string, value: string, meaning: string][] = [
    ["Targets", a.targets.map(count).join(", "), "Sessions to size for"],
    ...loadRow(summary.load),
    ["Machine to be bought carries", list(summary.size_groups), "The groups summed as serving"],
    ["Peak to mean", `× ${a.peak}`, "Every target is multiplied by it"],
    ["Safety", `× ${a.safety}`, "On the estimate; the larger of this and the band decides"],
    ["CPU utilisation", percent(a.utilisation), "Highest that is planned for"],
    ["Memory headroom", percent(a.memory_headroom), "On the upper bound of the peak"],
    ["Operating system", formatQuantity(a.baseline_os_bytes, "memory_bytes"), "Memory in use before any group"],
    ["Storage already taken", formatQuantity(a.baseline_storage_bytes, "disk_bytes"), "Before the first artifact"],
    ["Retention", `${a.retention_days} days`, "How long artifacts are kept"],
    ["Use of a session slot", `${a.session_hours_per_day} h a day`, "Hours in which artifacts grow"],
    ["Screenshots", `${count(Math.round(a.snapshots_per_session))} a session-day`, "For the textbook disk formula"],
    ["Copies", `× ${a.replication}`, "Of each artifact"],
    ["Disk kept free", percent(a.free_space), "Of the disk bought"],
    ["Spare workers", count(a.spare_workers), "In a fleet"],
    ["Curves beyond 4× the levels", a.extrapolate ? "read" : "not read", "Of a machine that all share"],
    ["Topology", a.topology, a.topology === "shared" ? "All workers share what serves" : "Bought once a worker"],
  ];
  return {
    caption: "What is assumed beside what was measured",
    columns: [text("Assumption"), number("Value"), prose("Meaning")],
    rows: rows.map((cells) => ({ cells })),
  };
}

function loadRow(load?: string): [name: string, value: string, meaning: string][] {
  if (load === undefined) return [];
  const [model, how = "Nothing is known of its pace"] = load.split(": ");
  return [["Load", model, how[0].toUpperCase() + how.slice(1)]];
}

function sensitivityTable({ sizing }: SizedRun): ReportTable {
  const { targets } = sizing.assumptions;
  const keys = unique(sizing.sensitivity.map((row) => `${row.assumption} ${row.metric}`));
  const changes = keys.map((key) => sizing.sensitivity.filter((row) => `${row.assumption} ${row.metric}` === key));
  return {
    caption: "One assumption changed, all else kept: what to buy before and after",
    columns: [
      text("Assumption"),
      number("From"),
      number("To"),
      text("Resource"),
      ...targets.map((target) => number(sessions(target))),
    ],
    rows: changes.map((rows, index) => ({
      cells: [
        rows[0].assumption.replace(/_bytes$/, "").replaceAll("_", " "),
        assumed(rows[0].from, rows[0].assumption),
        assumed(rows[0].to, rows[0].assumption),
        RESOURCES[rows[0].metric],
        ...targets.map((target) => {
          const row = rows.find((other) => other.target_sessions === target);
          if (row === undefined) return "unchanged";
          const [before, after] = [row.recommended_from, row.recommended_to].map((value) =>
            formatQuantity(value, row.metric)
          );
          return `${before} → ${after}`;
        }),
      ],
      ...continuing(index > 0 && changes[index - 1][0].assumption === rows[0].assumption),
    })),
  };
}

function assumed(value: number, assumption: string): string {
  return assumption.endsWith("_bytes") ? formatQuantity(value, "bytes") : count(value);
}
