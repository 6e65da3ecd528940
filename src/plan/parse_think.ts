import { InputError } from "../schema/input_error.ts";
import type { ThinkTime } from "../schema/plan.ts";
import { parseDuration } from "./parse_duration.ts";

const DISTRIBUTIONS = ["constant", "uniform", "exponential", "lognormal"] as const;

/**
 * Reads a think time such as `1s`, `exponential:1s` or `lognormal:1s:0.5`: distribution, mean, coefficient of variation.
 *
 * @param field the flag or field that it was given for, named in the error.
 * @throws {InputError} If it is none.
 *
 * @example A distribution
 * ```ts
 * import { parseThink } from "./parse_think.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseThink("lognormal:2s:0.5"), { distribution: "lognormal", mean_ms: 2000, cv: 0.5 });
 * assert.deepEqual(parseThink("1s"), { distribution: "constant", mean_ms: 1000 });
 * ```
 */
export function parseThink(text: string, field = "--think"): ThinkTime {
  const parts = text.split(":");
  const [name, mean, cv, more] = parts.length === 1 ? ["constant", ...parts] : parts;
  const distribution = DISTRIBUTIONS.find((known) => known === name);
  const spread = distribution === "uniform" || distribution === "lognormal";
  if (distribution === undefined || more !== undefined || (cv !== undefined && !(spread && /^\d*\.?\d+$/.test(cv)))) {
    throw new InputError(field, text, "a time, or DISTRIBUTION:MEAN, for example 1s, exponential:1s, lognormal:1s:0.5");
  }
  return { distribution, mean_ms: parseDuration(mean, field), ...(cv === undefined ? {} : { cv: Number(cv) }) };
}
