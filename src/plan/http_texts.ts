import type { HttpStep, Plan } from "../schema/plan.ts";

/** A text that an `http` session sends, or looks for, and where the plan has it. */
export interface HttpText {
  /** For example `requests.0.headers.authorization`. */
  field: string;
  text: string;
}

/**
 * Every text of a plan in which places are filled in, with its field.
 *
 * @example
 * ```ts
 * import { makePlan } from "plimsoll";
 * import { httpTexts } from "./http_texts.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1:8080/?t={env.TOKEN}" });
 * assert.deepEqual(httpTexts(plan), [{ field: "url", text: "http://127.0.0.1:8080/?t={env.TOKEN}" }]);
 * ```
 */
export function httpTexts({ url, requests, http_scenario = {} }: Plan): HttpText[] {
  const texts: HttpText[] = [{ field: "url", text: url }];
  for (const [field, step] of httpSteps({ requests, http_scenario })) {
    for (const [key, value] of Object.entries(step)) {
      if (key !== "name" && key !== "method") collect(value, `${field}.${key}`, texts);
    }
  }
  return texts;
}

/** The steps of a plan, each with its field. */
export function httpSteps({ requests, http_scenario = {} }: Pick<Plan, "requests" | "http_scenario">) {
  const { setup = [], teardown = [] } = http_scenario;
  const lists: [field: string, steps: HttpStep[]][] = [
    ["http_scenario.setup", setup],
    ["requests", requests],
    ["http_scenario.teardown", teardown],
  ];
  return lists.flatMap(([field, steps]) => steps.map((step, index) => [`${field}.${index}`, step] as const));
}

/** The names of the environment variables that a plan wants filled in, once each. */
export function environmentNames(plan: Plan): string[] {
  return [...new Set(httpTexts(plan).flatMap(({ text }) => placesIn(text, "env")))];
}

/** The names that a text wants filled in: of variables in `{env.NAME}`, of columns in `{user.COLUMN}`. */
export function placesIn(text: string, kind: "env" | "user"): string[] {
  const place = kind === "env" ? /\{env\.([A-Za-z_][A-Za-z0-9_]*)\}/g : /\{user\.([^{}]+)\}/g;
  return [...text.matchAll(place)].map(([, name]) => name);
}

function collect(value: unknown, field: string, texts: HttpText[]): void {
  if (typeof value === "string") texts.push({ field, text: value });
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(inner, `${field}.${key}`, texts);
  }
}
