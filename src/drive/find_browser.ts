/** Finding the browser of a plan, so that a wrong path shows before anything is run. */
export { findBrowser } from "../browser/mod.ts";
