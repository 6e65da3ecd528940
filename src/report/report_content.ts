import {
  compareModels,
  latencyByLevel,
  metricAxis,
  modelLabel,
  residuals,
  resourcesOverTime,
  throughputCurve,
} from "../plot/mod.ts";
import { formatQuantity } from "../size/mod.ts";
import { flagTitle } from "../schema/flag_title.ts";
import { type FlagName, FLAGS } from "../schema/levels.ts";
import type { ShareProvenance } from "../schema/run.ts";
import { flagLines } from "./flag_lines.ts";
import type {
  FitReport,
  FittedParameter,
  Flag,
  LevelSummary,
  MetricFit,
  ReportDocument,
  RunSummary,
} from "../schema/mod.ts";
import {
  capital,
  chart,
  continuing,
  count,
  list,
  number,
  percent,
  prose,
  type ReportChart,
  type ReportTable,
  text,
  unbroken,
  unique,
} from "./report_parts.ts";
import { charted, type SizingCharts, sizingCharts, type SizingTables, sizingTables } from "./sizing_content.ts";

/** What every format of a report shows, in order. Raw text throughout. */
export interface ReportContent extends SizingTables, SizingCharts {
  title: string;
  /** One line on what was measured. */
  measured: string;
  /** What to mind of the run; `reach` is what to mind of the sizing. */
  caveats: string[];
  verdicts: ReportTable;
  /** What each worker costs, where several machines drove the run. */
  workers?: ReportTable;
  /** Why which curve was accepted. */
  evidence: ReportChart[];
  /** Of what was measured. */
  charts: ReportChart[];
  levels: ReportTable;
  provenance: ReportTable;
  guide: { term: string; text: string }[];
}

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
const NONE = "–";

/**
 * Lays out a report: which tables and charts, in which order, with which words. Formats only set the type.
 *
 * @param document A run, its fits, its sizing.
 */
export function reportContent(document: ReportDocument): ReportContent {
  const { summary, provenance } = document;
  const replicates = new Set(summary.levels.map((level) => level.replicate)).size;
  const planned = [...new Set(summary.levels.map((level) => level.level))].toSorted((a, b) => a - b);
  return {
    ...sizingTables(document),
    ...sizingCharts(document),
    title: document.title,
    measured: [
      { http: "HTTP sessions", playwright: "Browser sessions", command: "Sessions of a load tool" }[summary.mode],
      ...(new URL(summary.url).host.endsWith(".invalid") ? [] : [`against ${summary.url}`]),
      `at ${planned.join(", ")} sessions, ${replicates} ${replicates === 1 ? "replicate" : "replicates"} each,`,
      `on ${machine(provenance)},`,
      `${day(provenance.started_at)}.`,
    ].join(" "),
    caveats: caveats(document),
    verdicts: verdictTable(document),
    ...(document.fit.workers ? { workers: workersTable(document) } : {}),
    evidence: evidence(document),
    charts: charts(document),
    levels: levelTable(summary.levels),
    provenance: provenanceTable(document),
    guide: guide(document),
  };
}

/** Every chart of a report, in the order that it shows them. */
export function allCharts({ sizingChart, diskChart, demands, evidence, charts }: ReportContent): ReportChart[] {
  return [sizingChart, diskChart, ...demands, ...evidence, ...charts].filter((chart) => chart !== undefined);
}

function caveats({ summary, fit, timeline }: ReportDocument): string[] {
  const open = Object.values(fit.metrics).filter((metric) => metric.verdict.kind === "inconclusive");
  return [
    ...summary.warnings,
    ...flagLines(summary),
    ...(open.length === 0 ? [] : [`Not decided whether linear: ${list(open.map((metric) => nameOf(metric.metric)))}.`]),
    ...(timeline.length === 0
      ? ["No resource samples over time came with this run: nothing shows how steady it was."]
      : []),
  ];
}

function verdictTable({ fit }: ReportDocument): ReportTable {
  return {
    caption: "How each metric grows with sessions",
    columns: [text("Metric"), text("Verdict"), text("Curve"), number("Held-out error"), prose("Evidence")],
    rows: ordered(fit).map((metric) => {
      const accepted = metric.models.find((model) => model.name === metric.accepted);
      return {
        cells: [
          `${nameOf(metric.metric)}${metric.points.some(({ worker }) => worker !== undefined) ? " of one worker" : ""}`,
          metric.verdict.kind,
          accepted === undefined ? NONE : modelLabel(accepted.name),
          accepted?.holdout ? signedPercent(accepted.holdout.relative_error) : NONE,
          unbroken(metric.verdict.text),
        ],
      };
    }),
  };
}

