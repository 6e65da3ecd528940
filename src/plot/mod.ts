/** Charts: one a file, from data to a Vega-Lite specification. */
export { compareDemands, type CompareOptions, type NamedFit } from "./compare_demands.ts";
export { compareModels, type CompareModelsOptions } from "./compare_models.ts";
export { demandCurve, type DemandCurveOptions } from "./demand_curve.ts";
export { diskByRetention } from "./disk_by_retention.ts";
export { modelLabel } from "./fit_chart.ts";
export { latencyByLevel } from "./latency_by_level.ts";
export { type MetricAxis, metricAxis } from "./metric_axis.ts";
export { residuals } from "./residuals.ts";
export { resourcesOverTime } from "./resources_over_time.ts";
export { sizingBars } from "./sizing_bars.ts";
export { type ChartSpec, type ColourRole, darkPalette, palette } from "./theme.ts";
export { throughputCurve } from "./throughput_curve.ts";
export { whatIf } from "./what_if.ts";
