/**
 * Plimsoll: what a session costs, how that scales, and what machines to buy.
 *
 * ```
 * makePlan ──► sweep ──► run directory ──► load ──► summarise ──► fitDemand ──► size ──► demandCurve ──► writeReport
 *              measuring                   analysing                                     showing
 * ```
 *
 * Measuring and analysing meet only on disk: whatever wrote a run directory, everything from `load` on works on it.
 *
 * @example From a target to an answer
 * ```ts ignore
 * import { load, makeReport, sweep } from "plimsoll";
 *
 * const run = await sweep({ url: "http://127.0.0.1:8080/", levels: [1, 2, 4, 8, 16] });
 * const report = makeReport(await load(run.path), { targets: [100] });
 * console.log(report.sizing.answer);
 * ```
 *
 * @module
 */

// The contract: plans, rows, fits and results as plain data
export type {
  BrowserScenario,
  BrowserStep,
  Group,
  HttpCheck,
  HttpRequest,
  HttpScenario,
  HttpStep,
  Mode,
  Plan,
  SseStep,
  StreamStepFields,
  ThinkTime,
  WebSocketStep,
} from "./schema/plan.ts";
export type { EventRow, Outcome, RequestRow, ResourceRow } from "./schema/rows.ts";
export type { LimitCondition, LimitFound } from "./schema/limit.ts";
export type { ErrorDocument } from "./schema/error.ts";
export type { ExportEnd } from "./schema/export.ts";
export type { AggregateRow, Imported, ImportedFile, ImportEnd, ImportFormat } from "./schema/imported.ts";
export type { AttemptSeal, CoolDown, FileSeal, ManifestLine, Provenance, Resumer, RunInfo } from "./schema/run.ts";
export type { Share, ShareClock, ShareProvenance, ShareSeal } from "./schema/run.ts";
export type { Baseline, Flag, FlagName, LevelSummary, RunSummary, WorkerLevel } from "./schema/levels.ts";
export type {
  Evaluation,
  Extrapolation,
  FitPoint,
  FitReport,
  FittedParameter,
  Interval,
  MetricFit,
  ModelFit,
  ModelName,
  Verdict,
  WorkerCost,
  WorkersFit,
} from "./schema/fit.ts";
export type {
  ArtifactRow,
  Assumptions,
  FleetRow,
  GeneratorRow,
  ScreenshotMeasured,
  ScreenshotRow,
  SensitivityRow,
  ShapeCatalogue,
  ShapeRow,
  Sizing,
  SizingMetric,
  SizingRow,
  SloSizing,
  Use,
  WorkerLimit,
  WorkerShape,
} from "./schema/sizing.ts";
export type { ChangeVerdict, ComparedValue, Comparison, ComparisonRow } from "./schema/comparison.ts";
export type { NextLevel } from "./schema/next.ts";
export type { ReportDocument, TimelinePoint } from "./schema/report.ts";
export type { ProgressEvent, ProgressPhase } from "./schema/progress.ts";
export { InputError } from "./schema/input_error.ts";
export { FLAGS } from "./schema/levels.ts";
export { OUTCOMES } from "./schema/rows.ts";

// Planning
export { attemptOrder, defaultLevels, makePlan, parseDuration, parseLevels, parseLimit } from "./plan/mod.ts";
export type { Machine, PlanInput, PlannedReplicate } from "./plan/mod.ts";

// Measuring
export { merge } from "./run/merge.ts";
export type { MergeEnd } from "./run/merge.ts";
export { resume } from "./run/resume.ts";
export { sweep, sweepLength } from "./run/sweep.ts";
export type { SweepEnd, SweepOptions } from "./run/sweep.ts";
export type {
  HttpCallOptions,
  HttpContext,
  HttpModule,
  HttpReply,
  StreamCallOptions,
  WebSocketCallOptions,
} from "./drive/http/http_module.ts";
export type { BrowserCall, BrowserContext, BrowserModule, BrowserPage } from "./drive/browser/browser_module.ts";
export { importRun } from "./importers/mod.ts";
export type { ImportOptions } from "./importers/mod.ts";

