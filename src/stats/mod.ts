/** Numerics without effects: distributions, least squares, time series, quantiles, seeded randomness. */
export * from "./normal.ts";
export * from "./student_t.ts";
export * from "./f.ts";
export * from "./covariance.ts";
export * from "./linear_least_squares.ts";
export * from "./least_squares.ts";
export * from "./mix_seed.ts";
export * from "./seeded_random.ts";
export * from "./shuffle.ts";
export * from "./mser5.ts";
export * from "./effective_size.ts";
export * from "./batch_means.ts";
export * from "./mann_kendall.ts";
export * from "./theil_sen.ts";
export * from "./hampel.ts";
export * from "./quantile_ranks.ts";
export * from "./samples_for_quantile.ts";
