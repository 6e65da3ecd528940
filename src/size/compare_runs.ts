import { fitAll, levelMeans } from "../model/mod.ts";
import { tQuantile } from "../stats/mod.ts";
import type { ChangeVerdict, Comparison, ComparisonRow, Interval, MetricFit, RunSummary } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";

/** What is asked of {@linkcode compareRuns}. */
export interface CompareRunsOptions {
  /** A change that does not matter, as a share. @default 0.05 */
  tolerance?: number;
  /** Confidence of all intervals together. @default 0.95 */
  level?: number;
}

const COSTS = ["serving_cores", "serving_memory_bytes", "network_bytes_per_s", "artifact_bytes_per_hour"];
/** A slope that moves the whole by less than this at the highest common level is no change that anybody would pay for. */
const MATERIAL = 0.01;

/**
 * Compares two runs: what a session costs, what is used for nobody, and throughput, each with the interval of its difference.
 *
 * - Costs: slope and intercept of the line through the level means, which is fitted for every metric. Their difference has the error of
 *   both, √(s₁² + s₂²), and Student's t with Welch's degrees of freedom. A cost that is no line in one of the runs is compared at the
 *   highest common level as well.
 * - Throughput: the level means at the highest common level, on the ln scale, each with the scatter of its run's level means about
 *   its curve.
 *
 * A `regression` needs all of the interval beyond the tolerance: of a slope (1 + tolerance) times the former one, of an intercept the
 * tolerance as a share of all that was used at the highest common level. Intervals hold together at `level`: each is made at
 * 1 − (1 − level)/rows (Bonferroni). So runs of the same thing are called a regression in less than 5 % of comparisons, whatever the number
 * of rows. What is not beyond the tolerance is `no_evidence`, which is no evidence of equality: read the interval.
 *
 * @param before A run, reduced to levels.
 * @param after Another of the same target, best with the same plan on the same machine.
 * @param options Tolerance and level.
 * @returns Plain data; metrics that only one run has, or that have too few levels, are in `left_out`.
 * @throws {RangeError} If nothing can be compared, or an option is out of its range.
 *
 * @example A fifth more CPU a session
 * ```ts
 * import { compareRuns } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const run = (cost: number) => ({
 *   run: `${cost} cores a session`, mode: "http" as const, url: "http://127.0.0.1:8000/", size_groups: ["target"],
 *   capacity: { cores: 4, memory_bytes: 8e9 }, baseline: { os_cores: 0, os_memory_bytes: 4e8, drift_cores: 0 },
 *   levels: [1, 2, 4, 8, 16].map((n) => ({
 *     level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *     metrics: { serving_cores: 0.05 + cost * n },
 *   })),
 *   warnings: [],
 * });
 * const { rows, verdict } = compareRuns(run(0.1), run(0.12));
 * assert.deepEqual([rows[0].quantity, rows[0].relative!.value.toFixed(3), verdict], ["per_session", "0.200", "regression"]);
 * ```
 */
export function compareRuns(before: RunSummary, after: RunSummary, options: CompareRunsOptions = {}): Comparison {
  const { tolerance = 0.05, level = 0.95 } = options;
  check("tolerance", tolerance, [0, 10]);
  check("level", level, [0.5, 0.999]);
  const [old, now] = [before, after].map((summary) => fitAll(summary, { level, at: [] }).metrics);
  const names = [...COSTS, "throughput"].filter((name) => old[name] || now[name]);
  const left_out = names.flatMap((metric) => {
    const reason = reasonAgainst(old[metric], now[metric]);
    return reason ? [{ metric, reason }] : [];
  });
  const pairs = names.filter((name) => !left_out.some(({ metric }) => metric === name))
    .map((name): Pair => ({ metric: name, before: old[name], after: now[name], top: topOf(old[name], now[name]) }));
  if (pairs.length === 0) {
    const why = left_out.map(({ metric, reason }) => `${metric}: ${reason}`).join("; ") ||
      "neither has a cost or throughput";
    throw new RangeError(
      `Cannot compare the runs as one metric must have three usable levels in both: current value is ${why}`,
    );
  }
  const changes = pairs.flatMap(changesOf);
  const each = 1 - (1 - level) / changes.length;
  const rows = changes.map((change) => judge(change, { tolerance, level: each }));
  const metrics = Object.fromEntries(
    pairs.map(({ metric }) => [metric, worst(rows.filter((row) => row.metric === metric))]),
  );
  const verdict = worst(rows);
  return {
    schema: "plimsoll.comparison/1",
    before: before.run,
    after: after.run,
    tolerance,
    level,
    top_sessions: Math.min(...pairs.map(({ top }) => top.level)),
    rows,
    left_out,
    notes: otherDifferences(before, after),
    metrics,
    verdict,
    text: describe(rows, verdict, tolerance),
  };
}

