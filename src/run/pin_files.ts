import type { PinnedHttp } from "../drive/http/pin_http_scenario.ts";
import type { Plan } from "../schema/plan.ts";

/**
 * Reads the files and variables of the environment that a plan names, and writes the files' hashes into it.
 *
 * @throws {InputError} If one is missing, or is not what it should be.
 */
export async function pinFiles(plan: Plan): Promise<PinnedHttp> {
  const { pinScenario } = await import("../drive/browser/pin_scenario.ts");
  const { pinHttpScenario } = await import("../drive/http/pin_http_scenario.ts");
  return await pinHttpScenario(await pinScenario(plan), (name) => Deno.env.get(name));
}
