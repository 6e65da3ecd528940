import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../schema/input_error.ts";

const CHECK_MS = 30_000;

/** What a scenario module must be. */
export interface ModuleRules {
  /** The plan's field. */
  field: string;
  /** What it may do while it is loaded, as flags of Deno. */
  permissions: string[];
  /** What it must be, in words. */
  remedy: string;
  /** Names of further exports that must be functions where they are there. @default none */
  further?: string[];
}

/**
 * Imports a module in a process of its own, so that what it does at its top level does no harm here.
 *
 * @throws {InputError} If it cannot be loaded, or its default export is no function.
 */
export async function checkModule(
  path: string,
  { field, permissions, remedy, further = [] }: ModuleRules,
): Promise<void> {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const entry = fileURLToPath(new URL("./check_module_main.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, `--config=${config}`, entry, resolve(path), ...further],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(CHECK_MS),
  });
  const { success, signal, stderr } = await child.output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0].replace(/^error: (Uncaught )?/, "");
  throw new InputError(
    field,
    path,
    `${remedy} (${signal ? `it had not been loaded after ${CHECK_MS / 1000} s` : said})`,
  );
}
