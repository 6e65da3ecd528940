/** Charts as files: from a Vega-Lite specification to Vega, SVG and PNG. */
export { compileChart } from "./compile_chart.ts";
export { type PngOptions, toPng } from "./to_png.ts";
export { toSvg } from "./to_svg.ts";
