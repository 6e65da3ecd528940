import { described } from "./described.ts";
import { kernel } from "./kernel.ts";

/** Pixels of the PNG for one pixel of the chart, so that it is sharp on dense screens. */
const SCALE = 2;

/** What every specification has one of. */
const PARTS = ["mark", "layer", "vconcat", "hconcat", "concat", "spec"];

/** JupyterLab draws what its MIME type names, version 5 of Vega-Lite, which reads what these charts use of version 6. */
const VEGALITE = "application/vnd.vegalite.v5+json";
const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** As SVG, whose text can be read aloud, searched and zoomed; its menu saves the picture, and opens no page elsewhere. */
const EMBED = { renderer: "svg", actions: { export: true, source: true, compiled: false, editor: false } };

/**
 * Shows a chart in a notebook: alive where the notebook program draws Vega-Lite, as PNG in all others.
 *
 * The PNG carries its size on the page, which Deno's own `display` cannot say; without it the image would be twice as
 * large as the chart.
 *
 * @param spec A Vega-Lite specification with its data inline, as everything in `plot` returns; not changed.
 * @returns Nothing in a notebook, where the chart appears at once; elsewhere one line of text, for `console.log`.
 * @throws {TypeError} If it is no specification, or (in a notebook) none that can be drawn.
 *
 * @example Outside a notebook it says what it would draw
 * ```ts
 * import { chart } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await chart({ title: "Target CPU", mark: "point" }), "[chart] Target CPU");
 * ```
 */
export async function chart(spec: Record<string, unknown>): Promise<string | undefined> {
  if (typeof spec !== "object" || spec === null || !PARTS.some((part) => part in spec)) {
    const wanted = "a Vega-Lite specification, as demandCurve(fit) returns";
    throw new TypeError(`Cannot draw this as it must be ${wanted}: current value is ${described(spec)}`);
  }
  const text = `[chart] ${titleOf(spec)}`;
  const jupyter = kernel();
  if (jupyter === undefined) return text;

  // Values pass to the kernel by another road than JSON: dates and numbers beyond 2⁵³ would not survive it.
  const plain = JSON.parse(JSON.stringify(spec));
  const { toPng } = await import("../render/mod.ts");
  const png = await toPng(plain, { scale: SCALE }).catch((error) => {
    throw new TypeError(`Cannot draw ${text}: ${error.message.slice(0, 300)}`, { cause: error });
  });
  await jupyter.broadcast("display_data", {
    data: { [VEGALITE]: { ...plain, $schema: SCHEMA }, "image/png": base64(png), "text/plain": text },
    metadata: { [VEGALITE]: { embed_options: EMBED }, "image/png": { ...sizeOf(png), alt: titleOf(spec) } },
    transient: {},
  });
}

function titleOf(spec: Record<string, unknown>): string {
  const title = spec.title as string | { text?: string | string[] } | undefined;
  const text = typeof title === "object" ? title.text : title;
  return [text ?? "untitled"].flat().join(" ");
}

/** Size on the page [px]; a PNG's header holds the image's own as two big-endian numbers. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: Math.round(header.getUint32(16) / SCALE), height: Math.round(header.getUint32(20) / SCALE) };
}

function base64(bytes: Uint8Array): string {
  return (bytes as Uint8Array & { toBase64(): string }).toBase64();
}
