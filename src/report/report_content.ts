import {
  demandCurve,
  latencyByLevel,
  metricAxis,
  modelLabel,
  resourcesOverTime,
  sizingBars,
  throughputCurve,
} from "../plot/mod.ts";
import type { ChartSpec } from "../plot/mod.ts";
import { formatQuantity, formatRange } from "../size/mod.ts";
import { flagTitle } from "../schema/flag_title.ts";
import { type FlagName, FLAGS } from "../schema/levels.ts";
import { flagLines } from "./flag_lines.ts";
import type {
  Extrapolation,
  Flag,
  LevelSummary,
  MetricFit,
  ReportDocument,
  RunSummary,
  SizingMetric,
  SizingRow,
} from "../schema/mod.ts";

/** A table of text, the same in every format. Cells are raw text: each format escapes for itself. */
export interface ReportTable {
  caption: string;
  columns: {
    title: string;
    /** `prose` may take several lines. */
    kind: "text" | "number" | "prose";
  }[];
  rows: {
    cells: string[];
    /** The first cell says the same as that of the row above. */
    continued?: true;
    flagged?: true;
  }[];
  /** Numbered from 1, as a column of notes refers to them. */
  notes?: string[];
}

/** A chart and its words. */
export interface ReportChart {
  /** File name without extension, and anchor. */
  id: string;
  title: string;
  text: string;
  /** With its title, which a page that carries `title` and `text` leaves out. */
  spec: ChartSpec;
}

/** What every format of a report shows, in order. Raw text throughout. */
export interface ReportContent {
  title: string;
  /** The limit that was looked for, if one was, then one sentence a target. */
  answers: string[];
  /** One line on what was measured. */
  measured: string;
  caveats: string[];
  sizing: ReportTable;
  fleet?: ReportTable;
  verdicts: ReportTable;
  /** Of the sizing; absent where there is none. */
  sizingChart?: ReportChart;
  /** Of what was measured and fitted. */
  charts: ReportChart[];
  levels: ReportTable;
  assumptions: ReportTable;
  sensitivity?: ReportTable;
  provenance: ReportTable;
  guide: { term: string; text: string }[];
}

const RESOURCES: Record<SizingMetric, string> = {
  cores: "CPU",
  memory_bytes: "Memory",
  disk_bytes: "Disk",
  network_bytes_per_s: "Network",
};
const CHARTED = ["serving_cores", "serving_memory_bytes", "network_bytes_per_s", "artifact_bytes_per_hour"];
const LEVEL_COLUMNS = [
  "throughput",
  "latency_ms_p50",
  "latency_ms_p95",
  "latency_ms_p99",
  "error_ratio",
  "undelivered_ratio",
  "serving_cores",
  "serving_memory_bytes",
  "network_bytes_per_s",
];
const QUANTILES = LEVEL_COLUMNS.filter((metric) => metric.startsWith("latency_ms_"));
const REACH: Record<Extrapolation, string> = { none: "", "2x": "to 2×", "4x": "to 4×", beyond: "beyond 4×" };
const NONE = "–";

/**
 * Lays out a report: which tables and charts, in which order, with which words. Formats only set the type.
 *
 * @param document A run, its fits, its sizing.
 */
export function reportContent(document: ReportDocument): ReportContent {
  const { summary, sizing, provenance } = document;
  const replicates = new Set(summary.levels.map((level) => level.replicate)).size;
  const planned = [...new Set(summary.levels.map((level) => level.level))].toSorted((a, b) => a - b);
  return {
    title: document.title,
    answers: [...(summary.limit ? [`${summary.limit.text}.`] : []), ...sizing.answer.split("\n")],
    measured: [
      { http: "HTTP sessions", playwright: "Browser sessions", command: "Sessions of a load tool" }[summary.mode],
      ...(new URL(summary.url).host.endsWith(".invalid") ? [] : [`against ${summary.url}`]),
      `at ${planned.join(", ")} sessions, ${replicates} ${replicates === 1 ? "replicate" : "replicates"} each,`,
      `on ${machine(provenance)},`,
      `${day(provenance.started_at)}.`,
    ].join(" "),
    caveats: caveats(document),
    sizing: sizingTable(sizing.rows),
    ...(sizing.fleet.length === 0 ? {} : { fleet: fleetTable(document) }),
    verdicts: verdictTable(document),
    ...(sizing.rows.some((row) => row.recommended > 0) ? { sizingChart: chart("sizing", sizingBars(sizing)) } : {}),
    charts: charts(document),
    levels: levelTable(summary.levels),
    assumptions: assumptionTable(document),
    ...(sizing.sensitivity.length === 0 ? {} : { sensitivity: sensitivityTable(document) }),
    provenance: provenanceTable(document),
    guide: guide(document),
  };
}

