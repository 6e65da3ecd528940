import { z } from "zod";

/** Names of the curves. */
export type ModelName =
  | "linear"
  | "power"
  | "broken_stick"
  | "quadratic"
  | "amdahl"
  | "usl"
  | "exponential_saturation"
  | "knee";

/** `[lower, upper]`, in the unit of the value that it belongs to. */
export type Interval = [number, number];

/** A fitted number with its error. */
export interface FittedParameter {
  /** At the best fit. */
  value: number;
  /** `null` at a bound, where a Wald error means nothing. */
  standard_error: number | null;
  /**
   * Two-sided, at the fit's level; at a bound from there to the one-sided profile limit. `null` where the levels say nothing
   * of it: no degrees of freedom, or data without error.
   */
  interval: Interval | null;
}

/** One curve, fitted to one metric. Plain data: `evaluate` needs nothing else. */
export interface ModelFit {
  /** Which curve. */
  name: ModelName;
  /** By name, for example `intercept` and `slope`. */
  parameters: Record<string, FittedParameter>;
  /** `null` where undefined: points ≤ parameters + 1. */
  aicc: number | null;
  /** Akaike weight among the curves of this metric, 0–1. */
  weight: number;
  /** The top level, predicted from the others; `null` where there are too few levels to leave one out. */
  holdout: { sessions: number; predicted: number; observed: number; relative_error: number } | null;
  /** Covariance of the parameters, in `free` order, from the fit of ln of the metric. */
  covariance: number[][];
  /**
   * Names of the parameters that the bands let vary, in the order of `covariance`. One that ended at a bound is among
   * them: its `standard_error` is `null`, but a band must not become narrower because a bound was met.
   */
  free: string[];
  /** Standard deviation of the residuals on the ln scale: a relative error. */
  residual_error: number;
  /** Usable levels minus parameters. */
  degrees_of_freedom: number;
  /** Hold-out error on the ln scale, √1.5·h + 0.05, of a demand + 0.03; `null` where it could not be had. */
  score: number | null;
}

/** How far outside the measured levels a number lies. `2x`: up to twice the top usable level. */
export type Extrapolation = "none" | "2x" | "4x" | "beyond";

/** A fit read at one concurrency. */
export interface Evaluation {
  /** Where it is read. */
  sessions: number;
  /** Of the accepted model, in the metric's unit. */
  estimate: number;
  /** Of the mean curve of the accepted model. */
  confidence: Interval;
  /** Of a new run, model uncertainty included. */
  prediction: Interval;
  /** One-sided 95 % upper bound of a new run, over the curves that stand: what sizing uses. */
  sizing_upper: number;
  /** How far outside the measured levels. */
  extrapolation: Extrapolation;
}

/** Whether the metric grows in proportion to the sessions. */
export interface Verdict {
  /** `inconclusive` where the levels do not decide it. */
  kind: "linear" | "superlinear" | "sublinear" | "saturating" | "inconclusive";
  /** Best curve against the line at the verdict's target, as a share of the line [%]. */
  effect_percent: number;
  /** One or two sentences with the numbers that decided. */
  text: string;
}

/** A replicate that a fit used, or left out. */
export interface FitPoint {
  /** Observed concurrency. */
  sessions: number;
  /** In the metric's unit. */
  value: number;
  /** From 1. */
  replicate: number;
  /** Sessions planned. */
  level: number;
  /** Where several machines drove a run and this is what one of them used: its number. */
  worker?: number;
  /** Present where the point was left out. */
  excluded?: string;
}

/** Everything known of one metric against sessions. Plain data. */
export interface MetricFit {
  /** Name, for example `target_cores`. */
  metric: string;
  /** Which curves were tried. */
  kind: "demand" | "throughput";
  /** Confidence level of all intervals, for example 0.95. */
  level: number;
  /** All replicates, those left out included. */
  points: FitPoint[];
  /** Lowest and highest sessions among the points used. */
  range: Interval;
  /** Where the points are shares of several workers: by worker, what it costs more than all of them do, on the ln scale. */
  worker_effects?: Record<string, number>;
  /** Sorted, best first. Empty where nothing could be fitted; then `verdict.text` says why. */
  models: ModelFit[];
  /** The model whose mean curve is read; `null` where nothing could be fitted. */
  accepted: ModelName | null;
  /** How the metric grows. */
  verdict: Verdict;
  /** The fit, read where it was asked for. */
  at: Evaluation[];
}

