import { curvesThatStand } from "../model/mod.ts";
import type { LimitFound } from "../schema/limit.ts";
import type {
  Comparison,
  ComparisonRow,
  Evaluation,
  Extrapolation,
  FitReport,
  Interval,
  MetricFit,
  ModelFit,
  NextLevel,
  ReportDocument,
  Sizing,
  SizingMetric,
  Verdict,
} from "../schema/mod.ts";
import { formatQuantity, formatRange } from "../size/mod.ts";
import { described } from "./described.ts";

/** Sentences about a result: text for a notebook's last line, for `console.log`, and for templates. */
export class Explanation {
  /** The sentences, as Markdown. */
  readonly text: string;

  /** Takes whole sentences, as Markdown. */
  constructor(text: string) {
    this.text = text;
  }

  /** The sentences. */
  toString(): string {
    return this.text;
  }

  /** What a Deno kernel shows. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "text/markdown": this.text, "text/plain": this.text };
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.text;
  }
}

/** What {@linkcode explain} reads. */
export type Explainable =
  | MetricFit
  | FitReport
  | Verdict
  | Sizing
  | ReportDocument
  | Comparison
  | NextLevel
  | LimitFound;

/**
 * Reads a result aloud, with its numbers, intervals and units: what a fit found, what a verdict means, what to buy, what
 * has changed, what to run next.
 *
 * The sentences come from the numbers, so that they are true after every run of a notebook.
 *
 * @param result A fit or all fits of a run, a verdict, a sizing or report, a comparison, a next level, a limit.
 * @returns Sentences; a paragraph for each fit, each target of a sizing, and each row of a comparison.
 * @throws {TypeError} If it is none of these.
 *
 * @example The verdict alone
 * ```ts
 * import { explain } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const verdict = { kind: "linear" as const, effect_percent: 1.2, text: "Linear: within 1.2 % at 100 sessions." };
 * assert.equal(`${explain(verdict)}`, verdict.text);
 * ```
 */
export function explain(result: Explainable): Explanation {
  return new Explanation(textOf(result));
}

function textOf(result: Explainable): string {
  if (typeof result !== "object" || result === null) throw refused(result);
  if ("models" in result) return fitText(result as MetricFit);
  if ("assumptions" in result) return sizingText(result as Sizing);
  if ("sizing" in result) return sizingText((result as ReportDocument).sizing);
  if ("left_out" in result) return comparisonText(result as Comparison);
  if ("band" in result || "target_sessions" in result) return (result as NextLevel).reason;
  if ("metrics" in result && "schema" in result) return Object.values(result.metrics).map(fitText).join("\n\n");
  if ("text" in result && typeof result.text === "string") return result.text;
  throw refused(result);
}

function refused(value: unknown): TypeError {
  const wanted = "a fit, a verdict, a sizing, a report, a comparison, a next level or a limit";
  return new TypeError(`Cannot explain this as it must be ${wanted}: current value is ${described(value)}`);
}

const CHANGES = { regression: "a regression", improvement: "an improvement", no_evidence: "no evidence of a change" };
const QUANTITIES = { per_session: " a session", base: " at rest", at_top: " at the top level" };

function comparisonText({ text, rows, left_out, notes }: Comparison): string {
  return [
    text,
    ...rows.map(rowText),
    ...left_out.map(({ metric, reason }) => `${metric} is left out: ${reason}.`),
    ...notes.map((note) => `Mind: ${note}`),
  ].join("\n\n");
}

function rowText({ metric, quantity, before, after, relative, verdict }: ComparisonRow): string {
  const percent = (share: number) => `${share < 0 ? "−" : "+"}${numberText(Math.abs(100 * share))} %`;
  const change = relative && ` (${percent(relative.value)}, ${relative.interval.map(percent).join(" to ")})`;
  return `${metric}${QUANTITIES[quantity]}: ${formatQuantity(before.value, metric)} before, ` +
    `${formatQuantity(after.value, metric)} after${change ?? ""}: ${CHANGES[verdict]}.`;
}

function fitText(fit: MetricFit): string {
  const accepted = fit.models.find(({ name }) => name === fit.accepted);
  if (accepted === undefined) return `No curve for ${fit.metric}. ${fit.verdict.text}`;
  const used = fit.points.filter(({ excluded }) => excluded === undefined);
  const left = fit.points.length - used.length;
  const levels = new Set(used.map(({ level }) => level)).size;
  const percent = numberText(fit.level * 100);
  return [
    `${fit.metric}: ${fit.verdict.text}`,
    `The ${spoken(accepted.name)} curve is read (${percent} % intervals): ${parametersText(fit, accepted)},`,
    `from ${levels} levels between ${numberText(fit.range[0])} and ${numberText(fit.range[1])} sessions` +
    `${left > 0 ? `, ${left} of ${fit.points.length} points left out` : ""}.`,
    ...accepted.holdout === null ? [] : [holdOutText(fit, accepted.holdout)],
    ...fit.at.map((evaluation) => evaluationText(fit, evaluation)),
  ].join(" ");
}

function parametersText(fit: MetricFit, model: ModelFit): string {
  return Object.entries(model.parameters).map(([name, { value, interval }]) => {
    const metric = metricOfParameter(fit, name);
    const suffix = name === "slope" || name === "lambda" ? " a session" : "";
    return `${name} ${formatQuantity(value, metric)}${suffix} (${rangeText(value, interval, metric)})`;
  }).join(", ");
}

/** An interval that begins or ends at the value is one from a bound: its other end is what is known. */
function rangeText(value: number, interval: Interval | null, metric: string): string {
  if (interval === null) return "at its bound";
  const [lower, upper] = interval;
  if (lower === value && upper > value) return `at its bound, at most ${formatQuantity(upper, metric)}`;
  if (upper === value && lower < value) return `at its bound, at least ${formatQuantity(lower, metric)}`;
  return formatRange(interval, metric);
}

/** The metric in whose unit a parameter is; exponents and shares have none. */
function metricOfParameter(fit: MetricFit, name: string): string {
  return ["intercept", "slope", "lambda"].includes(name) ? fit.metric : "";
}

function holdOutText({ metric }: MetricFit, holdout: NonNullable<ModelFit["holdout"]>): string {
  const predicted = `${formatQuantity(holdout.predicted, metric)} at ${numberText(holdout.sessions)} sessions`;
  const off = `${numberText(Math.abs(holdout.relative_error) * 100)} % off`;
  return `Without its top level it predicts ${predicted}, where ${
    formatQuantity(holdout.observed, metric)
  } were measured (${off}).`;
}

function evaluationText(
  fit: MetricFit,
  { sessions, estimate, prediction, sizing_upper, extrapolation }: Evaluation,
): string {
  const above = sizing_upper > prediction[1] ? aboveText(fit) : "";
  const size = fit.kind === "demand" ? `; size for ${formatQuantity(sizing_upper, fit.metric)}${above}` : "";
  return `At ${numberText(sessions)} sessions: ${formatQuantity(estimate, fit.metric)}, a new run ` +
    `${formatRange(prediction, fit.metric)}${size}${extrapolationText(extrapolation)}.`;
}

/** The band says where one run falls, the bound what must hold whichever curve is right. */
function aboveText(fit: MetricFit): string {
  const accepted = fit.models.find(({ name }) => name === fit.accepted)!;
  const bends = fit.accepted !== "quadratic" && curvesThatStand(fit, accepted)?.at(-1)?.name === "quadratic";
  return bends
    ? ", more than that band, as a parabola fits the levels too and bends upward"
    : ", more than that band, as the highest curve that the levels leave standing counts";
}

function extrapolationText(extrapolation: Extrapolation): string {
  return {
    none: "",
    "2x": " (beyond the measured levels, up to twice the top one)",
    "4x": " (two to four times the top level: treat with care)",
    beyond: " (more than four times the top level: measure before buying)",
  }[extrapolation];
}

function sizingText(sizing: Sizing): string {
  const targets = [...new Set(sizing.rows.map(({ target_sessions }) => target_sessions))];
  return [...sizing.answer.split("\n"), ...targets.map((target) => targetText(sizing, target))].join("\n\n");
}

const RESOURCE: Record<SizingMetric, string> = {
  cores: "CPU",
  memory_bytes: "memory",
  disk_bytes: "disk",
  network_bytes_per_s: "network",
};

const PARTS = { workers: " of the workers", shared: " of the target that they share" };

function targetText(sizing: Sizing, target: number): string {
  const rows = sizing.rows.filter((row) => row.target_sessions === target && row.recommended > 0);
  const parts = rows.map((row) =>
    `${RESOURCE[row.metric]}${row.part ? PARTS[row.part] : ""} ${formatQuantity(row.recommended, row.metric)} ` +
    `(expected use ${formatQuantity(row.estimate, row.metric)}, ${formatRange(row.interval, row.metric)}; ${row.basis})`
  );
  const binding = sizing.binding.find(({ target_sessions }) => target_sessions === target);
  const binds = binding === undefined ? "" : ` What binds is ${RESOURCE[binding.metric]}.`;
  return `**${numberText(target)} sessions**: ${parts.join("; ")}.${binds}`;
}

function spoken(name: string): string {
  return name === "usl" ? "USL" : name === "amdahl" ? "Amdahl" : name.replaceAll("_", " ");
}

function numberText(value: number): string {
  return formatQuantity(value, "");
}
