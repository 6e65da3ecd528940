import { accessSync, constants, mkdirSync } from "node:fs";
import { InputError } from "../schema/input_error.ts";

/**
 * Makes a worker's folder where there is none, and checks that it may be written.
 *
 * @throws {InputError} If it cannot be, or may not.
 */
export function checkSpool(spool: string): void {
  try {
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    accessSync(spool, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new InputError("--spool", spool, `a folder that this worker may write (${(error as Error).message})`);
  }
}
