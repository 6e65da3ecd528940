/** From levels to curves, bands and a verdict. A fit is plain data; `evaluate(fit, n)` reads it. */
export * from "./curve.ts";
export * from "./linear.ts";
export * from "./power.ts";
export * from "./amdahl.ts";
export * from "./usl.ts";
export * from "./curve_by_name.ts";
export * from "./level_means.ts";
export * from "./fit_curve.ts";
export * from "./hold_out.ts";
export * from "./accept.ts";
export * from "./judge.ts";
export * from "./negligible.ts";
export * from "./fit_points.ts";
export * from "./fit_demand.ts";
export * from "./fit_throughput.ts";
export * from "./fit_all.ts";
export * from "./evaluate.ts";
