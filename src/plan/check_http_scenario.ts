import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import { httpSteps, placesIn } from "./http_texts.ts";

/** Headers whose value is a secret, whatever their case. */
const SECRET = /^(proxy-)?authorization$|^cookie$|(^|-)api-?key$|(^|-)(token|secret|password)$/i;

/**
 * Checks what only holds between the parts of a plan of `http` mode.
 *
 * A header that carries a secret must take it from the environment or from a user's row: what is written into a plan is kept in
 * every run.
 *
 * @throws {InputError} If something contradicts; it never shows a secret.
 *
 * @example A token that would be kept in every run
 * ```ts
 * import { makePlan } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const feed = { name: "feed", method: "GET" as const, path: "/feed" };
 * const plan = (authorization: string) =>
 *   makePlan({ url: "http://127.0.0.1:8080/", requests: [{ ...feed, headers: { authorization } }] });
 * assert.throws(() => plan("Bearer t0p"), /Give \{env\.NAME\} or \{user\.COLUMN\} for the secret/);
 * plan("Bearer {env.TOKEN}");
 * ```
 */
export function checkHttpScenario(plan: Plan): void {
  const { mode, url, requests, http_scenario } = plan;
  if (http_scenario && mode !== "http") {
    throw new InputError(
      "http_scenario",
      Object.keys(http_scenario).join(", "),
      "left out, or mode http: it is its own",
    );
  }
  if (http_scenario?.ca !== undefined && !url.startsWith("https:")) {
    throw new InputError("http_scenario.ca", http_scenario.ca, "left out, or an https URL: certificates are its own");
  }
  const weighted = requests.filter(({ weight }) => weight !== undefined);
  if (weighted.length > 0 && weighted.length < requests.length) {
    const bare = requests.find(({ weight }) => weight === undefined)!;
    throw new InputError(
      "requests",
      `${weighted[0].name} with a weight, ${bare.name} without`,
      "a weight to each of them, then an iteration is one, or to none, then it is all in order",
    );
  }
  for (const [field, step] of httpSteps(plan)) {
    if (step.weight !== undefined && !field.startsWith("requests.")) {
      throw new InputError(`${field}.weight`, step.weight, "no weight here: setup and teardown are done in order");
    }
    for (const [name, value] of Object.entries(step.headers ?? {})) {
      if (!SECRET.test(name) || placesIn(value, "env").length + placesIn(value, "user").length > 0) continue;
      throw new InputError(
        `${field}.headers.${name}`,
        "a secret as it is",
        `{env.NAME} or {user.COLUMN} for the secret, for example "Bearer {env.TOKEN}": a plan is kept in every run`,
      );
    }
  }
}
