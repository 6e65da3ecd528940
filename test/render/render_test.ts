import assert from "node:assert/strict";
import { compileChart, toPng, toSvg } from "../../src/render/mod.ts";
import { textWidth } from "../../src/render/text_width.ts";

const chart = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  width: 200,
  height: 100,
  title: "Cores",
  data: { values: [{ sessions: 1, cores: 1 }, { sessions: 2, cores: 3 }] },
  mark: "bar",
  encoding: { x: { field: "sessions", type: "nominal" }, y: { field: "cores", type: "quantitative" } },
};

/** Width and height [px] from a PNG's IHDR chunk. */
function sizeOf(png: Uint8Array): [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

Deno.test("toSvg() draws marks and text", async () => {
  const svg = await toSvg(chart);
  assert.match(svg, /^<svg/);
  assert.match(svg, />Cores<\/text>/);
  assert.equal(svg.match(/aria-roledescription="bar"/g)?.length, 2);
});

Deno.test("toSvg() of the same chart is the same text", async () => {
  assert.equal(await toSvg(chart), await toSvg(chart));
});

Deno.test("toSvg() carries no style attribute, which a content security policy would refuse", async () => {
  assert.doesNotMatch(await toSvg(chart), /\sstyle=/);
});

Deno.test("toSvg() shows hostile text as text", async () => {
  const svg = await toSvg({ ...chart, title: "</text><script>alert(1)</script>" });
  assert.doesNotMatch(svg, /<script/);
  assert.match(svg, /&lt;script&gt;/);
});

Deno.test("toSvg() and toPng() draw text with control characters: each becomes a sign for itself", async () => {
  const title = "\u001b[31mred\u0000\u0007 \u202egnihton";
  const svg = await toSvg({ ...chart, title });
  assert.ok(svg.includes("\ufffd[31mred\ufffd\ufffd \ufffdgnihton"));
  assert.ok((await toPng({ ...chart, title })).length > 1000);
});

Deno.test("toPng() scales: twice the scale, twice the pixels", async () => {
  const [width, height] = sizeOf(await toPng(chart, { scale: 1 }));
  assert.deepEqual(sizeOf(await toPng(chart, { scale: 2 })), [2 * width, 2 * height]);
});

Deno.test("toPng() draws the text: a title changes the image", async () => {
  const withTitle = await toPng({ ...chart, title: "MMMM" });
  const withSpaces = await toPng({ ...chart, title: "\u00a0\u00a0\u00a0\u00a0" });
  assert.deepEqual(sizeOf(withTitle), sizeOf(withSpaces));
  assert.notDeepEqual(withTitle, withSpaces);
});

for (const scale of [0, -1, 11, NaN]) {
  Deno.test(`toPng() refuses scale ${scale}`, async () => {
    await assert.rejects(toPng(chart, { scale }), RangeError);
  });
}

Deno.test("compileChart() leaves its argument as it was, and gives plain JSON", () => {
  const before = structuredClone(chart);
  const compiled = compileChart(chart);
  assert.deepEqual(chart, before);
  assert.deepEqual(JSON.parse(JSON.stringify(compiled)), compiled);
});

Deno.test("compileChart() refuses what is no chart", () => {
  assert.throws(() => compileChart({ title: "nothing" }));
});

// Advance widths in DejaVu Sans 2.37, of 2048 units to the em, as fontTools reads them from hmtx.
const widths: [text: string, bold: boolean, units: number][] = [
  ["i", false, 569],
  ["M", false, 1767],
  ["i", true, 702],
  ["M", true, 2038],
  ["–", false, 1024],
];
for (const [text, bold, units] of widths) {
  Deno.test(`textWidth() of ${bold ? "bold " : ""}"${text}" is the font's`, () => {
    assert.equal(textWidth(text, { size: 2048, bold }), units);
  });
}
