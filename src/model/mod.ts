/** From levels to curves, bands and a verdict. A fit is plain data; `evaluate(fit, n)` reads it. */
export type { Curve, LevelPoint } from "./curve.ts";
export { costPerSession } from "./cost_per_session.ts";
export { curveByName } from "./curve_by_name.ts";
export { type Knee, kneeOf } from "./knee_of.ts";
export { fittedMeans, type LevelMean, levelMeans } from "./level_means.ts";
export { missingLevels } from "./missing_levels.ts";
export { negligible } from "./negligible.ts";
export { type FitOptions, fitPoints, type PointsOptions } from "./fit_points.ts";
export { fitDemand, type FittedLevel } from "./fit_demand.ts";
export { fitWorkers } from "./fit_workers.ts";
export { fitThroughput } from "./fit_throughput.ts";
export { DEMAND_METRICS, fitAll } from "./fit_all.ts";
export { evaluate } from "./evaluate.ts";
export { curvesThatStand } from "./sizing_upper.ts";
export { type BootstrapFit, bootstrapFit, type BootstrapFitOptions } from "./bootstrap_fit.ts";
