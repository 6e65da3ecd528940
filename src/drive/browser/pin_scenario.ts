import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../schema/input_error.ts";
import type { BrowserScenario, Plan } from "../../schema/plan.ts";

const CHECK_MS = 30_000;

/**
 * Checks the files that a plan of `playwright` mode names, and writes their hashes into it: the plan's own hash then covers
 * them, and a sweep that is resumed with other files is refused.
 *
 * A module is imported in a process of its own, so that what it does at its top level does no harm here. The hash is that
 * of its own file; what it imports is not covered.
 *
 * @returns the plan with `module_sha256` and `storage_state_sha256`; any other plan as it is.
 * @throws {InputError} If a file is missing, is not what it should be, or has another hash than the plan says.
 *
 * @example A plan without files
 * ```ts
 * import { makePlan } from "plimsoll";
 * import { pinScenario } from "./pin_scenario.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1:8080/", mode: "playwright" });
 * assert.deepEqual(await pinScenario(plan), plan);
 * ```
 */
export async function pinScenario(plan: Plan): Promise<Plan> {
  if (plan.mode !== "playwright") return plan;
  const { module, storage_state } = plan.browser_scenario;
  const pins: Partial<BrowserScenario> = {};
  if (storage_state !== undefined) {
    const text = read(storage_state, "browser_scenario.storage_state");
    if (!isStorageState(text)) {
      const remedy = "a storage state of Playwright, as context.storageState({ path }) saves it";
      throw new InputError("browser_scenario.storage_state", storage_state, remedy);
    }
    pins.storage_state_sha256 = pin(plan, "storage_state", text);
  }
  if (module !== undefined) {
    pins.module_sha256 = pin(plan, "module", read(module, "browser_scenario.module"));
    await checkModule(module);
  }
  return Object.keys(pins).length === 0 ? plan : { ...plan, browser_scenario: { ...plan.browser_scenario, ...pins } };
}

/**
 * Reads a file that a plan of `playwright` mode names, once more.
 *
 * @throws {Error} If it is not the one that the sweep began with.
 */
export function readPinned(plan: Plan, field: "module" | "storage_state"): string {
  const path = plan.browser_scenario[field]!;
  const text = Deno.readTextFileSync(path);
  if (hashOf(text) !== plan.browser_scenario[`${field}_sha256`]) {
    throw new Error(`${path} was changed while the sweep ran`);
  }
  return text;
}

function read(path: string, field: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    throw new InputError(field, path, "the path of a file that may be read");
  }
}

function pin(plan: Plan, field: "module" | "storage_state", text: string): string {
  const sha256 = hashOf(text);
  const pinned = plan.browser_scenario[`${field}_sha256`];
  if (pinned !== undefined && pinned !== sha256) {
    throw new InputError(
      `browser_scenario.${field}`,
      plan.browser_scenario[field],
      `the file that the plan was made with (SHA-256 ${pinned}): this one has ${sha256}`,
    );
  }
  return sha256;
}

function isStorageState(text: string): boolean {
  try {
    const { cookies, origins } = JSON.parse(text);
    return Array.isArray(cookies) && Array.isArray(origins);
  } catch {
    // What the parser says would quote the file, which holds secrets.
    return false;
  }
}

async function checkModule(path: string): Promise<void> {
  const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
  const entry = fileURLToPath(new URL("./check_module_main.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", `--config=${config}`, entry, resolve(path)],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(CHECK_MS),
  });
  const { success, signal, stderr } = await child.output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0].replace(/^error: (Uncaught )?/, "");
  const why = signal ? `it had not been loaded after ${CHECK_MS / 1000} s` : said;
  throw new InputError(
    "browser_scenario.module",
    path,
    `a module whose default export is a function, async ({ page, step }) => { … } (${why})`,
  );
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