/** What one of the workers that drove a run costs. */
export interface WorkerCost {
  /** Its number in the run. */
  worker: number;
  /** The most that it drove. */
  sessions: number;
  /** Without a session, in the metric's unit; `null` where it had too few levels for a line of its own. */
  base: FittedParameter | null;
  /** What one more session adds. */
  per_session: FittedParameter | null;
  /** What it costs at the same sessions, as a multiple of what all of them do; `null` where they are not told apart. */
  ratio: number | null;
}

/** What a worker uses against the sessions of its share. Plain data. */
export interface WorkersFit {
  /** One curve for all, whose points are workers' shares. */
  fit: MetricFit;
  /** Ascending. */
  by_worker: WorkerCost[];
  /** Whether they cost the same: F test of the workers as a factor, and an effect over 5 %. */
  verdict: { kind: "alike" | "different" | "inconclusive"; p: number | null; text: string };
}

/** What `plimsoll fit --json` prints. */
export interface FitReport {
  /** Version of this format. */
  schema: "plimsoll.fit/1";
  /** The run directory or file that the points come from. */
  source: string;
  /** By name. */
  metrics: Record<string, MetricFit>;
  /** Where workers drove the run, by name: what one of them uses. */
  workers?: Record<string, WorkersFit>;
}

const interval = z.tuple([z.number(), z.number()]);
const parameter = z.object({
  value: z.number(),
  standard_error: z.number().nullable(),
  interval: interval.nullable(),
});

/** Validates a {@linkcode MetricFit}. */
export const metricFitSchema = z.object({
  metric: z.string(),
  kind: z.enum(["demand", "throughput"]),
  level: z.number(),
  points: z.array(z.object({
    sessions: z.number(),
    value: z.number(),
    replicate: z.number(),
    level: z.number(),
    worker: z.number().optional(),
    excluded: z.string().optional(),
  })),
  range: interval,
  worker_effects: z.record(z.string(), z.number()).optional(),
  models: z.array(z.object({
    name: z.enum(["linear", "power", "broken_stick", "quadratic", "amdahl", "usl", "exponential_saturation", "knee"]),
    parameters: z.record(z.string(), parameter),
    aicc: z.number().nullable(),
    weight: z.number(),
    holdout: z.object({
      sessions: z.number(),
      predicted: z.number(),
      observed: z.number(),
      relative_error: z.number(),
    }).nullable(),
    covariance: z.array(z.array(z.number())),
    free: z.array(z.string()),
    residual_error: z.number(),
    degrees_of_freedom: z.number(),
    score: z.number().nullable(),
  })),
  accepted: z.enum(["linear", "power", "broken_stick", "quadratic", "amdahl", "usl", "exponential_saturation", "knee"])
    .nullable(),
  verdict: z.object({
    kind: z.enum(["linear", "superlinear", "sublinear", "saturating", "inconclusive"]),
    effect_percent: z.number(),
    text: z.string(),
  }),
  at: z.array(z.object({
    sessions: z.number(),
    estimate: z.number(),
    confidence: interval,
    prediction: interval,
    sizing_upper: z.number(),
    extrapolation: z.enum(["none", "2x", "4x", "beyond"]),
  })),
}) satisfies z.ZodType<MetricFit>;

/** Validates a {@linkcode WorkersFit}. */
export const workersFitSchema = z.object({
  fit: metricFitSchema,
  by_worker: z.array(z.object({
    worker: z.number(),
    sessions: z.number(),
    base: parameter.nullable(),
    per_session: parameter.nullable(),
    ratio: z.number().nullable(),
  })),
  verdict: z.object({
    kind: z.enum(["alike", "different", "inconclusive"]),
    p: z.number().nullable(),
    text: z.string(),
  }),
}) satisfies z.ZodType<WorkersFit>;

/** Validates a {@linkcode FitReport}. */
export const fitReportSchema = z.object({
  schema: z.literal("plimsoll.fit/1"),
  source: z.string(),
  metrics: z.record(z.string(), metricFitSchema),
  workers: z.record(z.string(), workersFitSchema).optional(),
}) satisfies z.ZodType<FitReport>;
