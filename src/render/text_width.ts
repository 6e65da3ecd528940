import { readFileSync } from "node:fs";
import { fontFiles } from "./fonts.ts";

/** Advance widths of a font: units of each character, and units to the em. */
interface Advances {
  unitsPerEm: number;
  of(codePoint: number): number;
}

const loaded = new Map<string, Advances>();

/**
 * Width of a line of text in the charts' font [px]. Without it Vega guesses, and legends and axis titles stand apart.
 *
 * @param text One line.
 * @param options Font size [px], and whether it is bold.
 *
 * @example Bold is wider
 * ```ts
 * import { textWidth } from "./text_width.ts";
 * import assert from "node:assert/strict";
 *
 * assert(textWidth("sessions", { size: 12, bold: true }) > textWidth("sessions", { size: 12 }));
 * ```
 */
export function textWidth(text: string, options: { size: number; bold?: boolean }): number {
  const { regular, bold } = fontFiles();
  const file = options.bold === true ? bold : regular;
  const advances = loaded.get(file) ?? readAdvances(file);
  loaded.set(file, advances);
  let units = 0;
  for (const character of text) units += advances.of(character.codePointAt(0)!);
  return units * options.size / advances.unitsPerEm;
}

/** Reads `head`, `hhea`, `hmtx` and the format 4 `cmap` of a TrueType file. Source: OpenType 1.9, chapters of those names. */
function readAdvances(file: string): Advances {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = new Map<string, number>();
  for (let index = 0; index < view.getUint16(4); index++) {
    const at = 12 + 16 * index;
    tables.set(bytes.toString("latin1", at, at + 4), view.getUint32(at + 8));
  }
  const table = (name: string): number => {
    const at = tables.get(name);
    if (at === undefined) throw new TypeError(`Cannot read ${file} as a font: it must have a table ${name}`);
    return at;
  };
  const metrics = view.getUint16(table("hhea") + 34);
  const hmtx = table("hmtx");
  const segments = unicodeMap(view, table("cmap"), file);
  return {
    unitsPerEm: view.getUint16(table("head") + 18),
    of: (codePoint) => view.getUint16(hmtx + 4 * Math.min(segments(codePoint), metrics - 1)),
  };
}

function unicodeMap(view: DataView, cmap: number, file: string): (codePoint: number) => number {
  for (let index = 0; index < view.getUint16(cmap + 2); index++) {
    const at = cmap + view.getUint32(cmap + 4 + 8 * index + 4);
    if (view.getUint16(at) !== 4) continue;
    const doubled = view.getUint16(at + 6);
    return (codePoint) => {
      for (let offset = 0; offset < doubled; offset += 2) {
        if (view.getUint16(at + 14 + offset) < codePoint) continue;
        const start = view.getUint16(at + 16 + doubled + offset);
        if (start > codePoint) return 0;
        const delta = view.getUint16(at + 16 + 2 * doubled + offset);
        const rangeAt = at + 16 + 3 * doubled + offset;
        const range = view.getUint16(rangeAt);
        if (range === 0) return (codePoint + delta) & 0xffff;
        const glyph = view.getUint16(rangeAt + range + 2 * (codePoint - start));
        return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
      }
      return 0;
    };
  }
  throw new TypeError(`Cannot read ${file} as a font: it must have a cmap of format 4`);
}
