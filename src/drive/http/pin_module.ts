import { dirname, resolve } from "node:path";
import type { Plan } from "../../schema/plan.ts";
import { checkModule } from "../check_module.ts";
import { pinFile } from "../pin_file.ts";

/**
 * Checks the module of a plan of `http` mode, and writes its hash into the plan. It is imported in a process of its own that
 * may do no more than the agent may.
 *
 * @returns the plan with `module_sha256`; a plan without a module as it is.
 * @throws {InputError} If the file is missing, is no such module, or has another hash than the plan says.
 */
export async function pinModule(plan: Plan): Promise<Plan> {
  const { module, module_sha256 } = plan.http_scenario ?? {};
  if (module === undefined) return plan;
  const field = "http_scenario.module";
  const { sha256 } = pinFile(module, { field, sha256: module_sha256 });
  const remedy =
    "a module whose default export is a function, async ({ get, step }) => { … }, and that needs nothing but " +
    "the files of its folder";
  await checkModule(module, {
    field,
    permissions: modulePermissions(module),
    remedy,
    further: ["setup", "teardown"],
  });
  return { ...plan, http_scenario: { ...plan.http_scenario, module_sha256: sha256 } };
}

/** What a module may do besides what the agent may: read its own folder, as an import does, and nothing of the network's. */
export function modulePermissions(path: string): string[] {
  return [`--allow-read=${dirname(resolve(path))}`, "--no-remote"];
}
