import type { SessionState } from "./session_state.ts";

const PLACE = /\{(session|iteration)\}/;

/**
 * A text of a plan with places that each session or iteration fills anew: `{session}`, `{iteration}`.
 *
 * @example
 * ```ts ignore
 * new Template("/chat?viewer={session}").fill(state, 0); // "/chat?viewer=7"
 * ```
 */
export class Template {
  /** Texts, and between them the names of what is filled in. */
  #parts: string[];

  constructor(readonly text: string) {
    this.#parts = text.split(PLACE);
  }

  /** Whether it is the same for all sessions and iterations. */
  get constant(): boolean {
    return this.#parts.length === 1;
  }

  fill(state: SessionState, iteration: number): string {
    if (this.constant) return this.text;
    return this.#parts.map((part, index) => index % 2 === 0 ? part : valueOf(part, state, iteration)).join("");
  }
}

function valueOf(name: string, state: SessionState, iteration: number): string {
  return `${name === "session" ? state.session : iteration}`;
}
