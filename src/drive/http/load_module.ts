import { pathToFileURL } from "node:url";
import type { HttpScenario } from "../../schema/plan.ts";
import { readPinned } from "../pin_file.ts";
import type { HttpModule } from "./http_module.ts";

/** What a scenario module exports. */
export interface LoadedModule {
  default: HttpModule;
  setup?: HttpModule;
  teardown?: HttpModule;
}

/**
 * Loads the module of a scenario.
 *
 * @param path absolute.
 * @throws {Error} If it was changed since the sweep began, or cannot be loaded.
 */
export async function loadModule(path: string, { module_sha256 }: HttpScenario): Promise<LoadedModule> {
  readPinned(path, module_sha256);
  return await import(pathToFileURL(path).href);
}
