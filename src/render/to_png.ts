import { Resvg } from "@resvg/resvg-js";
import { fontFiles } from "./fonts.ts";
import { toSvg } from "./to_svg.ts";

/** Options of {@linkcode toPng}. */
export interface PngOptions {
  /**
   * Pixels a chart pixel.
   * @default 2
   */
  scale?: number;
}

/**
 * Draws a chart as PNG, without a browser and with fonts of its own: the same image on every machine.
 *
 * @param spec A Vega-Lite specification with its data inline; not changed.
 * @returns The file's bytes.
 * @throws {Error} If it is no valid specification.
 * @throws {RangeError} If the scale is not within 0.1–10.
 *
 * @example One bar
 * ```ts
 * import { toPng } from "./to_png.ts";
 * import assert from "node:assert/strict";
 *
 * const png = await toPng({ data: { values: [{ x: 1 }] }, mark: "bar", encoding: { x: { field: "x", type: "quantitative" } } });
 * assert(png[1] === 0x50 && png[2] === 0x4e && png[3] === 0x47);
 * ```
 */
export async function toPng(spec: Record<string, unknown>, options: PngOptions = {}): Promise<Uint8Array> {
  const { scale = 2 } = options;
  if (!(scale >= 0.1 && scale <= 10)) {
    throw new RangeError(`Cannot draw a PNG at this scale: it must be within 0.1–10: current value is ${scale}`);
  }
  const { regular, bold } = fontFiles();
  const image = new Resvg(await toSvg(spec), {
    fitTo: { mode: "zoom", value: scale },
    font: { fontFiles: [regular, bold], loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  });
  return new Uint8Array(image.render().asPng());
}
