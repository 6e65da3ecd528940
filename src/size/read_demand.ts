import { evaluate, levelMeans, negligible } from "../model/mod.ts";
import type { Extrapolation, FitReport, Interval, MetricFit, SizingMetric } from "../schema/mod.ts";

/** What a resource is used at some concurrency, in the unit of the fitted metric. */
export interface Demand {
  estimate: number;
  interval: Interval;
  /** One-sided 95 % upper bound. */
  upper: number;
  /** The curve, `measured level`, or `none` where nothing was used. */
  model: string;
  extrapolation: Extrapolation;
  notes: string[];
}

/** The fitted metric behind each row of a specification. */
export const METRIC_BEHIND: Readonly<Record<SizingMetric, string>> = {
  cores: "serving_cores",
  memory_bytes: "serving_memory_bytes",
  disk_bytes: "artifact_bytes_per_hour",
  network_bytes_per_s: "network_bytes_per_s",
};

/**
 * Reads what a number of sessions uses: from the accepted curve, or, where too few levels were measured for a curve,
 * from the lowest measured level that carries as many.
 *
 * @param fits Of one run.
 * @param metric Row of the specification.
 * @param sessions Positive.
 * @returns Zero, with a note, for what was never used; extrapolation `beyond` above the levels of a metric without curve.
 */
export function readDemand(fits: FitReport, metric: SizingMetric, sessions: number): Demand {
  const name = METRIC_BEHIND[metric];
  const fit = fits.metrics[name];
  if (!fit || isUnused(fit)) {
    const note = metric === "disk_bytes"
      ? "No artifacts were written: only what is stored already counts."
      : `${name} was ${fit ? "zero" : "not measured"} in this run.`;
    return { estimate: 0, interval: [0, 0], upper: 0, model: "none", extrapolation: "none", notes: [note] };
  }
  if (!fit.accepted) return readLevel(fit, sessions);
  const { estimate, prediction, sizing_upper, extrapolation } = evaluate(fit, sessions);
  const notes = fit.verdict.kind === "inconclusive" ? [`Verdict on ${name} is open: ${fit.verdict.text}`] : [];
  return { estimate, interval: prediction, upper: sizing_upper, model: fit.accepted, extrapolation, notes };
}

/**
 * Reads what a *measured* level used: its replicates' mean, with the relative band that the fit has there.
 *
 * @param fits Of one run.
 * @param metric Row of the specification.
 * @param sessions A measured level, or under it: the curve is read for what lies between levels.
 * @returns As {@linkcode readDemand}.
 */
export function readMeasured(fits: FitReport, metric: SizingMetric, sessions: number): Demand {
  const demand = readDemand(fits, metric, sessions);
  const fit = fits.metrics[METRIC_BEHIND[metric]];
  const mean = fit?.accepted && levelMeans(fit.points).find(({ level }) => level === sessions);
  if (!mean) return demand;
  const ratio = mean.value / demand.estimate;
  return {
    ...demand,
    estimate: mean.value,
    interval: [demand.interval[0] * ratio, demand.interval[1] * ratio],
    upper: demand.upper * ratio,
    model: "measured level",
  };
}

/** Measured, and never more than nothing. */
function isUnused(fit: MetricFit): boolean {
  const usable = fit.points.filter(({ excluded }) => excluded === undefined);
  return fit.models.length === 0 && usable.length > 0 && usable.every(({ value }) => value <= negligible(fit.metric));
}

function readLevel(fit: MetricFit, sessions: number): Demand {
  const means = levelMeans(fit.points);
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
