import { demandCurve, diskByRetention, modelLabel, sizingBars } from "../plot/mod.ts";
import { formatQuantity, formatRange, size, tabulateAssumptions, WORKER_LIMITS } from "../size/mod.ts";
import type {
  Extrapolation,
  FitReport,
  ReportDocument,
  Sizing,
  SizingMetric,
  SizingRow,
  SloSizing,
  WorkerLimit,
  WorkersFit,
} from "../schema/mod.ts";
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
  /** What each candidate machine would do; absent where none was given. */
  shapes?: ReportTable;
  /** What was found of an objective, level by level. */
  slo?: ReportTable;
  /** Disk by kind of artifact. */
  artifacts?: ReportTable;
  /** Disk if screenshots were taken otherwise. */
  screenshots?: ReportTable;
  /** Machines to drive a sweep at the target. */
  generators?: ReportTable;
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
/** The demands that are drawn, in this order; of a target that workers share its own, where serving is more than that. */
export function charted({ metrics, workers }: FitReport): string[] {
  const group = workers && !metrics.serving_cores ? "target" : "serving";
  return [`${group}_cores`, `${group}_memory_bytes`, "network_bytes_per_s", "artifact_bytes_per_hour"];
}
const REACH: Record<Extrapolation, string> = { none: "", "2x": "to 2×", "4x": "to 4×", beyond: "beyond 4×" };
const NONE = "–";
const LIMITS: Record<WorkerLimit, string> = { ...RESOURCES, ...WORKER_LIMITS };

/**
 * Lays out a sizing in words and tables, the same for every format and for the page that sizes anew.
 *
 * @param run A run, its fits, its sizing.
 */
export function sizingTables(run: SizedRun): SizingTables {
  const { summary, sizing } = run;
  const extrapolated = sizing.rows.filter((row) => row.extrapolation !== "none");
  return {
    answers: [
      ...(summary.limit ? [`${summary.limit.text}.`] : []),
      ...sizing.answer.split("\n"),
      ...(sizing.slo && !sizing.answer.includes(sizing.slo.text) ? [sizing.slo.text] : []),
    ],
    reach: extrapolated.length === 0
      ? []
      : [`${list(unique(extrapolated.map((row) => sessions(row.target_sessions))))}: read beyond the measured levels.`],
    sizing: sizingTable(sizing.rows),
    ...(sizing.fleet.length === 0 ? {} : { fleet: fleetTable(run) }),
    ...(new Set(sizing.shapes.map(({ shape }) => shape)).size < 2 ? {} : { shapes: shapesTable(sizing) }),
    ...(sizing.slo === undefined ? {} : { slo: sloTable(sizing.slo) }),
    ...(sizing.artifacts.length === 0 ? {} : { artifacts: artifactsTable(sizing) }),
    ...(sizing.screenshots.length === 0 ? {} : { screenshots: screenshotsTable(sizing) }),
    ...(sizing.generators.length === 0 ? {} : { generators: generatorsTable(sizing) }),
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
    demands: [
      ...charted(fit).filter((name) => (fit.metrics[name]?.points.length ?? 0) > 0)
        .map((name) => chart(name.replaceAll("_", "-"), demandCurve(fit.metrics[name], { targets }))),
      ...boughtOfWorkers(run).map(([name, { fit }]) => chart(`worker-${name.replaceAll("_", "-")}`, demandCurve(fit))),
    ],
  };
}

/** What workers ran that is bought: sizing reads it of one of them. */
export function boughtOfWorkers({ summary, fit }: Pick<SizedRun, "summary" | "fit">): [string, WorkersFit][] {
  return Object.entries(fit.workers ?? {}).filter(([name]) =>
    summary.size_groups.some((group) => name.startsWith(`${group}_`))
  );
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
        row.part === undefined ? RESOURCES[row.metric] : `${RESOURCES[row.metric]}, ${row.part}`,
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
  const priced = sizing.fleet.some(({ price_per_hour }) => price_per_hour !== undefined);
  return {
    caption: "The same targets on equal workers",
    columns: [
      number("Target"),
      number("Workers"),
      number("of which spare"),
      number("Sessions a worker"),
      text("Binds"),
      ...(sizing.assumptions.shape === undefined ? [] : [text("Shape")]),
      number("CPU a worker"),
      number("Memory a worker"),
      number("Disk a worker"),
      number("CPU in use, 95 % band"),
      ...(priced ? [number("Price an hour")] : []),
    ],
    rows: sizing.fleet.map((row) => ({
      cells: [
        count(row.target_sessions),
        count(row.workers),
        count(row.spare),
        count(row.sessions_per_worker),
        LIMITS[row.binds],
        ...(sizing.assumptions.shape === undefined ? [] : [row.shape ?? NONE]),
        formatQuantity(row.cores_per_worker, "cores"),
        formatQuantity(row.memory_bytes_per_worker, "memory_bytes"),
        formatQuantity(row.disk_bytes_per_worker, "disk_bytes"),
        row.use.cores === undefined ? NONE : formatRange(row.use.cores.interval, "cores"),
        ...(priced ? [price(row.price_per_hour)] : []),
      ],
    })),
  };
}

