import { createHash, X509Certificate } from "node:crypto";
import { environmentNames, httpSteps, type HttpText, httpTexts, placesIn } from "../../plan/mod.ts";
import { InputError } from "../../schema/input_error.ts";
import type { Plan } from "../../schema/plan.ts";
import type { HttpSecrets } from "../driver.ts";
import { makeSteps } from "./make_steps.ts";
import { readUsers } from "./read_users.ts";

const USERS = "http_scenario.users";
const CA = "http_scenario.ca";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** What a header's value may have. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A plan, and what its sessions need that is no part of it. */
export interface PinnedHttp {
  plan: Plan;
  secrets?: HttpSecrets;
}

/**
 * Reads what a plan of `http` mode names, files and variables of the environment, checks that its steps can be sent, and writes
 * the hashes of its users and authorities into it: the plan's own hash then covers them, and a sweep that is resumed with others
 * is refused.
 *
 * @param variable the value of an environment variable; nothing where it is not set.
 * @returns the plan with `users_sha256` and `ca_sha256`, and what is read, which is to be written nowhere. Any other plan as it is.
 * @throws {InputError} If something is missing, or is not what it should be. It shows nothing of what is read.
 *
 * @example A plan without files
 * ```ts
 * import { makePlan } from "plimsoll";
 * import { pinHttpScenario } from "./pin_http_scenario.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1:8080/" });
 * assert.deepEqual(await pinHttpScenario(plan, () => undefined), { plan });
 * ```
 */
export async function pinHttpScenario(
  plan: Plan,
  variable: (name: string) => string | undefined,
): Promise<PinnedHttp> {
  if (plan.mode !== "http") return { plan };
  const { http_scenario } = plan;
  const read = http_scenario?.users === undefined
    ? undefined
    : usersOf(http_scenario.users, http_scenario.users_sha256);
  const texts = [...httpTexts(plan), ...moduleText(http_scenario?.module)];
  checkPlaces(texts, { variable, users: read?.users, lines: read?.lines });
  await checkSteps(plan);
  const names = [...new Set(texts.flatMap(({ text }) => placesIn(text, "env")))];
  const environment = Object.fromEntries(names.map((name) => [name, variable(name)!]));
  const ca = http_scenario?.ca === undefined ? undefined : authoritiesOf(http_scenario.ca, http_scenario.ca_sha256);
  const secrets: HttpSecrets = {
    ...(names.length > 0 ? { environment } : {}),
    ...(read ? { users: read.users } : {}),
    ...(ca ? { ca: ca.text } : {}),
  };
  const hashes = { ...(read ? { users_sha256: read.sha256 } : {}), ...(ca ? { ca_sha256: ca.sha256 } : {}) };
  return {
    plan: read || ca ? { ...plan, http_scenario: { ...http_scenario, ...hashes } } : plan,
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
  };
}

/** A module's own file is looked through for what it wants filled in; what it imports is not. */
function moduleText(path: string | undefined): HttpText[] {
  if (path === undefined) return [];
  return [{ field: "http_scenario.module", text: new TextDecoder().decode(readFile(path, "http_scenario.module")) }];
}

function usersOf(path: string, pinned: string | undefined) {
  const { bytes, sha256 } = readPinned(path, { field: USERS, pinned });
  try {
    return { ...readUsers(bytes), sha256 };
  } catch (error) {
    const remedy = `a CSV file, names of columns in its first line, then a line a user: ${(error as Error).message}`;
    throw new InputError(USERS, path, remedy);
  }
}

/** Only its certificates: a key that stands beside them stays where it is. */
function authoritiesOf(path: string, pinned: string | undefined): { text: string; sha256: string } {
  const { bytes, sha256 } = readPinned(path, { field: CA, pinned });
  const blocks = new TextDecoder().decode(bytes).match(CERTIFICATE) ?? [];
  const remedy = "a PEM file with the certificates of the authorities to trust (-----BEGIN CERTIFICATE-----)";
  if (blocks.length === 0) throw new InputError(CA, path, remedy);
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new InputError(CA, path, `${remedy}: number ${index + 1} cannot be read`);
    }
  }
  return { text: blocks.join("\n") + "\n", sha256 };
}

function readPinned(path: string, { field, pinned }: { field: string; pinned?: string }) {
  const bytes = readFile(path, field);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (pinned === undefined || pinned === sha256) return { bytes, sha256 };
  const remedy = `the file that the plan was made with (SHA-256 ${pinned}): this one has ${sha256}`;
  throw new InputError(field, path, remedy);
}

function readFile(path: string, field: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch {
    throw new InputError(field, path, "the path of a file that may be read");
  }
}

interface Values {
  variable: (name: string) => string | undefined;
  users?: Record<string, string>[];
  lines?: number[];
}

/** Every place has something to fill it with, and in a header something that it can hold. */
function checkPlaces(texts: HttpText[], { variable, users, lines }: Values): void {
  const columns = Object.keys(users?.[0] ?? {});
  for (const { field, text } of texts) {
    const inHeader = field.includes(".headers.");
    for (const name of placesIn(text, "env")) {
      const value = variable(name);
      if (value === undefined) {
        throw new InputError(field, `{env.${name}}`, `a variable that is set: export ${name}=… before the sweep`);
      }
      if (inHeader && !HEADER_VALUE.test(value)) {
        throw new InputError(field, `{env.${name}}`, "a variable of one line of Latin-1: a header holds nothing else");
      }
    }
    for (const name of placesIn(text, "user")) {
      if (!users) {
        throw new InputError(field, `{user.${name}}`, `${USERS} too, the CSV file that has this column`);
      }
      if (!columns.includes(name)) {
        throw new InputError(field, `{user.${name}}`, `one of the columns of ${USERS}: ${columns.join(", ")}`);
      }
      const bad = inHeader ? users.findIndex((user) => !HEADER_VALUE.test(user[name])) : -1;
      if (bad >= 0) {
        const remedy = `one line of Latin-1 in this column, a header holds nothing else: see line ${lines![bad]}`;
        throw new InputError(field, `{user.${name}}`, remedy);
      }
    }
  }
}

/** Whether every step can be written as HTTP. With stand-ins for what is secret: what cannot be written is shown. */
async function checkSteps(plan: Plan): Promise<void> {
  const environment = Object.fromEntries(environmentNames(plan).map((name) => [name, "0"]));
  const { origin } = new URL(plan.url);
  for (const [field, step] of httpSteps(plan)) {
    try {
      await makeSteps([step], { origin, timeout_ms: plan.timeout_ms, environment });
    } catch (error) {
      throw new InputError(field, step.name, `a step that can be sent (${(error as Error).message})`);
    }
  }
}
