import type { SessionState } from "./session_state.ts";

const PLACE = /(\{(?:session|iteration|user\.[^{}]+|env\.[A-Za-z_][A-Za-z0-9_]*)\})/;

/** Settings of a {@linkcode Template}. */
export interface TemplateOptions {
  /** Values of `{env.NAME}`, by name. */
  environment?: Readonly<Record<string, string>>;
  /**
   * Writes a value so that it means itself where it is put, `at` that index of the text.
   *
   * @default as it is
   */
  encode?: (value: string, at: number) => string;
}

/**
 * A text of a plan with places that are filled in: `{session}`, `{iteration}` and `{user.COLUMN}` for each session or iteration
 * anew, `{env.NAME}` once. A place that is none of these stays as it is.
 *
 * @example
 * ```ts
 * import { Template } from "./template.ts";
 * import assert from "node:assert/strict";
 *
 * const template = new Template("Bearer {env.TOKEN}", { environment: { TOKEN: "t0p" } });
 * assert(template.constant && template.text === "Bearer t0p");
 * assert(!new Template("/chat?viewer={session}").constant);
 * ```
 */
export class Template {
  /** With `{env.NAME}` filled in. */
  readonly text: string;
  /** Texts, and between them what is filled in. */
  #parts: { text: string; place?: (state: SessionState, iteration: number) => string }[] = [];

  constructor(text: string, { environment = {}, encode = (value) => value }: TemplateOptions = {}) {
    let at = 0;
    for (const [index, part] of text.split(PLACE).entries()) {
      const start = at;
      at += part.length;
      if (index % 2 === 0) this.#add(part);
      else if (part.startsWith("{env.")) this.#add(encode(valueFrom(environment, part.slice(5, -1), part), start));
      else {
        const value = valueOf(part.slice(1, -1));
        this.#parts.push({ text: part, place: (state, iteration) => encode(value(state, iteration), start) });
      }
    }
    this.text = this.#parts.map((part) => part.text).join("");
  }

  /** Whether it is the same for all sessions and iterations. */
  get constant(): boolean {
    return this.#parts.every(({ place }) => place === undefined);
  }

  /** As it may come out, to see whether it can be sent. */
  get sample(): string {
    return this.#parts.map(({ text, place }) => place ? "0" : text).join("");
  }

  fill(state: SessionState, iteration: number): string {
    let filled = "";
    for (const { text, place } of this.#parts) filled += place ? place(state, iteration) : text;
    return filled;
  }

  #add(text: string): void {
    const last = this.#parts.at(-1);
    if (last && !last.place) last.text += text;
    else if (text !== "") this.#parts.push({ text });
  }
}

function valueOf(place: string): (state: SessionState, iteration: number) => string {
  if (place === "session") return (state) => `${state.session}`;
  if (place === "iteration") return (_state, iteration) => `${iteration}`;
  const column = place.slice("user.".length);
  return ({ user }) => valueFrom(user, column, `{${place}}`);
}

/** What the coordinator has not handed over is a fault of ours: it checked the plan. */
function valueFrom(values: Readonly<Record<string, string>>, name: string, place: string): string {
  if (!Object.hasOwn(values, name)) {
    throw new Error(`Cannot fill in a text as ${place} must have a value: current value is undefined`);
  }
  return values[name];
}
