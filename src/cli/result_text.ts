import type { FitReport, FittedParameter, MetricFit } from "../schema/fit.ts";
import type { ReportDocument } from "../schema/report.ts";
import type { SizingRow } from "../schema/sizing.ts";
import { formatQuantity, formatRange, tabulateSizing } from "../size/mod.ts";
import { flagLines } from "../report/flag_lines.ts";
import { textTable } from "./text_table.ts";

/** The result of a run for a terminal: the answer first, then the table, the verdicts, and what to beware of. */
export function resultText({ summary, fit, sizing }: ReportDocument): string {
  const section = (title: string, lines: string[]) => lines.length > 0 ? ["", title, ...lines] : [];
  return [
    ...(summary.limit ? [`${summary.limit.text}.`] : []),
    sizing.answer,
    ...(sizing.rows.length === 0
      ? []
      : ["", sizingTable(sizing.rows), memoryLine(sizing.assumptions.baseline_os_bytes)]),
    ...(summary.load?.startsWith("open") ? [`Load: ${summary.load}.`] : []),
    "",
    "How each metric grows with sessions:",
    verdictTable(Object.values(fit.metrics)),
    ...section("Mind:", [...summary.warnings, ...flagLines(summary)].map((text) => `  ${text}`)),
  ].join("\n");
}

/** How much of the RAM is not the sessions'. */
export function memoryLine(baseline_os_bytes: number): string {
  const os = formatQuantity(baseline_os_bytes, "bytes");
  return `RAM includes ${os} for the operating system of each machine, as at rest during the run (--baseline-os-bytes).`;
}

/** The sizing table: what each target needs, textbook and banded side by side. */
export function sizingTable(rows: readonly SizingRow[]): string {
  const header = ["sessions", "what", "basis", "textbook", "estimate", "95 % band", "recommended"];
  const cells = tabulateSizing(rows).map((row, index, all) => {
    const { sessions, what, basis, textbook, estimate, band, recommended } = row;
    return [
      all[index - 1]?.sessions === sessions ? "" : String(sessions),
      what,
      basis,
      textbook,
      estimate,
      band,
      recommended,
    ];
  });
  return textTable(header, cells, [0, 3, 4, 5, 6]);
}

/** The metrics that a reader buys or waits for, in this order; all others are in the JSON. */
const HEADLINES = [
  "serving_cores",
  "serving_memory_bytes",
  "network_bytes_per_s",
  "artifact_bytes_per_hour",
  "throughput",
];

function headlines(fits: readonly MetricFit[]): MetricFit[] {
  const isServing = fits.some(({ metric }) => metric.startsWith("serving_"));
  // Where workers drove, what serves is on several machines: the target here, the rest in a table of its own.
  const names = isServing ? HEADLINES : ["target_cores", "target_memory_bytes", ...HEADLINES];
  const found = names.flatMap((name) => fits.find(({ metric }) => metric === name) ?? []);
  return found.length > 0 ? found : [...fits];
}

/** One line a headline metric: verdict, the curve that is read, and what decided. */
export function verdictTable(fits: readonly MetricFit[]): string {
  const shown = headlines(fits);
  const texts = new Set(shown.map(({ verdict }) => verdict.text));
  if (texts.size === 1 && shown.length > 1) return `${[...texts][0]} (${shown.map(({ metric }) => metric).join(", ")})`;
  return textTable(
    ["metric", "verdict", "curve", "why"],
    shown.map(({ metric, verdict, accepted }) => [metric, verdict.kind, accepted ?? "none", verdict.text]),
  );
}

/** What each worker uses by its own line, and whether they differ; nothing where one machine drove the run. */
export function workersTable(workers: FitReport["workers"] = {}): string {
  const all = Object.entries(workers);
  if (all.length === 0) return "";
  const quantity = (parameter: FittedParameter | null, metric: string) =>
    parameter === null ? "not known" : formatQuantity(parameter.value, metric);
  const rows = all.flatMap(([metric, { by_worker }]) =>
    by_worker.map(({ worker, sessions, base, per_session, ratio }, index) => [
      index === 0 ? metric : "",
      String(worker),
      String(Math.round(sessions)),
      quantity(base, metric),
      quantity(per_session, metric),
      ratio === null ? "not known" : `${Math.round(100 * ratio)} %`,
    ])
  );
  return [
    textTable(["metric", "worker", "up to", "no session", "each more", "of all"], rows, [1, 2, 3, 4, 5]),
    ...all.map(([metric, { verdict }]) => `${metric}: ${verdict.text}`),
  ].join("\n");
}

/** The parameters of the curves that are read, each with its interval; one at its bound says so. */
export function parametersTable(fits: readonly MetricFit[]): string {
  const rows = headlines(fits).flatMap(({ metric, models, accepted }) => {
    const model = models.find(({ name }) => name === accepted);
    return Object.entries(model?.parameters ?? {}).map(([name, { value, standard_error, interval }], index) => [
      index === 0 ? metric : "",
      index === 0 ? model!.name : "",
      name,
      `${significant(value)}${standard_error === null && interval !== null ? " (bound)" : ""}`,
      interval === null ? "not known" : `[${interval.map(significant).join(", ")}]`,
    ]);
  });
  return rows.length === 0 ? "" : textTable(["metric", "curve", "parameter", "value", "interval"], rows, [3, 4]);
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The headline metrics read at some sessions: estimate, band of a new run, upper bound that sizing uses. */
export function readingsTable(fits: readonly MetricFit[]): string {
  const rows = headlines(fits).flatMap(({ metric, at }) =>
    at.map((read, index) => [
      index === 0 ? metric : "",
      String(read.sessions),
      formatQuantity(read.estimate, metric),
      formatRange(read.prediction, metric),
      formatQuantity(read.sizing_upper, metric),
      REACH[read.extrapolation],
    ])
  );
  return textTable(["metric", "sessions", "estimate", "new run", "upper bound", ""], rows, [1, 2, 3, 4]);
}

const REACH = {
  none: "",
  "2x": "up to twice the measured levels",
  "4x": "up to 4 times",
  beyond: "beyond 4 times: measure first",
};
