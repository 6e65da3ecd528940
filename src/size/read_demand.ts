import { evaluate, fittedMeans, negligible } from "../model/mod.ts";
import type { Extrapolation, Interval, MetricFit, SizingMetric, Use } from "../schema/mod.ts";

/** What a resource is used at some concurrency, in the unit of the fitted metric. */
export interface Demand extends Use {
  /** The curve, `measured level`, or `none` where nothing was used. */
  model: string;
  extrapolation: Extrapolation;
  notes: string[];
}

/**
 * Reads what a number of sessions uses: from the accepted curve, or, where too few levels were measured for a curve,
 * from the lowest measured level that carries as many.
 *
 * @param fit Of the metric behind the row; `undefined` where no artifacts could be written.
 * @param metric Row of the specification.
 * @param sessions Positive.
 * @returns Zero, with a note, for what was never used; extrapolation `beyond` above the levels of a metric without curve.
 */
export function readDemand(fit: MetricFit | undefined, metric: SizingMetric, sessions: number): Demand {
  if (!fit || isUnused(fit)) {
    const note = fit && metric !== "disk_bytes"
      ? `${fit.metric} was zero in this run.`
      : "No artifacts were written: only what is stored already counts.";
    return { estimate: 0, interval: [0, 0], upper: 0, model: "none", extrapolation: "none", notes: [note] };
  }
  if (!fit.accepted) return readLevel(fit, sessions);
  const { estimate, prediction, sizing_upper, extrapolation } = evaluate(fit, sessions);
  const notes = fit.verdict.kind === "inconclusive" ? [`Verdict on ${fit.metric} is open: ${fit.verdict.text}`] : [];
  return { estimate, interval: prediction, upper: sizing_upper, model: fit.accepted, extrapolation, notes };
}

/**
 * Reads what a *measured* level used: its replicates' mean, with the relative band that the fit has there.
 *
 * @param fit Of the metric behind the row.
 * @param metric Row of the specification.
 * @param sessions A measured level, or under it: the curve is read for what lies between levels.
 * @returns As {@linkcode readDemand}.
 */
export function readMeasured(fit: MetricFit | undefined, metric: SizingMetric, sessions: number): Demand {
  const demand = readDemand(fit, metric, sessions);
  const mean = fit?.accepted && fittedMeans(fit).find(({ level }) => level === sessions);
  if (!mean) return demand;
  return { ...demand, ...scaleUse(demand, mean.value / demand.estimate), model: "measured level" };
}

/** A use, so many times. */
export function scaleUse({ estimate, interval, upper }: Use, factor: number): Use {
  return {
    estimate: estimate * factor,
    interval: interval.map((edge) => edge * factor) as Interval,
    upper: upper * factor,
  };
}

/** The sum of demands: bounds add up, as if what is high in one were high in all, so that the sum holds at least as often. */
export function addDemands(parts: readonly Demand[]): Demand {
  if (parts.length === 1) return parts[0];
  const sum = (value: (part: Demand) => number) => parts.reduce((total, part) => total + value(part), 0);
  const used = parts.filter(({ model }) => model !== "none");
  return {
    estimate: sum(({ estimate }) => estimate),
    interval: [sum(({ interval }) => interval[0]), sum(({ interval }) => interval[1])],
    upper: sum(({ upper }) => upper),
    model: [...new Set((used.length > 0 ? used : parts).map(({ model }) => model))].join(" + "),
    extrapolation: furthest(parts),
    notes: [...new Set(used.flatMap(({ notes }) => notes))],
  };
}

/** The label of what was read farthest from the levels. */
export function furthest(reads: readonly Pick<Demand, "extrapolation">[]): Extrapolation {
  const order: Extrapolation[] = ["none", "2x", "4x", "beyond"];
  return reads.map(({ extrapolation }) => extrapolation)
    .reduce((far, next) => order.indexOf(next) > order.indexOf(far) ? next : far, "none");
}

/** The level up to which a metric may be read as measured; `undefined` where there is none. */
export function topLevelOf(fit: MetricFit): number | undefined {
  const last = fittedMeans(fit).at(-1);
  if (!last) return undefined;
  // The level that was planned, unless fewer sessions than that were really alive.
  return last.level <= 1.02 * last.sessions ? last.level : Math.max(1, Math.floor(last.sessions));
}

/** Measured, and never more than nothing. */
function isUnused(fit: MetricFit): boolean {
  const usable = fit.points.filter(({ excluded }) => excluded === undefined);
  return fit.models.length === 0 && usable.length > 0 && usable.every(({ value }) => value <= negligible(fit.metric));
}

function readLevel(fit: MetricFit, sessions: number): Demand {
  const means = fittedMeans(fit);
  const carrying = means.find((mean) => 1.02 * mean.sessions >= sessions);
  const read = carrying ?? means.at(-1);
  const values = fit.points.filter((point) => !point.excluded && point.level === read?.level).map(({ value }) => value);
  const note = read
    ? `No curve: the highest replicate of the ${read.level}-session level stands for the upper bound. ${fit.verdict.text}`
    : `No usable level. ${fit.verdict.text}`;
  return {
    estimate: read?.value ?? 0,
    interval: read ? [Math.min(...values), Math.max(...values)] : [0, 0],
    upper: read ? Math.max(...values) : 0,
    model: "measured level",
    extrapolation: carrying ? "none" : "beyond",
    notes: [note],
  };
}
