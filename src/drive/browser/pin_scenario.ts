import { InputError } from "../../schema/input_error.ts";
import type { BrowserScenario, Plan } from "../../schema/plan.ts";
import { checkModule } from "../check_module.ts";
import { pinModule } from "../http/pin_module.ts";
import { pinFile, readPinned as readAgain } from "../pin_file.ts";

/**
 * Checks the files that a plan's scenario names, and writes their hashes into it: the plan's own hash then covers
 * them, and a sweep that is resumed with other files is refused.
 *
 * A module is imported in a process of its own, so that what it does at its top level does no harm here. The hash is that
 * of its own file; what it imports is not covered.
 *
 * @returns the plan with `module_sha256` and `storage_state_sha256`; a plan without such files as it is.
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
  if (plan.mode === "http") return await pinModule(plan);
  if (plan.mode !== "playwright") return plan;
  const { module, module_sha256, storage_state, storage_state_sha256 } = plan.browser_scenario;
  const pins: Partial<BrowserScenario> = {};
  if (storage_state !== undefined) {
    const field = "browser_scenario.storage_state";
    const { text, sha256 } = pinFile(storage_state, { field });
    if (!isStorageState(text)) {
      const remedy = "a storage state of Playwright, as context.storageState({ path }) saves it";
      throw new InputError(field, storage_state, remedy);
    }
    pinFile(storage_state, { field, sha256: storage_state_sha256 });
    pins.storage_state_sha256 = sha256;
  }
  if (module !== undefined) {
    const field = "browser_scenario.module";
    pins.module_sha256 = pinFile(module, { field, sha256: module_sha256 }).sha256;
    const remedy = "a module whose default export is a function, async ({ page, step }) => { … }";
    await checkModule(module, { field, permissions: ["-A"], remedy });
  }
  return Object.keys(pins).length === 0 ? plan : { ...plan, browser_scenario: { ...plan.browser_scenario, ...pins } };
}

/**
 * Reads a file that a plan of `playwright` mode names, once more.
 *
 * @throws {Error} If it is not the one that the sweep began with.
 */
export function readPinned({ browser_scenario }: Plan, field: "module" | "storage_state"): string {
  return readAgain(browser_scenario[field]!, browser_scenario[`${field}_sha256`]);
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
