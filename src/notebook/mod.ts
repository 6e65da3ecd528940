/** What a notebook shows, and how it is stopped. Outside a notebook everything here is quiet, or gives text. */
export { cancelOnStop } from "./cancel_on_stop.ts";
export { chart } from "./chart.ts";
export { explain, type Explainable, Explanation } from "./explain.ts";
export { progress, type ProgressView } from "./progress.ts";
export { reportErrors } from "./report_errors.ts";
export { type FrameLike, show, type ShowOptions } from "./show.ts";
