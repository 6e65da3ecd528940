/** What a cell shows, by MIME type. */
export type MediaBundle = Record<string, unknown>;

/**
 * The kernel that this code runs in.
 *
 * @returns Deno's display functions, or `undefined` outside a notebook, where reading them throws.
 */
export function kernel(): typeof Deno.jupyter | undefined {
  try {
    return Deno.jupyter;
  } catch {
    return undefined;
  }
}

/** Makes text safe inside HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
