import { fileURLToPath } from "node:url";

/** Paths of the font files that charts are drawn with: regular and bold. */
export function fontFiles(): { regular: string; bold: string } {
  const path = (name: string) => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  return { regular: path("DejaVuSans"), bold: path("DejaVuSans-Bold") };
}