/** Shapes shown for each target; JSON has all. */
const MOST_SHAPES = 6;

function shapesTable({ shapes }: Sizing): ReportTable {
  const shown = [...Map.groupBy(shapes, ({ target_sessions }) => target_sessions).values()]
    .flatMap((rows) => rows.slice(0, MOST_SHAPES));
  const hidden = shapes.length - shown.length;
  return {
    caption: `Machines to choose from, the best first${hidden > 0 ? `; ${hidden} more in report.json` : ""}`,
    columns: [
      text("Target"),
      text("Shape"),
      number("Workers"),
      number("Sessions a worker"),
      text("Binds"),
      number("Price an hour"),
    ],
    rows: shown.map((row, index) => ({
      cells: [
        sessions(row.target_sessions),
        row.shape,
        ...(row.state === "fits"
          ? [count(row.workers), count(row.sessions_per_worker), LIMITS[row.binds], price(row.price_per_hour)]
          : [NONE, NONE, `too small: ${RESOURCES[row.binds]}`, NONE]),
      ],
      ...continuing(index > 0 && shown[index - 1].target_sessions === row.target_sessions),
    })),
  };
}

function price(value: number | undefined): string {
  return value === undefined ? NONE : count(Number(value.toPrecision(4)));
}

function sloTable(slo: SloSizing): ReportTable {
  return {
    caption: "The objective, level by level: kept or broken by 95 % bounds",
    columns: [number("Level"), text("Objective"), prose("Why")],
    rows: slo.levels.map(({ level, state, reason }) => ({ cells: [count(level), state, reason] })),
  };
}

function artifactsTable({ artifacts }: Sizing): ReportTable {
  return {
    caption: "Disk by kind of artifact",
    columns: [
      text("Target"),
      text("Kind"),
      number("A session-hour"),
      number("Share"),
      number("Kept, expected"),
      number("At most"),
    ],
    rows: artifacts.map((row, index) => ({
      cells: [
        sessions(row.target_sessions),
        row.kind,
        formatQuantity(row.bytes_per_session_hour, "bytes"),
        percent(row.share),
        formatQuantity(row.estimate, "bytes"),
        formatQuantity(row.upper, "bytes"),
      ],
      ...continuing(index > 0 && artifacts[index - 1].target_sessions === row.target_sessions),
    })),
  };
}

function screenshotsTable({ screenshots }: Sizing): ReportTable {
  return {
    caption: "Disk to buy if screenshots were taken otherwise; bytes as measured",
    columns: [text("Target"), number("Every"), text("As"), number("A screenshot"), number("Disk to buy")],
    rows: screenshots.map((row, index) => ({
      cells: [
        sessions(row.target_sessions),
        formatQuantity(1000 * row.every_s, "ms"),
        row.quality === undefined ? row.format : `${row.format} ${row.quality}`,
        formatQuantity(row.bytes_per_snapshot, "bytes"),
        formatQuantity(row.recommended, "bytes"),
      ],
      ...continuing(index > 0 && screenshots[index - 1].target_sessions === row.target_sessions),
    })),
  };
}

function generatorsTable({ generators }: Sizing): ReportTable {
  return {
    caption: "Machines to drive a sweep at the target",
    columns: [
      number("Target"),
      number("Machines"),
      number("Sessions each"),
      number("CPU"),
      number("Memory"),
      number("CPU in use, 95 % band"),
      text("Binds"),
    ],
    rows: generators.map((row) => ({
      cells: [
        count(row.target_sessions),
        count(row.machines),
        count(row.sessions_per_machine),
        formatQuantity(row.cores_per_machine, "cores"),
        formatQuantity(row.memory_bytes_per_machine, "memory_bytes"),
        formatRange(row.cores.interval, "cores"),
        row.binds === "top_level" ? "4 × the highest level measured" : LIMITS[row.binds],
      ],
    })),
  };
}

function assumptionTable({ sizing, summary }: SizedRun): ReportTable {
  const [targets, ...others] = tabulateAssumptions(sizing.assumptions).map(({ assumption, value, meaning }) => ({
    cells: [assumption, value, `${meaning[0].toUpperCase()}${meaning.slice(1)}`],
  }));
  const carried = ["Machine to be bought carries", list(summary.size_groups), "The groups summed as serving"];
  return {
    caption: "What is assumed beside what was measured",
    columns: [text("Assumption"), number("Value"), prose("Meaning")],
    rows: [targets, ...loadRow(summary.load).map((cells) => ({ cells })), { cells: carried }, ...others],
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
