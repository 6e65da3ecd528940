/**
 * Bad input from a user: the command line ends with exit code 2 and this message, before any side effect.
 *
 * The message names the field, the value given, and what would be right.
 *
 * @example What the user reads
 * ```ts
 * import { InputError } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const error = new InputError("--levels", "0", "whole numbers from 1, for example 1,2,4");
 * assert.equal(error.message, 'Cannot use --levels: current value is "0". Give whole numbers from 1, for example 1,2,4.');
 * ```
 */
export class InputError extends Error {
  /** Tells it from other errors where classes do not, as across processes. */
  override name = "InputError";
  /** The flag or plan field. */
  readonly field: string;
  /** The value as given. */
  readonly value: string;
  /** What would be right. */
  readonly remedy: string;

  /** Takes any value, and shows what is not text as JSON. */
  constructor(field: string, value: unknown, remedy: string) {
    const shown = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
    super(`Cannot use ${field}: current value is ${JSON.stringify(shown)}. Give ${remedy}.`);
    this.field = field;
    this.value = shown;
    this.remedy = remedy;
  }
}
