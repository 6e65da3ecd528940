import assert from "node:assert/strict";
import { darkPalette, palette } from "../../src/plot/mod.ts";
import { wrapText } from "../../src/plot/theme.ts";

/** Relative luminance and contrast ratio. Source: WCAG 2.2, definitions of those names. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((channel) => channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const [name, colours] of [["palette", palette], ["darkPalette", darkPalette]] as const) {
  Deno.test(`${name} text is readable on its paper: contrast of at least 4.5`, () => {
    for (const role of ["ink", "muted"] as const) assert.ok(contrast(colours[role], colours.paper) >= 4.5, role);
  });

  Deno.test(`${name} lines are visible on its paper: contrast of at least 3`, () => {
    for (const role of ["target", "browser", "generator", "system", "accent"] as const) {
      assert.ok(contrast(colours[role], colours.paper) >= 3, `${role} ${contrast(colours[role], colours.paper)}`);
    }
  });
}

Deno.test("palette gives every role a colour of its own, as re-colouring by value needs", () => {
  assert.equal(new Set(Object.values(palette)).size, Object.keys(palette).length);
});

Deno.test("wrapText() breaks at spaces, but never inside an interval", () => {
  assert.deepEqual(wrapText("slope of 0.99 [0.98, 1.00] here", 20), ["slope of 0.99", "[0.98, 1.00] here"]);
});
