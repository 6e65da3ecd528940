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

// The contract
export type * from "./schema/mod.ts";
export { InputError } from "./schema/input_error.ts";

// Measuring
export { attemptOrder, defaultLevels, makePlan, parseDuration, type PlanInput } from "./plan/mod.ts";
export type { Machine, PlannedReplicate } from "./plan/mod.ts";
export { sweep, type SweepEnd, sweepLength, type SweepOptions } from "./run/sweep.ts";

// From rows to levels
export { exportRun, levelFrame, load, summarise, timeline } from "./dataset/mod.ts";
export type { Attempt, Dataset, ExportFormat } from "./dataset/mod.ts";

// From levels to curves
export { evaluate, fitAll, fitDemand, fitThroughput } from "./model/mod.ts";
export { leastSquares } from "./stats/mod.ts";

// From curves to machines
export { formatQuantity, size } from "./size/mod.ts";

// Showing
export { demandCurve, latencyByLevel, resourcesOverTime, sizingBars, throughputCurve } from "./plot/mod.ts";
export { makeReport, type ReportFiles, writeReport } from "./report/mod.ts";
