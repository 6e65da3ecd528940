/// <reference lib="dom" />
/** The page's script: charts, then the what-if panel. Bundled to `page.js` by `deno task bundle`. */
import { drawCharts } from "./charts.ts";
import { startWhatIf } from "./what_if.ts";

const data = (id: string) => JSON.parse(document.getElementById(id)!.textContent!);

drawCharts(data("charts"));
startWhatIf(data("run"));
