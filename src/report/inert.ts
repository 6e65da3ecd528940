import { visibleText } from "../render/visible_text.ts";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for an HTML element or a quoted attribute: nothing in it is markup. */
export function inertHtml(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** JSON for a `<script type="application/json">`: nothing in it ends the element, or a line of script. */
export function inertJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text for one line, or one table cell, of GitHub-flavoured Markdown: no markup, no HTML, no link made of a bare URL. */
export function inertMarkdown(text: string): string {
  return visibleText(text)
    .replace(/\s+/g, " ")
    .replace(/[\\`*[\]{}#|~!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (character) => `\\${character}`)
    .replace(/[&<>]/g, (character) => ENTITIES[character])
    .replace(/:\/\//g, "&#58;//")
    .replace(/www\./gi, (start) => `${start.slice(0, 3)}&#46;`)
    .replace(/@/g, "&#64;")
    .trim()
    .replace(/^(\d*)([-+.)])(?=\s|$)/, "$1\\$2");
}