interface Pair {
  metric: string;
  before: MetricFit;
  after: MetricFit;
  top: { level: number; before: number; after: number };
}

/** A number with its standard error, and how many degrees of freedom that has. */
interface Measured {
  value: number;
  error: number;
  degrees: number;
}

interface Change {
  metric: string;
  quantity: ComparisonRow["quantity"];
  before: Measured;
  after: Measured;
  /** Numbers are logarithms. */
  isLog?: true;
  /** What a difference is a share of, where that is not the run before. */
  whole?: number;
  /** A difference below this matters to nobody. */
  material?: number;
}

function reasonAgainst(before?: MetricFit, after?: MetricFit): string | undefined {
  if (!before || !after) return `only the run ${before ? "before" : "after"} has it`;
  for (const [fit, name] of [[before, "before"], [after, "after"]] as const) {
    const line = fit.models.find((model) => model.name === "linear");
    if (!line || line.degrees_of_freedom < 1) return `the run ${name} has too few levels: ${fit.verdict.text}`;
  }
  return topOf(before, after).level === 0 ? "no level is usable in both runs" : undefined;
}

/** The highest level that both may be read at, and what each used there. */
function topOf(before: MetricFit, after: MetricFit): Pair["top"] {
  const means = levelMeans(after.points);
  const common = levelMeans(before.points).flatMap((one) => {
    const other = means.find(({ level }) => level === one.level);
    return other ? [{ level: one.level, before: one.value, after: other.value }] : [];
  });
  return common.at(-1) ?? { level: 0, before: 0, after: 0 };
}

function changesOf({ metric, before, after, top }: Pair): Change[] {
  const atTop: Change = {
    metric,
    quantity: "at_top",
    before: levelMean(before, top.before),
    after: levelMean(after, top.after),
    isLog: true,
  };
  if (metric === "throughput") return [atTop];
  const isLine = [before, after].every(({ accepted }) => accepted === "linear");
  return [
    {
      metric,
      quantity: "per_session",
      before: parameter(before, "slope"),
      after: parameter(after, "slope"),
      material: MATERIAL * top.before / top.level,
    },
    {
      metric,
      quantity: "base",
      before: parameter(before, "intercept"),
      after: parameter(after, "intercept"),
      whole: top.before,
    },
    ...(isLine ? [] : [atTop]),
  ];
}

function parameter(fit: MetricFit, name: "slope" | "intercept"): Measured {
  const line = fit.models.find((model) => model.name === "linear")!;
  const index = line.free.indexOf(name);
  return {
    value: line.parameters[name].value,
    error: Math.sqrt(line.covariance[index][index]),
    degrees: line.degrees_of_freedom,
  };
}

function levelMean(fit: MetricFit, value: number): Measured {
  const { residual_error, degrees_of_freedom } = fit.models.find(({ name }) => name === fit.accepted)!;
  return { value: Math.log(value), error: residual_error, degrees: degrees_of_freedom };
}

function judge(change: Change, { tolerance, level }: { tolerance: number; level: number }): ComparisonRow {
  const { metric, quantity, before, after, isLog } = change;
  const t = tQuantile((1 + level) / 2, welch(before, after));
  const own = (one: Measured) => interval(one.value, tQuantile((1 + level) / 2, one.degrees) * one.error);
  const value = after.value - before.value;
  const range = interval(value, t * Math.hypot(before.error, after.error));
  const shown = (one: Measured) => {
    const edges = own(one);
    return isLog
      ? { value: Math.exp(one.value), interval: edges.map(Math.exp) as Interval }
      : { value: one.value, interval: edges };
  };
  const relative = relativeOf(change, t);
  const base = isLog ? Math.exp(before.value) : 1;
  const difference = isLog
    ? { value: base * Math.expm1(value), interval: range.map((edge) => base * Math.expm1(edge)) as Interval }
    : { value, interval: range };
  return {
    metric,
    quantity,
    before: shown(before),
    after: shown(after),
    difference,
    ...(relative ? { relative } : {}),
    verdict: verdictOf(change, { t, tolerance, isLess: metric === "throughput" }),
  };
}

