import type {
  Evaluation,
  Extrapolation,
  Interval,
  MetricFit,
  ModelFit,
  Sizing,
  SizingMetric,
  Verdict,
} from "../schema/mod.ts";
import { formatQuantity, formatRange } from "../size/mod.ts";

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

/**
 * Reads a result aloud, with its numbers, intervals and units: what a fit found, what a verdict means, what to buy.
 *
 * The sentences come from the numbers, so that they are true after every run of a notebook.
 *
 * @param result A fit, its verdict, or a sizing.
 * @returns Sentences; a paragraph for each target of a sizing.
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
export function explain(result: MetricFit | Verdict | Sizing): Explanation {
  if ("models" in result) return new Explanation(fitText(result));
  if ("rows" in result) return new Explanation(sizingText(result));
  return new Explanation(result.text);
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
  const size = fit.kind === "demand" ? `; size for ${formatQuantity(sizing_upper, fit.metric)}` : "";
  return `At ${numberText(sessions)} sessions: ${formatQuantity(estimate, fit.metric)}, a new run ` +
    `${formatRange(prediction, fit.metric)}${size}${extrapolationText(extrapolation)}.`;
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