// The same sweep over many machines
export { fetchArtifacts, openFleet, runWorker } from "./cluster/mod.ts";
export type { FetchEnd, FleetOptions, HubOptions, WorkerEnd, WorkerOptions } from "./cluster/mod.ts";
export type { Fleet } from "./run/mod.ts";

// From rows to levels
export { derive, exportRun, levelFrame, load, summarise, timeline } from "./dataset/mod.ts";
export type { Attempt, DataFrame, Dataset, ExportFormat } from "./dataset/mod.ts";

// From levels to curves
export {
  costPerSession,
  curveByName,
  evaluate,
  fitAll,
  fitDemand,
  fitPoints,
  fitThroughput,
  fitWorkers,
} from "./model/mod.ts";
export { kneeOf, levelMeans, negligible } from "./model/mod.ts";
export { bootstrapFit } from "./model/mod.ts";
export type { Curve, FitOptions, FittedLevel, Knee, LevelMean, LevelPoint, PointsOptions } from "./model/mod.ts";
export type { BootstrapFit, BootstrapFitOptions } from "./model/mod.ts";

// Numerics under the curves
export { leastSquares } from "./stats/mod.ts";
export type { Estimate, LeastSquaresFit, LeastSquaresOptions, LeastSquaresProblem } from "./stats/mod.ts";
export { breuschPagan, fitLine, linearLeastSquares, nestedF, predictLinear, sandwich } from "./stats/mod.ts";
export type { FitLineOptions, FTest, LinearFit, LinearOptions, LinearPrediction } from "./stats/mod.ts";
export type { PredictLinearOptions, Remainder, SandwichOptions, SpreadTest } from "./stats/mod.ts";
export { bootstrapInterval, parametricBootstrap } from "./stats/mod.ts";
export type { Bootstrap, BootstrapIntervalOptions, BootstrapOptions, BootstrapProblem } from "./stats/mod.ts";
export { chiSquaredCdf, chiSquaredQuantile, chiSquaredTail } from "./stats/mod.ts";
export { fCdf, fQuantile, fTail, normalCdf, normalQuantile, tCdf, tQuantile } from "./stats/mod.ts";
export type { FDegrees } from "./stats/mod.ts";
export { seededRandom, shuffle } from "./stats/mod.ts";
export { batchMeans, effectiveSize, hampel, mannKendall, mser5, theilSen } from "./stats/mod.ts";
export { quantileRanks, samplesForQuantile } from "./stats/mod.ts";
export type { BatchMeans, BatchMeansOptions, EffectiveSize, HampelOptions, RobustSlope } from "./stats/mod.ts";
export type { QuantileRanks, QuantileRanksOptions, SamplesForQuantileOptions } from "./stats/mod.ts";
export type { TheilSenOptions, Trend, WarmUp } from "./stats/mod.ts";

// From curves to machines
export { catalogue, compareRuns, formatQuantity, formatRange, nextLevel, size } from "./size/mod.ts";
export { measuredScreenshot, tabulateAssumptions, tabulateSizing } from "./size/mod.ts";
export type { AssumptionTableRow, CompareRunsOptions, SizingTableRow } from "./size/mod.ts";

// Showing
export {
  compareDemands,
  compareModels,
  demandCurve,
  diskByRetention,
  latencyByLevel,
  residuals,
  resourcesOverTime,
  sizingBars,
  throughputCurve,
  whatIf,
} from "./plot/mod.ts";
export type { ChartSpec, CompareModelsOptions, CompareOptions, DemandCurveOptions, NamedFit } from "./plot/mod.ts";
export { cancelOnStop, chart, explain, Explanation, progress, reportErrors, show } from "./notebook/mod.ts";
export type { Explainable, FrameLike, ProgressView, ShowOptions } from "./notebook/mod.ts";
export { makeReport, writeReport } from "./report/mod.ts";
export type { ChartFormat, ReportFiles, ReportOptions } from "./report/mod.ts";
