import type { DataFrame as PolarsFrame } from "nodejs-polars";

/**
 * The documentation lint takes a package's types for private ones of ours, unless they pass through this.
 *
 * @internal
 */
type Frame = PolarsFrame;

/** A Polars data frame, as `nodejs-polars` has it: https://pola-rs.github.io/nodejs-polars/. */
export type DataFrame = Frame;
