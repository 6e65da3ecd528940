/** Finding and trying the browser of a plan, so that a wrong path shows before anything is run. */
export { checkBrowser } from "../browser/mod.ts";
