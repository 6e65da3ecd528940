/** Numerics without effects: distributions, least squares, seeded randomness. */
export * from "./normal.ts";
export * from "./student_t.ts";
export * from "./f.ts";
export * from "./covariance.ts";
export * from "./linear_least_squares.ts";
export * from "./least_squares.ts";
export * from "./seeded_random.ts";
export * from "./shuffle.ts";