function caveats({ summary, sizing, fit }: ReportDocument): string[] {
  const extrapolated = sizing.rows.filter((row) => row.extrapolation !== "none");
  const open = Object.values(fit.metrics).filter((metric) => metric.verdict.kind === "inconclusive");
  return [
    ...summary.warnings,
    ...flagLines(summary),
    ...(extrapolated.length === 0
      ? []
      : [`${
        list(unique(extrapolated.map((row) => `${count(row.target_sessions)} sessions`)))
      }: read beyond the measured levels.`]),
    ...(open.length === 0 ? [] : [`Not decided whether linear: ${list(open.map((metric) => nameOf(metric.metric)))}.`]),
  ];
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

function fleetTable({ sizing }: ReportDocument): ReportTable {
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

function verdictTable({ fit }: ReportDocument): ReportTable {
  return {
    caption: "How each metric grows with sessions",
    columns: [text("Metric"), text("Verdict"), text("Curve"), number("Held-out error"), prose("Evidence")],
    rows: ordered(fit.metrics).map((metric) => {
      const accepted = metric.models.find((model) => model.name === metric.accepted);
      return {
        cells: [
          nameOf(metric.metric),
          metric.verdict.kind,
          accepted === undefined ? NONE : modelLabel(accepted.name),
          accepted?.holdout ? signedPercent(accepted.holdout.relative_error) : NONE,
          unbroken(metric.verdict.text),
        ],
      };
    }),
  };
}

function charts({ summary, fit, sizing, timeline }: ReportDocument): ReportChart[] {
  const { targets } = sizing.assumptions;
  const throughput = fit.metrics.throughput;
  return [
    ...CHARTED.filter((name) => fit.metrics[name] !== undefined && fit.metrics[name].points.length > 0)
      .map((name) => chart(name.replaceAll("_", "-"), demandCurve(fit.metrics[name], { targets }))),
    ...(throughput === undefined || throughput.points.length === 0
      ? []
      : [chart("throughput", throughputCurve(throughput))]),
    ...(summary.levels.some((level) => "latency_ms_p50" in level.metrics)
      ? [chart("latency", latencyByLevel(summary.levels))]
      : []),
    ...(timeline.length === 0 ? [] : [chart("resources", resourcesOverTime(timeline))]),
  ];
}

function chart(id: string, spec: ChartSpec): ReportChart {
  const { text, subtitle } = spec.title as { text: string; subtitle: string | string[] };
  return { id, title: text, text: unbroken([subtitle].flat().join(" ")), spec };
}

function levelTable(levels: readonly LevelSummary[]): ReportTable {
  const sorted = levels.toSorted((a, b) => a.level - b.level || a.replicate - b.replicate);
  const columns = LEVEL_COLUMNS.flatMap((metric) => {
    const values = sorted.map((level) => level.metrics[metric]);
    const present = values.filter((value) => value !== undefined);
    if (present.length === 0) return [];
    const axis = metricAxis(metric, present);
    const cells = fixed(values.map((value) => value === undefined ? undefined : value / axis.divisor));
    const low = fixed(sorted.map((level) => atLeast(level, metric)));
    return [{ title: axis.title, cells: cells.map((cell, index) => low[index] === NONE ? cell : `≥ ${low[index]}`) }];
  });
  const observed = fixed(sorted.map((level) => level.sessions));
  const notes = unique(sorted.flatMap((level) => level.flags.map(flagNote)));
  return {
    caption: "Every replicate of every level, over its steady window",
    columns: [
      number("Level"),
      number("Replicate"),
      number("Sessions observed"),
      number("Requests"),
      ...columns.map((column) => number(column.title)),
      prose("Flags (note)"),
    ],
    rows: sorted.map((level, index) => ({
      cells: [
        count(level.level),
        level.attempt === 1 ? String(level.replicate) : `${level.replicate} (attempt ${level.attempt})`,
        observed[index],
        count(level.requests),
        ...columns.map((column) => column.cells[index]),
        level.flags.map((flag) => `${flagTitle(flag.name)} (${notes.indexOf(flagNote(flag)) + 1})`).join(
          ", ",
        ),
      ],
      ...continuing(index > 0 && sorted[index - 1].level === level.level),
      ...(level.flags.length === 0 ? {} : { flagged: true as const }),
    })),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

/** What a quantile is at least [ms], where there are too few requests to say how large it is at most. */
function atLeast({ metrics }: LevelSummary, metric: string): number | undefined {
  return metrics[`${metric}_high`] === undefined ? metrics[`${metric}_low`] : undefined;
}

/** Samples that stand out, in words; nothing where none were looked for. */
function outliers(levels: readonly LevelSummary[]): string[] {
  const total = (metric: string) => levels.reduce((sum, { metrics }) => sum + (metrics[metric] ?? 0), 0);
  const [odd, all] = [total("outlier_samples"), total("samples")];
  if (all === 0) return [];
  return [
    `${count(odd)} of ${
      count(all)
    } samples of the target's CPU stand out from those around them (Hampel identifier); they count ` +
    "like the others. 4 or 5 of 60 ordinary samples do.",
  ];
}

function flagNote(flag: Flag): string {
  const left = flag.excluded_from.length === 0 ? "" : ` Left out of ${list(flag.excluded_from)} fits.`;
  return flag.reason.replace(/\.?$/, ".") + left;
}

function assumptionTable({ sizing, summary }: ReportDocument): ReportTable {
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

function sensitivityTable({ sizing }: ReportDocument): ReportTable {
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

function provenanceTable({ provenance: p, summary, created_at }: ReportDocument): ReportTable {
  const limits = [
    ...(p.cgroup_limits.cores === undefined ? [] : [formatQuantity(p.cgroup_limits.cores, "cores")]),
    ...(p.cgroup_limits.memory_bytes === undefined
      ? []
      : [formatQuantity(p.cgroup_limits.memory_bytes, "memory_bytes")]),
  ];
  const rows: [string, string][] = [
    ["Run", summary.run],
    ["Target", p.target],
    ...(p.imported ? importedRows(p.imported) : []),
    ["Resolved addresses", p.resolved_addresses.length === 0 ? "none" : list(p.resolved_addresses)],
    ...(p.consent === undefined ? [] : [["Consent to load", p.consent] as [string, string]]),
    ["Sweep started", p.started_at],
    ["Report written", created_at],
    ["Plimsoll", `${p.plimsoll_version}, Deno ${p.deno_version}`],
    ["Git revision", p.git_revision],
    ["Lockfile SHA-256", p.lockfile_sha256],
    ["Plan SHA-256", p.plan_sha256],
    ["Seed", String(p.seed)],
    ["System", `${p.os}, kernel ${p.kernel}`],
    ...(p.imported ? [["Machine that was measured", machine(p)] as [string, string]] : [
      ["CPU", `${p.cpu_model}, ${p.vcpus} vCPU, ${p.threads_per_core} per core, governor ${p.governor}`],
      ["Memory", formatQuantity(p.memory_bytes, "memory_bytes")],
    ] as [string, string][]),
    ...(p.shares ?? []).map(({ k, of, cpu_model, vcpus, memory_bytes, clock, sampled_target }): [string, string] => [
      `Share ${k} of ${of}`,
      `${cpu_model}, ${vcpus} vCPU, ${formatQuantity(memory_bytes, "memory_bytes")}, clock kept by ${clock}${
        sampled_target ? "; sampled the target" : ""
      }`,
    ]),
    ["Limits of the control group", limits.length === 0 ? "none" : list(limits)],
    ["Sampler", `${p.sampler}; clock ${p.time_source}`],
    ...(p.browser === undefined ? [] : [[
      "Browser",
      `${p.browser.version}, ${p.browser.source}, ${
        p.browser.sandboxed ? "sandboxed" : "not sandboxed"
      }, ${p.browser.path}`,
    ] as [string, string]]),
    ["Environment variables read", p.environment.length === 0 ? "none" : list(p.environment)],
  ];
  return {
    caption: "What was run, where, and with what",
    columns: [text("Item"), prose("Value")],
    rows: rows.map((cells) => ({ cells })),
  };
}

/** What of the machine is known; of one that was imported that may be little. */
function machine({ imported, vcpus, memory_bytes }: ReportDocument["provenance"]): string {
  const known = [
    ...(vcpus > 0 ? [`${vcpus} vCPU`] : []),
    ...(memory_bytes > 0 ? [formatQuantity(memory_bytes, "memory_bytes")] : []),
  ];
  return imported && known.length === 0 ? "a machine that is not known" : list(known);
}

function importedRows(
  { tool, format, files }: NonNullable<ReportDocument["provenance"]["imported"]>,
): [string, string][] {
  return [
    ["Imported from", `${tool}, ${format}`],
    ...files.map(({ name, bytes, sha256 }): [string, string] => [
      "File",
      `${name}, ${count(bytes)} bytes, SHA-256 ${sha256}`,
    ]),
  ];
}

function guide({ fit, summary }: ReportDocument): ReportContent["guide"] {
  const level = Object.values(fit.metrics)[0]?.level ?? 0.95;
  return [
    {
      term: "Expected, band, upper bound",
      text:
        `Expected is the fitted curve at the peak load. The band holds a new run with ${
          percent(level)
        } confidence, and ` +
        "carries the doubt about which curve is right. The upper bound is one-sided, and is what sizing uses.",
    },
    {
      term: "Textbook",
      text:
        "The average use per session times the target, on system totals with the load generator included. It counts " +
        "the idle baseline once per session, and is shown for comparison only.",
    },
    {
      term: "Basis",
      text: "Measured: the target lies within the measured levels. Extrapolated: up to four times the highest one. " +
        "Replicated: beyond that, several workers, each at a level that was measured.",
    },
    {
      term: "Sessions",
      text: "Curves are fitted against the concurrency observed in the steady window, not the planned one.",
    },
    {
      term: "Serving",
      text: `The groups that the machine to be bought will carry: here ${list(summary.size_groups)}. ` +
        "The load generator is never among the costs unless it is named here.",
    },
    {
      term: "Hollow points",
      text: "Replicates left out of a fit. They stay in tables and charts, with the reason.",
    },
    ...(summary.levels.some((level) => QUANTILES.some((metric) => atLeast(level, metric) !== undefined))
      ? [{
        term: "≥ in latencies",
        text:
          "Too few requests to say how large that quantile is at most: p95 needs 72 of them in the window, p99 368, more where " +
          "neighbours resemble each other. Shown is the lower end of its 95 % interval.",
      }]
      : []),
    ...flags(summary).map((name) => ({ term: capital(flagTitle(name)), text: `${capital(FLAGS[name].meaning)}.` })),
    ...outliers(summary.levels).map((text) => ({ term: "Outliers", text })),
    {
      term: "Held-out error",
      text: "The highest level, predicted from the others. Bands are widened by it.",
    },
  ];
}

/** The flags that a run has, in the order of their table. */
function flags({ flags = [], levels }: RunSummary): FlagName[] {
  const found = new Set([...flags, ...levels.flatMap((level) => level.flags)].map(({ name }) => name));
  return (Object.keys(FLAGS) as FlagName[]).filter((name) => found.has(name));
}

/** The metrics that sizing rests on first, the rest by name. */
function ordered(metrics: Record<string, MetricFit>): MetricFit[] {
  const first = [...CHARTED, "throughput"];
  const rank = (name: string) => first.includes(name) ? first.indexOf(name) : first.length;
  return Object.values(metrics).toSorted((a, b) =>
    rank(a.metric) - rank(b.metric) || a.metric.localeCompare(b.metric, "en")
  );
}

/** One number of decimals for a column, so that its digits line up: two significant digits of the smallest, if few do. */
function fixed(values: readonly (number | undefined)[]): string[] {
  const sizes = values.flatMap((value) =>
    value === undefined || value === 0 ? [] : [Math.floor(Math.log10(Math.abs(value)))]
  );
  const enough = (digits: number, size: number) => Math.min(4, Math.max(0, digits - 1 - size));
  const decimals = sizes.length === 0 ? 0 : Math.min(enough(2, Math.min(...sizes)), enough(3, Math.max(...sizes)) + 1);
  return values.map((value) =>
    value === undefined
      ? NONE
      : value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  );
}

function nameOf(metric: string): string {
  return metricAxis(metric, []).label;
}

function count(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: "min2" });
}

function sessions(value: number): string {
  return `${count(value)} ${value === 1 ? "session" : "sessions"}`;
}

/** Numbers of notes in a list of all. */
function references(own: readonly string[], all: readonly string[]): string {
  return unique(own).map((note) => all.indexOf(note) + 1).join(", ");
}

function continuing(same: boolean): { continued?: true } {
  return same ? { continued: true } : {};
}

function signedPercent(share: number): string {
  const value = 100 * share;
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} %`;
}

/** Keeps an interval on one line. */
function unbroken(text: string): string {
  return text.replace(/\[[^\]]*\]/g, (interval) => interval.replaceAll(" ", "\u00a0"));
}

function percent(share: number): string {
  return `${(100 * share).toLocaleString("en-US", { maximumSignificantDigits: 3 })} %`;
}

function capital(words: string): string {
  return words[0].toUpperCase() + words.slice(1);
}

function day(iso: string): string {
  return iso.slice(0, 10);
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}

type Column = ReportTable["columns"][number];

function text(title: string): Column {
  return { title, kind: "text" };
}

function number(title: string): Column {
  return { title, kind: "number" };
}

function prose(title: string): Column {
  return { title, kind: "prose" };
}