function workersTable({ fit, provenance }: ReportDocument): ReportTable {
  const all = Object.entries(fit.workers ?? {});
  const machines = new Map((provenance.shares ?? []).map((share) => [share.k, share]));
  const name = (worker: number) => {
    const machine = machines.get(worker);
    return machine ? `${machine.worker ?? worker}: ${machine.vcpus} vCPU` : String(worker);
  };
  const quantity = (parameter: FittedParameter | null, metric: string) =>
    parameter === null ? NONE : formatQuantity(parameter.value, metric);
  return {
    caption: "What one worker uses, by its own line",
    columns: [
      text("Metric"),
      text("Worker"),
      number("Sessions up to"),
      number("Without sessions"),
      number("One session more"),
      number("Against all"),
      prose("Do they differ?"),
    ],
    rows: all.flatMap(([metric, { by_worker, verdict }]) =>
      by_worker.map(({ worker, sessions, base, per_session, ratio }, index) => ({
        cells: [
          index === 0 ? nameOf(metric) : "",
          name(worker),
          count(Math.round(sessions)),
          quantity(base, metric),
          quantity(per_session, metric),
          ratio === null ? NONE : percent(ratio),
          index === 0 ? verdict.text : "",
        ],
        ...continuing(index > 0),
      }))
    ),
  };
}

/** Of the metric that most often binds, and of throughput: the curves tried, and what the accepted one leaves over. */
function evidence({ fit }: ReportDocument): ReportChart[] {
  const fitted = [charted(fit)[0], "throughput"].flatMap((name) => {
    const metric = fit.metrics[name];
    return metric === undefined || metric.accepted === null ? [] : [metric];
  });
  const id = (kind: string, { metric }: MetricFit) => `${kind}-${metric.replaceAll("_", "-")}`;
  return [
    ...fitted.filter(({ models }) => models.length > 1).map((one) => chart(id("models", one), compareModels(one))),
    ...fitted.map((one) => chart(id("residuals", one), residuals(one))),
  ];
}

function charts({ summary, fit, timeline }: ReportDocument): ReportChart[] {
  const throughput = fit.metrics.throughput;
  return [
    ...(throughput === undefined || throughput.points.length === 0
      ? []
      : [chart("throughput", throughputCurve(throughput))]),
    ...(summary.levels.some((level) => "latency_ms_p50" in level.metrics)
      ? [chart("latency", latencyByLevel(summary.levels))]
      : []),
    ...(timeline.length === 0 ? [] : [chart("resources", resourcesOverTime(timeline))]),
  ];
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
  return capital(flag.reason.replace(/\.?$/, ".")) + left;
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
    ...(p.shares ?? []).map((share): [string, string] => [
      share.worker === undefined ? `Share ${share.k} of ${share.of}` : `Worker ${share.worker}`,
      shareText(share),
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

function shareText(share: ShareProvenance): string {
  return [
    share.cpu_model,
    `${share.vcpus} vCPU`,
    formatQuantity(share.memory_bytes, "memory_bytes"),
    ...(share.cgroup_limits.cores === undefined
      ? []
      : [`limited to ${formatQuantity(share.cgroup_limits.cores, "cores")}`]),
    ...(share.capacity === undefined ? [] : [`takes ${count(share.capacity)} sessions`]),
    `Plimsoll ${share.plimsoll_version} (${share.git_revision.slice(0, 12)})`,
    `clock kept by ${share.clock}${share.sampled_target ? "; sampled the target" : ""}`,
  ].join(", ");
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
        "carries the doubt about which curve is right. The upper bound is one-sided, of the curves that stand, and is what sizing uses.",
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

/** The metrics that sizing rests on first, the rest by name; then what one worker uses. */
function ordered(fit: FitReport): MetricFit[] {
  const first = [...charted(fit), "throughput"];
  const rank = (name: string) => first.includes(name) ? first.indexOf(name) : first.length;
  return [
    ...Object.values(fit.metrics).toSorted((a, b) =>
      rank(a.metric) - rank(b.metric) || a.metric.localeCompare(b.metric, "en")
    ),
    ...Object.values(fit.workers ?? {}).map(({ fit }) => fit),
  ];
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

function signedPercent(share: number): string {
  const size = Math.abs(100 * share).toFixed(1);
  return `${size === "0.0" ? "" : share < 0 ? "−" : "+"}${size} %`;
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
