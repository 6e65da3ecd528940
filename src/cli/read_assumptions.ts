import type { z } from "zod";
import { InputError } from "../schema/input_error.ts";
import { type Assumptions, assumptionsSchema } from "../schema/sizing.ts";
import { readJsonFile } from "./read_json_file.ts";

const WANTED = "a JSON file as plimsoll schema assumptions describes it";

/**
 * Reads assumptions of a sizing that a user wrote: any of the fields, as a sizing echoes them.
 *
 * @param path a JSON file.
 * @throws {InputError} If it is no such file; the message names the field.
 */
export function readAssumptions(path: string): Partial<Assumptions> {
  const value = readJsonFile(path, { field: "--assumptions", wanted: WANTED });
  const parsed = assumptionsSchema.partial().safeParse(value);
  if (parsed.success) return parsed.data;
  throw inputError(parsed.error.issues[0], value);
}

function inputError(issue: z.core.$ZodIssue, input: unknown): InputError {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(assumptionsSchema.shape).join(", ");
    return new InputError([...issue.path, issue.keys[0]].join("."), "an unknown field", `one of ${known}`);
  }
  const given = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], input);
  return new InputError(issue.path.join(".") || "--assumptions", given, `${wanted(issue)}, in ${WANTED}`);
}

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return `at least ${issue.minimum}`;
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  if (issue.code === "invalid_type") {
    return issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`;
  }
  return issue.message;
}