/** After ÷ before − 1 with Fieller's interval; of a base its share of the whole. */
function relativeOf({ before, after, isLog, whole }: Change, t: number): ComparisonRow["relative"] {
  const value = after.value - before.value;
  const range = interval(value, t * Math.hypot(before.error, after.error));
  if (isLog) return { value: Math.expm1(value), interval: range.map(Math.expm1) as Interval };
  if (whole !== undefined) return { value: value / whole, interval: range.map((edge) => edge / whole) as Interval };
  const square = before.value ** 2 - (t * before.error) ** 2;
  if (!(before.value > 0 && square > 0)) return undefined;
  const product = before.value * after.value;
  const root = Math.sqrt(Math.max(0, product ** 2 - square * (after.value ** 2 - (t * after.error) ** 2)));
  return {
    value: after.value / before.value - 1,
    interval: [(product - root) / square - 1, (product + root) / square - 1],
  };
}

function verdictOf(
  { before, after, isLog, whole, material = 0 }: Change,
  { t, tolerance, isLess }: { t: number; tolerance: number; isLess: boolean },
): ChangeVerdict {
  const value = after.value - before.value;
  /** Beyond `factor` times the former by more than the error of that difference. */
  const beyond = (factor: number) => {
    const allowed = isLog
      ? Math.log(factor)
      : whole === undefined
      ? (factor - 1) * Math.max(0, before.value)
      : (factor - 1) * whole;
    const error = isLog || whole !== undefined
      ? Math.hypot(before.error, after.error)
      : Math.hypot(factor * before.error, after.error);
    return (value - allowed) / Math.max(error, 1e-12 * Math.abs(value - allowed));
  };
  if (Math.abs(value) < material || value === 0) return "no_evidence";
  const isMore = beyond(1 + tolerance) > t;
  const isFewer = tolerance < 1 && beyond(1 - tolerance) < -t;
  if (!isMore && !isFewer) return "no_evidence";
  return isMore === isLess ? "improvement" : "regression";
}

function welch(before: Measured, after: Measured): number {
  const [a, b] = [before.error ** 2, after.error ** 2];
  const sum = a ** 2 / before.degrees + b ** 2 / after.degrees;
  return sum > 0 ? (a + b) ** 2 / sum : before.degrees + after.degrees;
}

function interval(value: number, width: number): Interval {
  return [value - width, value + width];
}

function worst(rows: readonly ComparisonRow[]): ChangeVerdict {
  const found = new Set(rows.map(({ verdict }) => verdict));
  return found.has("regression") ? "regression" : found.has("improvement") ? "improvement" : "no_evidence";
}

function otherDifferences(before: RunSummary, after: RunSummary): string[] {
  const said = (what: string, of: (summary: RunSummary) => string) =>
    of(before) === of(after) ? [] : [`${what} differs: ${of(before)} before, ${of(after)} after.`];
  const machine = ({ capacity }: RunSummary) =>
    `${formatQuantity(capacity.cores, "cores")}, ${formatQuantity(capacity.memory_bytes, "bytes")}`;
  return [
    ...said("Mode", ({ mode }) => mode),
    ...said("Load", ({ load = "not known" }) => load),
    ...said("What serves", ({ size_groups }) => size_groups.join(" + ")),
    ...said("The machine", machine),
    ...said("The set of levels", ({ levels }) => [...new Set(levels.map(({ level }) => level))].join(", ")),
  ];
}

const QUANTITIES = { per_session: "a session", base: "base", at_top: "at the top level" };

function describe(rows: readonly ComparisonRow[], verdict: ChangeVerdict, tolerance: number): string {
  const percent = (share: number) => `${share < 0 ? "−" : "+"}${Number(Math.abs(100 * share).toPrecision(3))} %`;
  const limit = `${Number((100 * tolerance).toPrecision(3))} %`;
  const of = (wanted: ChangeVerdict) =>
    rows.filter((row) => row.verdict === wanted).map(({ metric, quantity, relative, difference }) => {
      const size = relative
        ? `${percent(relative.value)} (${percent(relative.interval[0])} to ${percent(relative.interval[1])})`
        : formatQuantity(difference.value, metric);
      return `${metric} ${QUANTITIES[quantity]} ${size}`;
    }).join(", ");
  if (verdict === "no_evidence") {
    const widest = Math.max(...rows.flatMap(({ relative }) => relative ? relative.interval.map(Math.abs) : []));
    const seen = Number.isFinite(widest)
      ? `; the widest interval reaches ${Number((100 * widest).toPrecision(3))} %`
      : "";
    return `No evidence of a change beyond ${limit}${seen}.`;
  }
  const better = verdict === "regression" && of("improvement") ? `; improved: ${of("improvement")}` : "";
  return `${verdict === "regression" ? "Regression" : "Improvement"} beyond ${limit}: ${of(verdict)}${better}.`;
}

function check(name: string, value: number, [lowest, highest]: [number, number]): void {
  if (value >= lowest && value <= highest) return;
  throw new RangeError(
    `Cannot compare the runs as ${name} must be from ${lowest} to ${highest}: current value is ${value}`,
  );
}
